/* group.c - who is a member: joining, leaving, and being taken out. */
#include "file/group.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "file/dir.h"
#include "file/groups.h"
#include "file/live.h"
#include "file/queue.h"
#include "file/scan.h"
#include "file/send.h"
#include "model/name.h"

#define ORPHAN_MS 3600000    /* how long what a killed maker left stays */
#define COMPACT_BYTES 4096   /* lists below this keep their waste */

/* --- small things ------------------------------------------------------- */

/* Of "p!local" the prefix "p!"; what has none gives "". */
static const char *
prefix_of(char prefix[CH_NAME_MAX + 1], const char *channel)
{
	size_t len = 0;

	if (ch_name_sort(channel) == CH_SORT_PROCESS)
		len = ch_name_queue_len(channel);
	memcpy(prefix, channel, len);
	prefix[len] = '\0';
	return prefix;
}

static enum ch_life
life_of(struct ch_file *file, const char *prefix)
{
	return *prefix ? ch_live_ask(file, prefix, strlen(prefix), NULL) :
	    CH_LIFE_NONE;
}

/* Members last added at this time by the list's clock, or before, are out. */
static int64_t
since(const struct ch_group *group, const struct ch_list *list)
{
	int64_t expiry = group->file->base.limits.group_expiry;
	int64_t now = ch_list_clock(list);

	return expiry >= now ? 0 : now - expiry;
}

static int
is_roll(const struct ch_party *party)
{
	return !strcmp(party->name, "members");
}

static void
remember_sum(struct ch_party *party, const struct ch_list *list)
{
	party->used = list->head.used;
	party->sum = list->head.sum;
}

/*
 * Load a list and scan it for name[0..len). On CH_OK ch_groups_done is to be
 * called.
 */
static int
examine(struct ch_group *group, struct ch_party *party, struct ch_list *list,
    struct ch_buf *bytes, const char *name, size_t len, struct ch_scan *scan,
    struct ch_err *err)
{
	const uint64_t *sum = &list->head.sum;
	int rc;

	ch_buf_clear(bytes);
	rc = ch_groups_load(group, party, list, bytes, err);
	if (rc != CH_OK)
		return rc;
	if (party->used == list->head.used && party->sum == list->head.sum)
		sum = NULL;
	rc = is_roll(party) ?
	    ch_scan_roll(bytes->data, bytes->len, sum, since(group, list),
	        name, len, scan) :
	    ch_scan_parts(bytes->data, bytes->len, sum, name, len, scan);
	if (rc == 0)
		remember_sum(party, list);
	if (rc < 0) {
		rc = ch_err_set(err, CH_REFUSED,
		    "group %s: %s is damaged: its sum is wrong", group->name,
		    party->name);
		ch_groups_done(party, list);
	}
	return rc;
}

/* Tell the owner of the list's members, if it lives. */
static int
notify(struct ch_group *group, const char *prefix, enum ch_kind kind,
    const char *list, size_t len, struct ch_err *err)
{
	static const struct ch_send_opts plainly;
	struct ch_entry entry = {
		.kind = kind,
		.list = list,
		.list_len = len,
		.text = group->name,
		.text_len = strlen(group->name),
		.time = ch_clock_real(),
	};
	int rc;

	if (life_of(group->file, prefix) != CH_LIFE_ALIVE)
		return CH_OK;
	rc = ch_send_entry(group->file, prefix, strlen(prefix), &entry,
	    &plainly, 1, err);
	return rc == CH_NONE ? CH_OK : rc;
}

/* --- leaving ------------------------------------------------------------ */

/* Write the list anew without its waste, if that is most of it. */
static int
compact(struct ch_group *group, struct ch_party *party, struct ch_list *list,
    const struct ch_buf *bytes, size_t waste, struct ch_err *err)
{
	const struct ch_roll_entry *entry;
	struct ch_buf kept = CH_BUF_INIT;
	size_t at = 0, from, len, room[CH_ROLL_ENTRY_MAX / sizeof(size_t)];
	uint64_t sum = 0;
	const char *part;
	int rc;

	if (bytes->len < COMPACT_BYTES || waste * 2 < bytes->len)
		return CH_OK;
	if (ch_buf_reserve(&kept, bytes->len) < 0)
		return ch_err_memory(err);
	while (is_roll(party) && (entry = ch_roll_next(bytes->data, bytes->len,
	        &at, since(group, list)))) {
		len = ch_roll_entry_make(room, entry->name, entry->len,
		    entry->time);
		ch_buf_add(&kept, room, len);
		sum += ch_scan_hash(entry->name, entry->len);
	}
	while (ch_part_next(bytes->data, bytes->len, &at, &part, &from)) {
		ch_buf_add(&kept, part - 1, from + 1);
		sum += ch_scan_hash(part, from);
	}
	rc = ch_groups_move(group, err);
	if (rc == CH_OK)
		rc = ch_list_replace(list, group->file, group->dir, kept.data,
		    kept.len, sum, err);
	ch_buf_release(&kept);
	return rc;
}

