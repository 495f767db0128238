/*
 * lanes.h - messages of one connection, one at a time in their order.
 *
 * A turn is what waits: embed it. Turns of the same key form a lane, whose
 * first is the one that may run; turns of other keys run beside it. Pure.
 */
#ifndef CHWORK_LANES_H
#define CHWORK_LANES_H

#include <stddef.h>

struct lane;

struct turn {
	struct turn *next; /* behind it in its lane */
	struct lane *lane;
};

struct lanes {
	struct lane **table; /* by hash, chained */
	size_t size;         /* of the table, a power of two; 0 at first */
	size_t n;            /* lanes with turns in them */
};

/* Whether a turn of that key would have to wait. */
int lanes_busy(const struct lanes *lanes, const char *key, size_t len);

/* Queue up; 1 if it is this turn now. */
int lanes_enter(struct lanes *lanes, const char *key, size_t len,
    struct turn *turn);

/* The first turn of its lane is over; returns the one that is next, or NULL. */
struct turn *lanes_leave(struct lanes *lanes, struct turn *turn);

/* Free what lanes there are; their turns are the caller's. */
void lanes_release(struct lanes *lanes);

#endif
