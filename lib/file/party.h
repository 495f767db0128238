/*
 * party.h - one list of a group's members: looked into, and struck from.
 *
 * Under the group's lock (groups.h). A list is "members", the roll, whose
 * entries have the time of their last add, or has the name "p!" of an owner.
 */
#ifndef CH_FILE_PARTY_H
#define CH_FILE_PARTY_H

#include "base/buf.h"
#include "file/groups.h"
#include "file/live.h"
#include "file/queue.h"
#include "file/scan.h"

/* Of "p!local" the prefix "p!"; what has none gives "". */
const char *ch_party_prefix(char prefix[CH_NAME_MAX + 1],
    const char *channel);

/* Whether its owner lives; "" has none. */
enum ch_life ch_party_life(struct ch_file *file, const char *prefix);

/* Members last added at this time by the list's clock, or before, are out. */
int64_t ch_party_since(const struct ch_group *group,
    const struct ch_list *list);

int ch_party_is_roll(const struct ch_party *party);

/* The list's sum was found right, or is our own doing. */
void ch_party_remember(struct ch_party *party, const struct ch_list *list);

/*
 * Load a list and scan it for name[0..len). On CH_OK ch_groups_done is to be
 * called. CH_REFUSED: it is damaged.
 */
int ch_party_examine(struct ch_group *group, struct ch_party *party,
    struct ch_list *list, struct ch_buf *bytes, const char *name, size_t len,
    struct ch_scan *scan, struct ch_err *err);

/* Tell the owner of the list's members, if it lives. */
int ch_party_notify(struct ch_group *group, const char *prefix,
    enum ch_kind kind, const char *list, size_t len, struct ch_err *err);

/* The entry at `at` has left. */
int ch_party_strike(struct ch_party *party, struct ch_list *list,
    struct ch_buf *bytes, size_t at, struct ch_err *err);

/* Write the list anew without its waste, if that is most of it. */
int ch_party_compact(struct ch_group *group, struct ch_party *party,
    struct ch_list *list, const struct ch_buf *bytes, size_t waste,
    struct ch_err *err);

/* Take name[0..len) off a list; *left: it was there. The list may go. */
int ch_party_leave(struct ch_group *group, struct ch_party *party,
    const char *name, size_t len, int *left, struct ch_err *err);

/* Unlock after a step that came to rc; a group without lists goes. */
int ch_party_finish(int rc, struct ch_group *group, struct ch_err *err);

#endif