/* The bytes that say that the entry at `at` has left. */
static int
strike(struct ch_party *party, struct ch_list *list, struct ch_buf *bytes,
    size_t at, struct ch_err *err)
{
	size_t n = is_roll(party) ? sizeof(int64_t) : 1;

	if (is_roll(party))
		memset(bytes->data + at, 0, n);
	else
		bytes->data[at] = (char)(bytes->data[at] | CH_PART_DEAD);
	return ch_list_poke(list, at, bytes->data + at, n, err);
}

/* Take name[0..len) off a list; *left: it was there. The list may go. */
static int
leave(struct ch_group *group, struct ch_party *party, const char *name,
    size_t len, int *left, struct ch_err *err)
{
	struct ch_buf bytes = CH_BUF_INIT;
	struct ch_list list;
	struct ch_scan scan;
	int rc;

	*left = 0;
	rc = examine(group, party, &list, &bytes, name, len, &scan, err);
	if (rc != CH_OK) {
		ch_buf_release(&bytes);
		return rc;
	}
	if (scan.found == CH_SCAN_LIVING) {
		*left = 1;
		rc = strike(party, &list, &bytes, scan.at, err);
		scan.living--;
		scan.waste += len + 1;
	}
	if (rc == CH_OK && *left && scan.living)
		rc = compact(group, party, &list, &bytes, scan.waste, err);
	ch_groups_done(party, &list);
	if (rc == CH_OK && !scan.living)
		rc = ch_groups_unlink(group, party, err);
	ch_buf_release(&bytes);
	return rc;
}

/* Unlock; a group without lists goes. */
static int
finish(struct ch_group *group, struct ch_err *err)
{
	if (!group->nparties)
		return ch_groups_remove(group, err);
	ch_groups_unlock(group);
	return CH_OK;
}

/* Finish after a step that came to rc. */
static int
finish_after(int rc, struct ch_group *group, struct ch_err *err)
{
	int last = finish(group, rc == CH_OK ? err : NULL);

	return rc != CH_OK ? rc : last;
}

static int
discard(struct ch_group *group, const char *channel, struct ch_err *err)
{
	char prefix[CH_NAME_MAX + 1], part[CH_NAME_MAX + 1];
	const char *local = channel + strlen(prefix_of(prefix, channel));
	struct ch_party *party = *prefix ? ch_groups_find(group, prefix) : NULL;
	size_t len = strlen(local);
	int left, rc = CH_OK;

	if (party) {
		part[0] = (char)len;
		memcpy(part + 1, local, len);
		rc = leave(group, party, local, len, &left, err);
		if (rc == CH_OK && left)
			rc = notify(group, prefix, CH_LEFT, part, len + 1,
			    err);
	}
	party = ch_groups_find(group, "members");
	if (rc == CH_OK && party)
		rc = leave(group, party, channel, strlen(channel), &left, err);
	return rc;
}

int
ch_group_file_discard(struct ch_layer *layer, const char *name,
    const char *channel, struct ch_err *err)
{
	struct ch_group *group;
	int rc;

	rc = ch_groups_lock(&group, ch_file(layer), name, 0, err);
	if (rc != CH_OK)
		return rc == CH_NONE ? CH_OK : rc;
	rc = discard(group, channel, err);
	return finish_after(rc, group, err);
}

/* --- joining ------------------------------------------------------------ */

/* The list of this name, made if need be, and scanned for name[0..len). */
static int
open_list(struct ch_group *group, const char *list_name,
    struct ch_party **party, struct ch_list *list, struct ch_buf *bytes,
    const char *name, size_t len, struct ch_scan *scan, struct ch_err *err)
{
	int rc = CH_OK;

	*party = ch_groups_find(group, list_name);
	if (!*party)
		rc = ch_groups_make(group, list_name, party, err);
	if (rc == CH_OK)
		rc = examine(group, *party, list, bytes, name, len, scan, err);
	return rc;
}

