/*
 * loop.h - our own descriptors and deadlines.
 *
 * All that is not an established WebSocket (listeners, HTTP connections, the
 * layer's bell, signals, the worker) waits in one epoll instance. That is one
 * descriptor, loop_fd(), which libwebsockets' event loop watches, whichever
 * loop that is; when it turns readable, ws.c calls loop_turn().
 */
#ifndef CHSERVE_LOOP_H
#define CHSERVE_LOOP_H

#include "channel.h"

#include <stdint.h>

/* A descriptor somebody waits for; events are those of epoll(7). */
struct watch {
	int fd;
	int first; /* loop_add_first */
	void (*ready)(struct watch *watch, uint32_t events);
};

struct due_queue;

/* A moment at which something is to happen. Zeroed, it is not set. */
struct due {
	struct due_queue *queue; /* NULL: not set */
	struct due *prev, *next;
	int64_t at;
};

/*
 * Deadlines of one kind. Where all last equally long, setting one is O(1):
 * they are kept sorted, and a new one is looked up from the far end.
 * Define one statically with its `expired`.
 */
struct due_queue {
	void (*expired)(struct due *due); /* the due is no longer set */
	struct due *first, *last;
	struct due_queue *next; /* of all that were ever used */
	int used;
};

/* loop_close forgets all deadlines, also in a child, whose parent goes on. */
int loop_open(struct ch_err *err);
void loop_close(void);
int loop_fd(void);
void loop_turn(void);

/* The same, where no libwebsockets watches: wait until there is something. */
void loop_wait(void);

/* Start, end waiting; 0, or -1 with errno. */
int loop_add(struct watch *watch, uint32_t events);
void loop_remove(struct watch *watch);

/* The same, but it comes first in each turn, however many others are ready. */
int loop_add_first(struct watch *watch);

/* Set a due (again) to ms from now; take it back. */
void due_set(struct due_queue *queue, struct due *due, int64_t ms);
void due_clear(struct due *due);

/*
 * Something to be done once at the end of this turn (or of the next), however
 * often it is asked for. Zeroed but for `run`, it is not asked for.
 */
struct soon {
	void (*run)(struct soon *soon);
	struct soon *prev, *next;
	int asked;
};

void soon_set(struct soon *soon);
void soon_clear(struct soon *soon);

/*
 * The same for who had a turn and has more to do: in a later turn, in the order
 * of asking, and only a few of them in each, so that those come first who have
 * little to do. However much there is, others wait for no more than these few.
 */
struct later {
	void (*run)(struct later *later);
	struct later *prev, *next;
	int asked;
};

void later_set(struct later *later);
void later_clear(struct later *later);

#endif
