/* purge.c - members that are gone, or have expired, are taken out of groups. */
#include "file/group.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "file/dir.h"
#include "file/party.h"
#include "model/name.h"

#define ORPHAN_MS 3600000 /* how long what a killed maker left stays */

/*
 * Take off the roll whom `goes` names and who has expired; *removed counts
 * them. The roll goes with its last entry.
 */
static int
purge_roll(struct ch_group *group,
    int (*goes)(struct ch_file *file, const char *arg, const char *channel),
    const char *arg, uint64_t *removed, struct ch_err *err)
{
	struct ch_party *party = ch_groups_find(group, "members");
	struct ch_buf bytes = CH_BUF_INIT;
	const struct ch_roll_entry *entry;
	struct ch_list list;
	struct ch_scan scan;
	size_t at = 0;
	int rc;

	if (!party)
		return CH_OK;
	rc = ch_party_examine(group, party, &list, &bytes, NULL, 0, &scan, err);
	if (rc != CH_OK) {
		ch_buf_release(&bytes);
		return rc;
	}
	while (rc == CH_OK && (entry = ch_roll_next(bytes.data, bytes.len, &at,
	        0))) {
		if (entry->time > ch_party_since(group, &list) &&
		    !goes(group->file, arg, entry->name))
			continue;
		if (entry->time > ch_party_since(group, &list)) {
			scan.living--;
			scan.waste += sizeof(*entry) + entry->len;
		}
		++*removed;
		rc = ch_party_strike(party, &list, &bytes,
		    (size_t)((const char *)entry - bytes.data), err);
	}
	if (rc == CH_OK && scan.living)
		rc = ch_party_compact(group, party, &list, &bytes, scan.waste,
		    err);
	ch_groups_done(party, &list);
	if (rc == CH_OK && !scan.living)
		rc = ch_groups_unlink(group, party, err);
	ch_buf_release(&bytes);
	return rc;
}

static int
is_behind(struct ch_file *file, const char *prefix, const char *channel)
{
	(void)file;
	return !strncmp(channel, prefix, strlen(prefix));
}

static int
is_gone(struct ch_file *file, const char *unused, const char *channel)
{
	char prefix[CH_NAME_MAX + 1];
	enum ch_life life = ch_party_life(file,
	    ch_party_prefix(prefix, channel));

	(void)unused;
	return life == CH_LIFE_DEAD || life == CH_LIFE_GONE;
}

/* What a walk over all groups does and found. */
struct walk {
	struct ch_file *file;
	const char *prefix;
	uint64_t removed;
	int rc; /* the first failure */
	struct ch_err *err;
};

static int
keep_first(struct walk *walk, int rc, const struct ch_err *err)
{
	if (rc != CH_OK && walk->rc == CH_OK) {
		walk->rc = rc;
		if (walk->err)
			*walk->err = *err;
	}
	return 0;
}

static int
forget_in(void *arg, const char *name)
{
	struct walk *walk = arg;
	struct ch_err err = CH_ERR_INIT;
	struct ch_party *party;
	struct ch_group *group;
	int rc;

	if (ch_name_check(name, CH_TO_JOIN, NULL) != CH_OK)
		return 0;
	rc = ch_groups_lock(&group, walk->file, name, 0, &err);
	/* a damaged group is as good as left */
	if (rc == CH_NONE || rc == CH_REFUSED)
		return 0;
	if (rc != CH_OK)
		return keep_first(walk, rc, &err);
	party = ch_groups_find(group, walk->prefix);
	if (party)
		rc = ch_groups_unlink(group, party, &err);
	if (rc == CH_OK)
		rc = purge_roll(group, is_behind, walk->prefix, &walk->removed,
		    &err);
	rc = ch_party_finish(rc, group, &err);
	return keep_first(walk, rc == CH_REFUSED ? CH_OK : rc, &err);
}

int
ch_group_forget(struct ch_file *file, const char *prefix, struct ch_err *err)
{
	struct walk walk = { .file = file, .prefix = prefix, .err = err };
	int rc;

	rc = ch_dir_walk(file->groups, 0, forget_in, &walk, err);
	return rc != CH_OK ? rc : walk.rc;
}

/* The lists of owners that do not live. */
static int
purge_owners(struct ch_group *group, uint64_t *removed, struct ch_err *err)
{
	struct ch_buf bytes = CH_BUF_INIT;
	struct ch_party *party;
	struct ch_list list;
	struct ch_scan scan;
	size_t i = group->nparties;
	int rc = CH_OK;

	while (rc == CH_OK && i-- > 0) {
		party = &group->parties[i];
		if (ch_party_is_roll(party) ||
		    ch_party_life(group->file, party->name) == CH_LIFE_ALIVE)
			continue;
		if (ch_party_examine(group, party, &list, &bytes, NULL, 0,
			&scan, NULL) == CH_OK) {
			*removed += scan.living;
			ch_groups_done(party, &list);
		}
		rc = ch_groups_unlink(group, party, err);
	}
	ch_buf_release(&bytes);
	return rc;
}

int
ch_group_prune(struct ch_file *file, const char *name, uint64_t missed,
    uint64_t *removed, struct ch_err *err)
{
	struct ch_group *group;
	uint64_t ignored;
	int rc;

	if (!removed)
		removed = &ignored;
	rc = ch_groups_lock(&group, file, name, 0, err);
	if (rc != CH_OK)
		return rc == CH_NONE ? CH_OK : rc;
	if (missed) {
		group->head.missed += missed;
		rc = ch_groups_write_head(group, err);
	}
	if (rc == CH_OK)
		rc = purge_owners(group, removed, err);
	if (rc == CH_OK)
		rc = purge_roll(group, is_gone, NULL, removed, err);
	return ch_party_finish(rc, group, err);
}

/* A folder that was being made or removed when its process was killed. */
static void
sweep_hidden(struct ch_file *file, const char *name)
{
	struct stat st;

	if (strncmp(name, ".new.", 5) ||
	    fstatat(file->groups, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (ch_clock_real() - (int64_t)st.st_ctime * 1000 >= ORPHAN_MS)
		ch_dir_remove(file->groups, name);
}

static int
sweep_one(void *arg, const char *name)
{
	struct walk *walk = arg;
	struct ch_err err = CH_ERR_INIT;

	if (*name == '.')
		sweep_hidden(walk->file, name);
	if (ch_name_check(name, CH_TO_JOIN, NULL) != CH_OK)
		return 0;
	return keep_first(walk, ch_group_prune(walk->file, name, 0,
	    &walk->removed, &err), &err);
}

int
ch_group_sweep(struct ch_file *file, uint64_t *removed, struct ch_err *err)
{
	struct walk walk = { .file = file, .err = err };
	int rc;

	rc = ch_dir_walk(file->groups, 1, sweep_one, &walk, err);
	*removed += walk.removed;
	return rc != CH_OK ? rc : walk.rc;
}
