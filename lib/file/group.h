/*
 * group.h - groups: STORE/groups/NAME/.
 *
 *     lock      flock for every change; mapped: generation, counters, mark
 *     PREFIX!   members behind a prefix that had a living owner when they
 *               joined: the list as records carry it (queue.h)
 *     members   every other member, with the time of its last add
 *
 * A send copies the lists under the group's lock, and appends one record for
 * each owner after letting it go.
 */
#ifndef CH_FILE_GROUP_H
#define CH_FILE_GROUP_H

#include "file/file.h"

void ch_groups_free(struct ch_file *file);

int ch_group_file_add(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);
int ch_group_file_discard(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);
int ch_group_file_has(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err);
int ch_group_file_send(struct ch_layer *layer, const char *group,
    const char *text, size_t len, const struct ch_send_opts *opts,
    struct ch_group_sent *result, struct ch_err *err);
int ch_group_file_drop(struct ch_layer *layer, const char *group,
    struct ch_err *err);
int ch_group_file_members(struct ch_layer *layer, const char *group,
    const char *glob, int (*each)(void *arg, const char *channel), void *arg,
    struct ch_err *err);
int ch_group_file_stat(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_group_stat *stat), void *arg,
    struct ch_err *err);

/* Remove the members behind the prefix "p!" from every group. */
int ch_group_forget(struct ch_file *file, const char *prefix,
    struct ch_err *err);
/* Expired members out, empty groups away; *removed counts. */
int ch_group_sweep(struct ch_file *file, uint64_t *removed,
    struct ch_err *err);

#endif
