/*
 * sub.h - a receiver's subscription to one channel: taking from it, and going
 * to sleep on its bell; or, for a watcher, seeing what passes.
 */
#ifndef CH_FILE_SUB_H
#define CH_FILE_SUB_H

#include "base/buf.h"
#include "file/chan.h"

struct ch_sub {
	struct ch_chan *chan; /* pinned */
	unsigned opened;      /* the chan's, when the bell was opened */
	int bell;             /* descriptor, -1 */
	int armed;            /* counted as waiting, and seen empty */
	int in_line;          /* to be looked at */
	int is_bad;           /* damaged: left out */
	int idle;             /* times it rang for nothing */
	int64_t due;          /* earliest delayed message, CLOCK_BOOTTIME */
	int64_t due_real;     /* the same, CLOCK_REALTIME */
	struct ch_sub *next;  /* in line */

	/* a watcher's */
	int watch;            /* the watch file, its lock shared; -1 */
	int wd;               /* of inotify */
	int is_new;           /* the channel came after the watcher */
	uint64_t total, epoch; /* how far it has seen */
	uint64_t seen;        /* the number of the next record */
	uint64_t part;        /* of a list that it is in the middle of */
};

/* The texts of one receive; no more after that, so that memory is bounded. */
#define CH_OUT_BYTES ((size_t)4 << 20)

/* Where taken messages go: text and names are offsets until ch_out_done. */
struct ch_out {
	struct ch_message *messages;
	size_t max, got;
	struct ch_buf *text, *names;
	int notices; /* whether they are wanted */
};

/* Add the record, or the part of it that list[*part] begins, to out. */
int ch_out_add(struct ch_out *out, const struct ch_chan *chan,
    const struct ch_record *record, const char *part, size_t part_len,
    struct ch_err *err);
void ch_out_done(struct ch_out *out);

static inline int
ch_out_has_room(const struct ch_out *out)
{
	return out->got < out->max && out->text->len < CH_OUT_BYTES;
}

/*
 * A new subscription. Its bell is to be put under epoll by the caller
 * whenever `opened` of the sub has changed.
 */
int ch_sub_new(struct ch_sub **sub, struct ch_file *file, const char *name,
    struct ch_err *err);
/* Take up to out->max; what finds nothing is armed afterwards. */
int ch_sub_take(struct ch_sub *sub, struct ch_out *out, struct ch_err *err);
/* Without the lock: whether there may be something to take. */
int ch_sub_is_ready(struct ch_sub *sub);
void ch_sub_free(struct ch_sub *sub);
/* The same in a forked child, whose parent is the one that sleeps here. */
void ch_sub_forget(struct ch_sub *sub);

/* The watcher's three; `inotify` tells it when to look. */
int ch_watch_start(struct ch_sub *sub, int inotify, struct ch_err *err);
int ch_watch_see(struct ch_sub *sub, struct ch_out *out, uint64_t *missed,
    struct ch_err *err);
void ch_watch_stop(struct ch_sub *sub);

#endif
