/*
 * sweep.h - looking through the whole store: statistics, peeking, flushing,
 * and removing what nobody needs. As backend.h says of each.
 */
#ifndef CH_FILE_SWEEP_H
#define CH_FILE_SWEEP_H

#include "file/file.h"

int ch_stat_file(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err);
int ch_peek_file(struct ch_layer *layer, const char *channel, size_t max,
    int (*each)(void *arg, const struct ch_message *message), void *arg,
    struct ch_err *err);
int ch_flush_file(struct ch_layer *layer, const char *glob,
    uint64_t *flushed, struct ch_err *err);
int ch_sweep_file(struct ch_layer *layer, int64_t idle, uint64_t *removed,
    struct ch_err *err);

#endif
