/* live.h - messages come and lines are typed, until something says to end. */
#ifndef CHTAIL_LIVE_H
#define CHTAIL_LIVE_H

#include "chtail/watch.h"

struct live {
	struct watch *watch;
	uint64_t count;   /* end after so many messages; 0: do not */
	int64_t deadline; /* end then; CH_NEVER */
};

/*
 * On a terminal, with a prompt at the bottom; else each line of standard input
 * is done, what arrives is printed, and the end of input is the end.
 *
 * CH_OK: it was ended, or `count` reached; CH_TIMEOUT. Off a terminal the
 * first error of a line, which was said, with an empty sentence. CH_REFUSED:
 * a queue is damaged. CH_IO. A signal ends the program here as it would have.
 */
int live_run(const struct live *live, struct ch_err *err);

#endif
