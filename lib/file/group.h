/*
 * group.h - groups: STORE/groups/NAME/.
 *
 *     lock      flock for every change; holds generation, counters, mark
 *     PREFIX!   members behind a prefix that had a living owner when they
 *               joined: the list as records carry it (queue.h)
 *     members   every other member, with the time of its last add
 *
 * A send copies the lists under the group's lock, and appends one record for
 * each owner after letting it go. A member behind a prefix whose owner has
 * gone is no member: whoever meets it takes it out.
 *
 * group.c changes memberships, purge.c takes out who is gone, cast.c sends to
 * and counts all of a group; below them party.c (one list of it), groups.c
 * (folders and locks), list.c (files), scan.c (entries).
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

/* Whether this layer holds a group's lock now. */
int ch_group_is_locked(const struct ch_file *file);

/* Remove the members behind the prefix "p!" from every group. */
int ch_group_forget(struct ch_file *file, const char *prefix,
    struct ch_err *err);
/*
 * Take out of one group who is gone or has expired; the group goes when it is
 * empty. `missed` is added to its counter, *removed counts (may be NULL).
 */
int ch_group_prune(struct ch_file *file, const char *group, uint64_t missed,
    uint64_t *removed, struct ch_err *err);
/* The same for all of them, and for what killed makers left. */
int ch_group_sweep(struct ch_file *file, uint64_t *removed,
    struct ch_err *err);

#endif
