/* party.c - one list of a group's members: looked into, and struck from. */
#include "file/party.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "file/send.h"
#include "model/name.h"

#define COMPACT_BYTES 4096 /* lists below this keep their waste */

const char *
ch_party_prefix(char prefix[CH_NAME_MAX + 1], const char *channel)
{
	size_t len = 0;

	if (ch_name_sort(channel) == CH_SORT_PROCESS)
		len = ch_name_queue_len(channel);
	memcpy(prefix, channel, len);
	prefix[len] = '\0';
	return prefix;
}

enum ch_life
ch_party_life(struct ch_file *file, const char *prefix)
{
	return *prefix ? ch_live_ask(file, prefix, strlen(prefix), NULL) :
	    CH_LIFE_NONE;
}

int64_t
ch_party_since(const struct ch_group *group, const struct ch_list *list)
{
	int64_t expiry = group->file->base.limits.group_expiry;
	int64_t now = ch_list_clock(list);

	return expiry >= now ? 0 : now - expiry;
}

int
ch_party_is_roll(const struct ch_party *party)
{
	return !strcmp(party->name, "members");
}

void
ch_party_remember(struct ch_party *party, const struct ch_list *list)
{
	party->used = list->head.used;
	party->sum = list->head.sum;
}

int
ch_party_examine(struct ch_group *group, struct ch_party *party,
    struct ch_list *list, struct ch_buf *bytes, const char *name, size_t len,
    struct ch_scan *scan, struct ch_err *err)
{
	const uint64_t *sum = &list->head.sum;
	int rc;

	ch_buf_clear(bytes);
	rc = ch_groups_load(group, party, list, bytes, err);
	if (rc != CH_OK)
		return rc;
	if (party->used == list->head.used && party->sum == list->head.sum)
		sum = NULL;
	rc = ch_party_is_roll(party) ?
	    ch_scan_roll(bytes->data, bytes->len, sum,
	        ch_party_since(group, list), name, len, scan) :
	    ch_scan_parts(bytes->data, bytes->len, sum, name, len, scan);
	if (rc == 0)
		ch_party_remember(party, list);
	if (rc < 0) {
		rc = ch_err_set(err, CH_REFUSED,
		    "group %s: %s is damaged: its sum is wrong", group->name,
		    party->name);
		ch_groups_done(party, list);
	}
	return rc;
}

int
ch_party_notify(struct ch_group *group, const char *prefix, enum ch_kind kind,
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

	if (ch_party_life(group->file, prefix) != CH_LIFE_ALIVE)
		return CH_OK;
	rc = ch_send_entry(group->file, prefix, strlen(prefix), &entry,
	    &plainly, 1, err);
	return rc == CH_NONE ? CH_OK : rc;
}

/* --- leaving ------------------------------------------------------------ */

int
ch_party_compact(struct ch_group *group, struct ch_party *party,
    struct ch_list *list, const struct ch_buf *bytes, size_t waste,
    struct ch_err *err)
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
	while (ch_party_is_roll(party) && (entry = ch_roll_next(bytes->data,
	        bytes->len, &at, ch_party_since(group, list)))) {
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

int
ch_party_strike(struct ch_party *party, struct ch_list *list,
    struct ch_buf *bytes, size_t at, struct ch_err *err)
{
	size_t n = ch_party_is_roll(party) ? sizeof(int64_t) : 1;

	if (ch_party_is_roll(party))
		memset(bytes->data + at, 0, n);
	else
		bytes->data[at] = (char)(bytes->data[at] | CH_PART_DEAD);
	return ch_list_poke(list, at, bytes->data + at, n, err);
}

int
ch_party_leave(struct ch_group *group, struct ch_party *party, const char *name,
    size_t len, int *left, struct ch_err *err)
{
	struct ch_buf bytes = CH_BUF_INIT;
	struct ch_list list;
	struct ch_scan scan;
	int rc;

	*left = 0;
	rc = ch_party_examine(group, party, &list, &bytes, name, len, &scan,
	    err);
	if (rc != CH_OK) {
		ch_buf_release(&bytes);
		return rc;
	}
	if (scan.found == CH_SCAN_LIVING) {
		*left = 1;
		rc = ch_party_strike(party, &list, &bytes, scan.at, err);
		scan.living--;
		scan.waste += len + 1;
	}
	if (rc == CH_OK && *left && scan.living)
		rc = ch_party_compact(group, party, &list, &bytes, scan.waste,
		    err);
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

int
ch_party_finish(int rc, struct ch_group *group, struct ch_err *err)
{
	int last = finish(group, rc == CH_OK ? err : NULL);

	return rc != CH_OK ? rc : last;
}
