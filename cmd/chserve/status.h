/*
 * status.h - what /metrics and /health say.
 *
 * Both look at the channel layer, and wait 0.1 s for it at most.
 */
#ifndef CHSERVE_STATUS_H
#define CHSERVE_STATUS_H

#include "base/buf.h"
#include "channel.h"

enum status_page { STATUS_NONE, STATUS_METRICS, STATUS_HEALTH };

/*
 * The layer that is looked at. `own` is a queue that this process listens on:
 * it is there as long as the store is.
 */
void status_open(struct ch_layer *layer, const char *own);

/* The server ends: it is not healthy any more. */
void status_stop(void);

/*
 * Append a page. The HTTP status for it: 200; or of STATUS_HEALTH 503 while
 * the server ends or the layer cannot be had. *type is its Content-Type.
 *
 * STATUS_METRICS has the counts of all processes, the processes themselves,
 * and the queues of the channels that we send to; STATUS_HEALTH is a word.
 */
int status_answer(
    struct ch_buf *out, enum status_page page, const char **type);

/* How many descriptors a process of ours has open; 0: not known. */
uint64_t status_descriptors(pid_t pid);

#endif
