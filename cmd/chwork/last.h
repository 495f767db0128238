/*
 * last.h - the message that a copy of a stream had in hand when it died.
 */
#ifndef CHWORK_LAST_H
#define CHWORK_LAST_H

#include "chwork/child.h"
#include "chwork/worker.h"

/*
 * `line` is the envelope that it read last. 1: it is to be tried again, by the
 * next copy, and `line` is as that is to read it. 0: it is in the dead-letter
 * channel, or dropped.
 */
int last_fate(struct worker *worker, struct route *route,
    const struct child *child, int status, struct ch_buf *line);

#endif
