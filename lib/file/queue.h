/*
 * queue.h - a ring of records in a file that is memory-mapped.
 *
 * Page 0 is the header: it tells what the file is, holds two state slots and a
 * generation that says which one counts (generation & 1), and beside them the
 * counters of sleepers, which are changed under the lock but are no part of the
 * state. The ring follows. A change fills the other slot and then stores the
 * generation, so whoever is killed leaves the old state or the new one.
 *
 * Calling sequence, under the channel's lock (chan.h takes and drops it):
 * ch_queue_load, any number of changes, ch_queue_commit. Without a commit
 * nothing has happened. Nothing here knows of names, folders or bells.
 *
 * Times are in the queue's own clock: CLOCK_BOOTTIME plus slot.base, in ms.
 * Only base changes when the machine boots, so deadlines outlive a reboot.
 */
#ifndef CH_FILE_QUEUE_H
#define CH_FILE_QUEUE_H

#include "channel.h"

#include <stdatomic.h>

#define CH_QUEUE_VERSION 1
#define CH_QUEUE_PAGE 4096

/* The state. All of it is in every slot; `sum` covers what comes before. */
struct ch_slot {
	uint64_t size;     /* of the ring, a multiple of the page */
	uint64_t head;     /* where in it the oldest record begins */
	uint64_t used;     /* bytes from there to the end of the youngest */
	uint64_t total;    /* bytes ever appended: a watcher's place */
	uint64_t epoch;    /* moves when old bytes no longer lie in place */
	uint64_t next;     /* number of the next record */
	uint64_t part;     /* bytes of the oldest's list already taken */
	uint64_t pending;  /* messages, without ghosts and notices */
	uint64_t sent;
	uint64_t received;
	uint64_t expired;
	uint64_t full;
	uint64_t lost;
	int64_t earliest;  /* no message expires before this */
	int64_t ghost_at;  /* records older than ghost_seq whose deadline is */
	uint64_t ghost_seq; /* not after ghost_at are out of `pending` */
	uint64_t delayed;  /* messages in delayed/ */
	uint64_t delay_next; /* number of the next one */
	uint64_t delay_moved; /* the one that came into the ring last */
	int64_t due;       /* earliest of those by this clock, or CH_NEVER */
	int64_t due_real;  /* earliest of those by CLOCK_REALTIME */
	uint64_t boot;     /* under which boot this was written */
	int64_t base;      /* this clock minus CLOCK_BOOTTIME */
	int64_t at;        /* this clock at the last commit */
	int64_t real;      /* CLOCK_REALTIME then */
	int64_t grown;     /* this clock when the ring last grew */
	uint64_t taken;    /* whether anything was taken since the last sync */
	uint64_t sum;
};

struct ch_header {
	char magic[8];
	uint32_t version;
	uint32_t page;
	char name[CH_NAME_MAX + 12]; /* NUL-padded: whose queue this is */
	_Atomic uint64_t generation;
	_Atomic uint32_t waiting;  /* receivers asleep, never too low */
	_Atomic uint32_t senders;  /* senders waiting for room */
	_Atomic uint32_t watchers; /* who wants the watch file touched */
	_Atomic uint32_t removed;  /* the folder is going: look by name again */
	_Alignas(64) struct ch_slot slot[2];
};

/* What lies in the ring: this, the list, the text, a NUL; 8-aligned. */
struct ch_record {
	uint32_t size;    /* bytes to the next record */
	uint32_t kind;    /* enum ch_kind, or CH_RECORD_PAD to the ring's end */
	uint64_t sum;     /* of all that follows, seeded with size and kind */
	uint64_t seq;
	int64_t deadline; /* CH_NEVER: none */
	int64_t time;     /* CLOCK_REALTIME when it was sent */
	uint32_t list;    /* bytes of the list of local parts */
	uint32_t text;    /* bytes of the text */
};
#define CH_RECORD_PAD 0xffffu

/*
 * A list of local parts, the form in which groups keep them and records carry
 * them: one after the other a length byte and that many bytes. A length with
 * CH_PART_DEAD set is a member that has left; it is passed over.
 */
#define CH_PART_DEAD 0x80u

/* The next living part at or after list[*at]; 0 at the end. */
int ch_part_next(const char *list, size_t len, size_t *at,
    const char **part, size_t *part_len);