/* "p!local" whose owner lives joins the owner's list. */
static int
join(struct ch_group *group, const char *prefix, const char *local,
    struct ch_err *err)
{
	size_t len = strlen(local);
	struct ch_buf bytes = CH_BUF_INIT;
	char part[CH_NAME_MAX + 1];
	struct ch_party *party;
	struct ch_list list;
	struct ch_scan scan;
	int rc;

	part[0] = (char)len;
	memcpy(part + 1, local, len);
	rc = open_list(group, prefix, &party, &list, &bytes, local, len,
	    &scan, err);
	if (rc != CH_OK) {
		ch_buf_release(&bytes);
		return rc;
	}
	/* told first: told in vain is harmless, a silent member is not */
	if (scan.found != CH_SCAN_LIVING)
		rc = notify(group, prefix, CH_JOINED, part, len + 1, err);
	if (rc == CH_OK && scan.found == CH_SCAN_DEAD)
		rc = ch_list_poke(&list, scan.at, part, 1, err);
	if (rc == CH_OK && scan.found == CH_SCAN_ABSENT)
		rc = ch_list_append(&list, part, len + 1,
		    ch_scan_hash(local, len), err);
	if (rc == CH_OK)
		remember_sum(party, &list);
	ch_groups_done(party, &list);
	if (rc != CH_OK && !scan.living)
		ch_groups_unlink(group, party, NULL);
	ch_buf_release(&bytes);
	return rc;
}

/* Any other channel is put down, with the time. */
static int
enlist(struct ch_group *group, const char *channel, struct ch_err *err)
{
	size_t len = strlen(channel), n;
	int64_t now, room[CH_ROLL_ENTRY_MAX / sizeof(int64_t)];
	struct ch_buf bytes = CH_BUF_INIT;
	struct ch_party *party;
	struct ch_list list;
	struct ch_scan scan;
	int rc;

	rc = open_list(group, "members", &party, &list, &bytes, channel, len,
	    &scan, err);
	ch_buf_release(&bytes);
	if (rc != CH_OK)
		return rc;
	now = ch_list_clock(&list);
	if (scan.found == CH_SCAN_ABSENT) {
		n = ch_roll_entry_make(room, channel, len, now);
		rc = ch_list_append(&list, room, n, ch_scan_hash(channel, len),
		    err);
	} else {
		rc = ch_list_poke(&list, scan.at, &now, sizeof(now), err);
	}
	if (rc == CH_OK)
		remember_sum(party, &list);
	ch_groups_done(party, &list);
	if (rc != CH_OK && !scan.living)
		ch_groups_unlink(group, party, NULL);
	return rc;
}

static int
add(struct ch_group *group, const char *prefix, const char *channel,
    enum ch_life *life, struct ch_err *err)
{
	struct ch_party *roll;
	int left, rc;

	/* under the lock: a cleaner forgets the group before or after this */
	*life = life_of(group->file, prefix);
	if (*life == CH_LIFE_NONE)
		return enlist(group, channel, err);
	if (*life != CH_LIFE_ALIVE)
		return ch_err_set(err, CH_NONE, "the owner of %s is gone",
		    prefix);
	rc = join(group, prefix, channel + strlen(prefix), err);
	roll = ch_groups_find(group, "members");
	if (rc == CH_OK && roll)
		rc = leave(group, roll, channel, strlen(channel), &left, err);
	return rc;
}

int
ch_group_file_add(struct ch_layer *layer, const char *name,
    const char *channel, struct ch_err *err)
{
	struct ch_file *file = ch_file(layer);
	char prefix[CH_NAME_MAX + 1];
	struct ch_group *group;
	enum ch_life life;
	int rc;

	prefix_of(prefix, channel);
	rc = ch_groups_lock(&group, file, name, 1, err);
	if (rc != CH_OK)
		return rc;
	rc = add(group, prefix, channel, &life, err);
	rc = finish_after(rc, group, err);
	if (life == CH_LIFE_DEAD)
		ch_live_clean(file, prefix, strlen(prefix), NULL);
	return rc;
}

/* --- being one ---------------------------------------------------------- */

