/* pump.h - receiving and printing until something says to end. */
#ifndef CMD_COMMON_PUMP_H
#define CMD_COMMON_PUMP_H

#include "channel.h"

struct pump {
	struct ch_receiver *receiver;
	size_t names;     /* how many it listens on; 0: some are globs */
	size_t batch;     /* how many messages at once, from 1 */
	uint64_t count;   /* end after so many, 0: do not */
	int64_t deadline; /* end then; CH_NEVER */
	int no_wait;      /* end when nothing is there */
	/* Add a message to `out`; whether it counts. */
	int (*show)(void *arg, const struct ch_message *message);
	void *arg;
};

/*
 * Take messages, and no more than are to be shown, and write each batch out.
 * CH_OK: `count` was reached, or with no_wait all that was there was taken.
 * CH_NONE: nothing was there. CH_TIMEOUT: the deadline came. CH_REFUSED: of a
 * damaged queue, said at once; the other names are served on. CH_IO: standard
 * output failed. When downstream ends, also while nothing comes, the program
 * ends here as by SIGPIPE.
 */
int pump_run(const struct pump *pump, struct ch_err *err);

#endif
