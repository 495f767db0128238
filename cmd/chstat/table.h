/* table.h - channels and groups: a table for people, JSON for programs. */
#ifndef CMD_CHSTAT_TABLE_H
#define CMD_CHSTAT_TABLE_H

#include "channel.h"

/*
 * Look at the channels and groups that match one of `patterns` (ended by NULL;
 * none: all), and add them to `out`, in order of their names: one object a
 * line, or a table that begins with where the store is. One that is damaged
 * does not keep it from the others.
 */
int table_print(struct ch_layer *layer, char *const *patterns, int json,
    struct ch_err *err);

/* Add an age in a column of its own, "12s"; below 0: a dash. */
void table_put_age(int64_t ms);

/* Call each(arg, stat) for every channel that matches, once. */
int table_channels(struct ch_layer *layer, char *const *patterns,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err);

#endif
