/*
 * chan.h - a channel of the store: its folder, lock and queue, opened by name
 * and kept open, the least recently used closed first.
 *
 *     rc = ch_chan_get(&chan, file, name, len, CH_CHAN_MAKE, err);
 *     rc = ch_chan_lock(chan, err);    the queue is loaded now
 *     ... change chan->queue, ch_queue_commit ...
 *     ch_chan_unlock(chan);
 *     ch_chan_ring(chan);              if somebody was waiting
 *
 * A folder that was removed meanwhile is noticed by ch_chan_lock, which starts
 * again with the name (`opened` counts these beginnings).
 */
#ifndef CH_FILE_CHAN_H
#define CH_FILE_CHAN_H

#include "file/file.h"
#include "file/queue.h"

enum ch_chan_how {
	CH_CHAN_FIND, /* CH_NONE if there is no such channel */
	CH_CHAN_MAKE  /* make it if there is none */
};

struct ch_chan {
	struct ch_file *file;
	char name[CH_NAME_MAX + 1]; /* the queue's: "jobs", "p!", "p?x" */
	enum ch_chan_how how;       /* how to begin again */
	unsigned opened;
	int lock;       /* descriptor of the lock file, -1: not open */
	int live;       /* of live/PREFIX, kept by live.c; -1 */
	int bell, room; /* to ring, kept for a few channels only; -1 */
	int locked;
	struct ch_queue queue;
	uint64_t capacity;
	int64_t expiry; /* ms, CH_NEVER */
	unsigned pins;  /* receivers on it: not closed while pinned */
	uint64_t sends; /* by this handle */
	struct ch_chan *next;         /* in its hash chain */
	struct ch_chan *newer, *older; /* by last use */
};

int ch_chans_new(struct ch_file *file, struct ch_err *err);
void ch_chans_free(struct ch_file *file);

/*
 * The channel whose queue is name[0..len) ("jobs", "p!", "p?x"). It belongs to
 * the cache; it stays valid until the next ch_chan_get unless pinned.
 */
int ch_chan_get(struct ch_chan **chan, struct ch_file *file,
    const char *name, size_t len, enum ch_chan_how how, struct ch_err *err);
void ch_chan_pin(struct ch_chan *chan);
void ch_chan_unpin(struct ch_chan *chan);

/*
 * Lock it and load its queue. CH_NONE: it was removed, and how is
 * CH_CHAN_FIND; CH_UNAVAILABLE: busy; CH_REFUSED: damaged. Only on CH_OK is
 * it locked. What is due of the delayed messages is in the ring then.
 */
int ch_chan_lock(struct ch_chan *chan, struct ch_err *err);
void ch_chan_unlock(struct ch_chan *chan);

/* Append under the lock, growing the file where needed. Not yet committed. */
int ch_chan_append(struct ch_chan *chan, const struct ch_entry *entry,
    struct ch_err *err);

/* Wake receivers; room: wake senders that wait for room. With ENXIO, and
 * still nobody under the lock, the count of sleepers becomes 0. */
void ch_chan_ring(struct ch_chan *chan);
void ch_chan_ring_room(struct ch_chan *chan);
/* How many receivers sleep, under the lock; none when all were killed. */
uint32_t ch_chan_waiting(struct ch_chan *chan);
/* Tell the watchers, if there are any. */
void ch_chan_touch(struct ch_chan *chan);

/* A descriptor of the folder, or of a file in it ("queue"); -1 with errno. */
int ch_chan_dir(const struct ch_chan *chan);
int ch_chan_open(const struct ch_chan *chan, const char *name, int flags,
    mode_t type);

/*
 * Remove the folder, under the lock (which it then gives up). Unless `force`
 * only if nobody has its bells open and it holds nothing (CH_NONE otherwise).
 */
int ch_chan_remove(struct ch_chan *chan, int force, struct ch_err *err);

/* Give back space nobody needs; under the lock. */
int ch_chan_shrink(struct ch_chan *chan, struct ch_err *err);

/*
 * The damaged queue of this name: replace it by an empty one (flush does).
 */
int ch_chan_renew(struct ch_file *file, const char *name, struct ch_err *err);

#endif
