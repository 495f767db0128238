/*
 * again.h - when something that ended by itself is started again.
 *
 * After a pause that grows as it ends again and again, and is short when it
 * had run for a while. Zeroed, nothing has ended yet.
 */
#ifndef CHSERVE_AGAIN_H
#define CHSERVE_AGAIN_H

#include "channel.h"

struct again {
	int64_t first;   /* the shortest pause, ms; set this one */
	int64_t started; /* when it began to run */
	int64_t next;    /* the next pause */
};

/* It begins to run. */
void again_started(struct again *again);

/*
 * `who` has ended with this status of wait(2): say so, and after how many ms
 * it is to be started again.
 */
int64_t again_after(struct again *again, const char *who, int status);

#endif
