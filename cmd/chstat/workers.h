/* workers.h - the workers on the store, their routes and jobs. */
#ifndef CMD_CHSTAT_WORKERS_H
#define CMD_CHSTAT_WORKERS_H

#include "channel.h"

/*
 * Add to `out` the routes whose channel, as it is written, matches one of
 * `patterns` (ended by NULL; none: all): one object a line, or a table.
 */
int workers_print(struct ch_layer *layer, char *const *patterns, int json,
    struct ch_err *err);

#endif
