/*
 * groups.h - the open groups: folders found, made, locked and removed; which
 * lists they hold.
 *
 *     rc = ch_groups_lock(&group, file, name, CH_CHAN_MAKE, err);
 *     ... ch_groups_load, ch_list_append ... on its lists
 *     ch_groups_unlock(group);
 *
 * One group is locked at a time, and it is the cache's: after the unlock it may
 * be closed. The lock file begins with a head: whoever makes a list appear, go
 * or be replaced moves the generation first, so that an open group reads its
 * folder again only then.
 */
#ifndef CH_FILE_GROUPS_H
#define CH_FILE_GROUPS_H

#include "file/file.h"
#include "file/list.h"

struct ch_group_head {
	char magic[8];
	uint32_t version;
	uint32_t removed; /* the folder is going: look by name again */
	uint64_t generation;
	uint64_t sent;   /* group sends */
	uint64_t missed; /* deliveries that found a member full or gone */
};

/* A list in the folder. */
struct ch_party {
	char name[CH_NAME_MAX + 1]; /* "p!", or "members" */
	int fd; /* kept open, or -1 */
	uint64_t used, sum; /* of the list when its sum was last found right */
};

struct ch_group {
	struct ch_file *file;
	char name[CH_NAME_MAX + 1];
	int dir;  /* the folder */
	int lock; /* its lock file; -1: this place is free */
	struct ch_group_head head;
	uint64_t generation; /* for which `parties` holds; 0: for none */
	struct ch_party *parties; /* "members" first, if there is one */
	size_t nparties;
	uint64_t used; /* when it was, for the cache */
};

/*
 * Find, or make, the group, and lock it. CH_NONE: there is none. CH_REFUSED:
 * damaged. CH_UNAVAILABLE: busy.
 */
int ch_groups_lock(struct ch_group **group, struct ch_file *file,
    const char *name, int make, struct ch_err *err);
void ch_groups_unlock(struct ch_group *group);

/* The list of this name, or NULL. */
struct ch_party *ch_groups_find(struct ch_group *group, const char *name);
/* Make an empty one; the pointers to the group's others are void. */
int ch_groups_make(struct ch_group *group, const char *name,
    struct ch_party **party, struct ch_err *err);
/* Load a list, appending its entries to `bytes`; done: with the list. */
int ch_groups_load(struct ch_group *group, struct ch_party *party,
    struct ch_list *list, struct ch_buf *bytes, struct ch_err *err);
void ch_groups_done(struct ch_party *party, struct ch_list *list);
/* Remove a list; the pointers to the group's others are void. */
int ch_groups_unlink(struct ch_group *group, struct ch_party *party,
    struct ch_err *err);
/* Say that a list is about to be replaced. */
int ch_groups_move(struct ch_group *group, struct ch_err *err);
/* Write the head: its counters were changed. */
int ch_groups_write_head(struct ch_group *group, struct ch_err *err);

/* Remove the group's folder, under the lock, which is given up. */
int ch_groups_remove(struct ch_group *group, struct ch_err *err);
/* Remove the folder of a damaged group. */
int ch_groups_wreck(struct ch_file *file, const char *name,
    struct ch_err *err);

#endif
