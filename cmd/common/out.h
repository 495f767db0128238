/*
 * out.h - standard output: gathered in one buffer, written whole.
 *
 * Add to `out` with put.h, then out_flush: after every message, or after a
 * batch of those that were there.
 */
#ifndef CMD_COMMON_OUT_H
#define CMD_COMMON_OUT_H

#include "base/buf.h"
#include "channel.h"

/* Where a batch is better written out before more is added. */
#define OUT_PLENTY 131072

extern struct ch_buf out;

/* CH_IO if standard output was closed when the program started. */
int out_check(struct ch_err *err);

/*
 * Write what `out` holds and empty it. A downstream that is slow is waited for
 * until `deadline` (CH_TIMEOUT). When it has gone, the program ends here as by
 * SIGPIPE. CH_IO: any other failure.
 */
int out_flush(int64_t deadline, struct ch_err *err);

#endif