struct ch_queue {
	struct ch_header *header; /* the mapping; the ring is behind page 0 */
	size_t mapped;
	uint64_t generation; /* of `now` */
	struct ch_slot now;  /* the state being changed */
	int64_t clock;       /* the queue's clock when it was loaded */
	uint64_t checked;    /* the record whose checksum was found right: it is
	                        not computed for every member of a list */
	int durable;
};

/* A message as it goes in. */
struct ch_entry {
	enum ch_kind kind;
	const char *list; /* of local parts; empty unless the queue is "p!" */
	size_t list_len;
	const char *text;
	size_t text_len;
	int64_t deadline; /* by the queue's clock, CH_NEVER: none */
	int64_t time;     /* CLOCK_REALTIME */
};

/* Make the file behind fd an empty queue of this name. */
int ch_queue_make(int fd, const char *name, struct ch_err *err);
/* Map the file behind fd, checking what it is; the caller keeps fd. */
int ch_queue_map(struct ch_queue *queue, int fd, const char *name,
    struct ch_err *err);
void ch_queue_unmap(struct ch_queue *queue);

/*
 * Load the state that counts, and put it right after a reboot (boot:
 * ch_clock_boot()). CH_NONE: the file has grown; ch_queue_follow maps all of
 * it, and then load again. CH_REFUSED: damaged.
 */
int ch_queue_load(struct ch_queue *queue, uint64_t boot, struct ch_err *err);
int ch_queue_follow(struct ch_queue *queue, int fd, struct ch_err *err);
/* Make the changes count. With durable, only what reached the disk does. */
int ch_queue_commit(struct ch_queue *queue, struct ch_err *err);
/* Commit, and let all of it reach the disk: what was taken stays taken. */
int ch_queue_sync(struct ch_queue *queue, struct ch_err *err);

/*
 * Append one entry. CH_NONE: the ring is too small, grow it by ch_queue_grow
 * and try again.
 */
int ch_queue_append(struct ch_queue *queue, const struct ch_entry *entry);
/* Make room for `need` bytes more; fd is the queue's file. Commits. */
int ch_queue_grow(struct ch_queue *queue, int fd, size_t need,
    struct ch_err *err);
/* Bytes that appending this entry may need. */
size_t ch_queue_need(const struct ch_entry *entry);
/* Whether ch_queue_shrink would give something back. */
int ch_queue_is_loose(const struct ch_queue *queue);
int ch_queue_shrink(struct ch_queue *queue, int fd, struct ch_err *err);

/*
 * The oldest record that has not expired, or NULL; those that have are passed
 * over and counted. CH_REFUSED: damaged.
 */
int ch_queue_first(struct ch_queue *queue, const struct ch_record **record,
    struct ch_err *err);
/* Done with the first record; how many members took it does not matter. */
void ch_queue_drop(struct ch_queue *queue, const struct ch_record *record);
/* Take all that has expired out of `pending`, wherever it lies. */
int ch_queue_expire(struct ch_queue *queue, struct ch_err *err);
/* Forget every record; counters stay. */
void ch_queue_clear(struct ch_queue *queue);

/*
 * Walk the records without taking: *at starts at 0 (the oldest) and moves on;
 * NULL at the end. Expired ones come too: ch_queue_is_expired tells.
 */
int ch_queue_walk(const struct ch_queue *queue, uint64_t *at,
    const struct ch_record **record, struct ch_err *err);
/*
 * The walk's start for a watcher who has seen `total` bytes go in, up to
 * `epoch`: what was taken since is still seen until it is overwritten. -1: too
 * late, the walk starts at the oldest.
 */
int ch_queue_since(const struct ch_queue *queue, uint64_t total,
    uint64_t epoch, uint64_t *at);
int ch_queue_is_expired(const struct ch_queue *queue,
    const struct ch_record *record);

/* A time of the queue's clock by CLOCK_BOOTTIME; CH_NEVER stays what it is. */
static inline int64_t
ch_slot_boottime(int64_t time, int64_t base)
{
	int64_t at;

	if (time == CH_NEVER || __builtin_sub_overflow(time, base, &at))
		return CH_NEVER;
	return at;
}

static inline const char *
ch_record_list(const struct ch_record *record)
{
	return (const char *)(record + 1);
}

static inline const char *
ch_record_text(const struct ch_record *record)
{
	return (const char *)(record + 1) + record->list;
}

#endif