/* Whether name[0..len) stands in this list: CH_OK or CH_NONE. */
static int
stands_in(struct ch_group *group, const char *list_name, const char *name,
    size_t len, struct ch_err *err)
{
	struct ch_party *party = ch_groups_find(group, list_name);
	struct ch_buf bytes = CH_BUF_INIT;
	struct ch_list list;
	struct ch_scan scan;
	int rc;

	if (!party)
		return CH_NONE;
	rc = examine(group, party, &list, &bytes, name, len, &scan, err);
	ch_buf_release(&bytes);
	if (rc != CH_OK)
		return rc;
	ch_groups_done(party, &list);
	return scan.found == CH_SCAN_LIVING ? CH_OK : CH_NONE;
}

int
ch_group_file_has(struct ch_layer *layer, const char *name,
    const char *channel, struct ch_err *err)
{
	struct ch_file *file = ch_file(layer);
	char prefix[CH_NAME_MAX + 1];
	enum ch_life life = life_of(file, prefix_of(prefix, channel));
	const char *local = channel + strlen(prefix);
	struct ch_group *group;
	int rc;

	if (life == CH_LIFE_DEAD)
		ch_live_clean(file, prefix, strlen(prefix), NULL);
	if (life == CH_LIFE_DEAD || life == CH_LIFE_GONE)
		return ch_err_set(err, CH_NONE, "the owner of %s is gone",
		    prefix);
	rc = ch_groups_lock(&group, file, name, 0, err);
	if (rc != CH_OK)
		return rc;
	rc = CH_NONE;
	if (life == CH_LIFE_ALIVE)
		rc = stands_in(group, prefix, local, strlen(local), err);
	if (rc == CH_NONE)
		rc = stands_in(group, "members", channel, strlen(channel),
		    err);
	ch_groups_unlock(group);
	if (rc == CH_NONE)
		ch_err_set(err, CH_NONE, "%s is not a member of %s", channel,
		    name);
	return rc;
}

/* --- being taken out ---------------------------------------------------- */

/* Every owner is told of all its members, as far as the lists can be read. */
static void
say_goodbye(struct ch_group *group)
{
	struct ch_buf bytes = CH_BUF_INIT;
	struct ch_party *party;
	struct ch_list list;
	struct ch_scan scan;
	size_t i;

	for (i = 0; i < group->nparties; i++) {
		party = &group->parties[i];
		if (is_roll(party) || examine(group, party, &list, &bytes,
		        NULL, 0, &scan, NULL) != CH_OK)
			continue;
		ch_groups_done(party, &list);
		if (scan.living)
			notify(group, party->name, CH_LEFT, bytes.data,
			    bytes.len, NULL);
	}
	ch_buf_release(&bytes);
}

int
ch_group_file_drop(struct ch_layer *layer, const char *name,
    struct ch_err *err)
{
	struct ch_file *file = ch_file(layer);
	struct ch_group *group;
	int rc;

	rc = ch_groups_lock(&group, file, name, 0, err);
	if (rc == CH_NONE)
		return CH_OK;
	if (rc == CH_REFUSED)
		return ch_groups_wreck(file, name, err);
	if (rc != CH_OK)
		return rc;
	say_goodbye(group);
	return ch_groups_remove(group, err);
}

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
	rc = examine(group, party, &list, &bytes, NULL, 0, &scan, err);
	if (rc != CH_OK) {
		ch_buf_release(&bytes);
		return rc;
	}
	while (rc == CH_OK && (entry = ch_roll_next(bytes.data, bytes.len, &at,
	        0))) {
		if (entry->time > since(group, &list) &&
		    !goes(group->file, arg, entry->name))
			continue;
		if (entry->time > since(group, &list)) {
			scan.living--;
			scan.waste += sizeof(*entry) + entry->len;
		}
		++*removed;
		rc = strike(party, &list, &bytes,
		    (size_t)((const char *)entry - bytes.data), err);
	}
	if (rc == CH_OK && scan.living)
		rc = compact(group, party, &list, &bytes, scan.waste, err);
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
	enum ch_life life = life_of(file, prefix_of(prefix, channel));

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
	rc = finish_after(rc, group, &err);
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
		if (is_roll(party) ||
		    life_of(group->file, party->name) == CH_LIFE_ALIVE)
			continue;
		if (examine(group, party, &list, &bytes, NULL, 0, &scan,
		        NULL) == CH_OK) {
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
	return finish_after(rc, group, err);
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
