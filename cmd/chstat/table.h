/* table.h - channels and groups: a table for people, JSON for programs. */
#ifndef CMD_CHSTAT_TABLE_H
#define CMD_CHSTAT_TABLE_H

#include "channel.h"

/*
 * Look at the channels and groups that match one of `patterns` (ended by NULL;
 * none: all), and add them to `out`, in order of their names: one object a
 * line, or a table that begins with where the store is.
 */
int table_print(struct ch_layer *layer, char *const *patterns, int json,
    struct ch_err *err);

/* Whether `name` matches one of the patterns, or there is none. */
int table_matches(char *const *patterns, const char *name);

#endif
