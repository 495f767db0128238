/* workers.h - the workers on the store, their routes and jobs. */
#ifndef CMD_CHSTAT_WORKERS_H
#define CMD_CHSTAT_WORKERS_H

#include "channel.h"

/* Add to `out` what they say: one object a route and line, or a table. */
int workers_print(struct ch_layer *layer, int json, struct ch_err *err);

#endif
