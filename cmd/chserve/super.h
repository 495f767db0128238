/*
 * super.h - the parent of the processes of -j.
 *
 * It holds the listening sockets of all, so that what waits for a process that
 * died is served by the next one, but accepts nothing and opens no layer. It
 * starts the first process, then the others; one that dies later is started
 * again. Signals go to it, and it passes them on. When it is killed, they
 * finish what they have in hand, and end.
 */
#ifndef CHSERVE_SUPER_H
#define CHSERVE_SUPER_H

#include "channel.h"

#include <sys/types.h>

struct super {
	size_t jobs;
	int64_t drain; /* ms that a process may take to end */
	/* What a process does; its exit status. It calls super_ready. */
	int (*serve)(void);
	/*
	 * SIGHUP, for the parent, whose processes to come begin with what it
	 * has; -1: what was read is no good, so they keep what they have.
	 */
	int (*reload)(void);
	/* All of them are ready, for the first time. */
	int (*ready)(struct ch_err *err);
};

/*
 * Run until told to end. With nothing open but the places. When a process ends
 * before all are ready, the others are ended, and its status is returned; it
 * has said why.
 */
int super_run(const struct super *with, struct ch_err *err);

/* In a process: it serves. */
void super_ready(void);

/* In a process: who its parent is; 0: there is none. */
pid_t super_parent(void);

#endif
