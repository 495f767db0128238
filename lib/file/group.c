/* group.c - who is a member: joining, leaving, being one. */
#include "file/group.h"

#include <string.h>

#include "base/err.h"
#include "file/live.h"
#include "file/party.h"

/* --- leaving ------------------------------------------------------------ */

static int
discard(struct ch_group *group, const char *channel, struct ch_err *err)
{
	char prefix[CH_NAME_MAX + 1], part[CH_NAME_MAX + 1];
	const char *local = channel + strlen(ch_party_prefix(prefix, channel));
	struct ch_party *party = *prefix ? ch_groups_find(group, prefix) : NULL;
	size_t len = strlen(local);
	int left, rc = CH_OK;

	if (party) {
		part[0] = (char)len;
		memcpy(part + 1, local, len);
		rc = ch_party_leave(group, party, local, len, &left, err);
		if (rc == CH_OK && left)
			rc = ch_party_notify(group, prefix, CH_LEFT, part,
			    len + 1, err);
	}
	party = ch_groups_find(group, "members");
	if (rc == CH_OK && party)
		rc = ch_party_leave(group, party, channel, strlen(channel),
		    &left, err);
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
	return ch_party_finish(rc, group, err);
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
		rc = ch_party_examine(group, *party, list, bytes, name, len,
		    scan, err);
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
		rc = ch_party_notify(group, prefix, CH_JOINED, part, len + 1,
		    err);
	if (rc == CH_OK && scan.found == CH_SCAN_DEAD)
		rc = ch_list_poke(&list, scan.at, part, 1, err);
	if (rc == CH_OK && scan.found == CH_SCAN_ABSENT)
		rc = ch_list_append(&list, part, len + 1,
		    ch_scan_hash(local, len), err);
	if (rc == CH_OK)
		ch_party_remember(party, &list);
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
		ch_party_remember(party, &list);
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
	*life = ch_party_life(group->file, prefix);
	if (*life == CH_LIFE_NONE)
		return enlist(group, channel, err);
	if (*life != CH_LIFE_ALIVE)
		return ch_err_set(err, CH_NONE, "the owner of %s is gone",
		    prefix);
	rc = join(group, prefix, channel + strlen(prefix), err);
	roll = ch_groups_find(group, "members");
	if (rc == CH_OK && roll)
		rc = ch_party_leave(group, roll, channel, strlen(channel),
		    &left, err);
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

	ch_party_prefix(prefix, channel);
	rc = ch_groups_lock(&group, file, name, 1, err);
	if (rc != CH_OK)
		return rc;
	rc = add(group, prefix, channel, &life, err);
	rc = ch_party_finish(rc, group, err);
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
	rc = ch_party_examine(group, party, &list, &bytes, name, len, &scan,
	    err);
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
	enum ch_life life = ch_party_life(file,
	    ch_party_prefix(prefix, channel));
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

/* --- the end of a group ------------------------------------------------- */

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
		if (ch_party_is_roll(party) || ch_party_examine(group, party,
			&list, &bytes, NULL, 0, &scan, NULL) != CH_OK)
			continue;
		ch_groups_done(party, &list);
		if (scan.living)
			ch_party_notify(group, party->name, CH_LEFT, bytes.data,
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
