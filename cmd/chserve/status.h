/*
 * status.h - what /metrics and /health say.
 *
 * Both look at the layer, and wait 0.1 s for it at most.
 */
#ifndef CHSERVE_STATUS_H
#define CHSERVE_STATUS_H

#include "base/buf.h"
#include "channel.h"

#define STATUS_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/*
 * Whether requests can be served: 200, or 503 while the server ends or the
 * layer cannot be had. A word about it is appended. `own` is a queue that this
 * process listens on: it is there as long as the store is.
 */
int status_health(struct ch_buf *out, struct ch_layer *layer,
    const char *own, int stopping);

/*
 * Append the metrics: the counts of all processes, the processes themselves,
 * and the queues of the channels that we send to.
 */
void status_metrics(
    struct ch_buf *out, struct ch_layer *layer, const char *own);

#endif
