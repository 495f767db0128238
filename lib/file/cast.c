/*
 * cast.c - all of a group at once: sending to it, listing, counting.
 *
 * The lists are copied under the group's lock; what happens next happens
 * outside it, on the copy.
 */
#include "file/group.h"

#include <stdlib.h>
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

/* A list in the copy. */
struct copied {
	char name[CH_NAME_MAX + 1]; /* "p!" or "members" */
	size_t at, len;
	uint64_t sum;
};

struct copy {
	struct ch_buf bytes; /* the roll comes first: it is aligned */
	struct copied *lists;
	size_t nlists;
	int64_t since; /* for the roll: whoever was added before is out */
	uint64_t sent, missed;
	int rc; /* of a list that is damaged */
};

static void
release(struct copy *copy)
{
	ch_buf_release(&copy->bytes);
	free(copy->lists);
}

static int
is_roll(const struct copied *list)
{
	return !strcmp(list->name, "members");
}

static int
copy_list(struct copy *copy, struct ch_group *group, struct ch_party *party,
    struct ch_err *err)
{
	int64_t expiry = group->file->base.limits.group_expiry, now;
	struct copied *copied = &copy->lists[copy->nlists];
	struct ch_list list;
	int rc;

	copied->at = copy->bytes.len;
	rc = ch_groups_load(group, party, &list, &copy->bytes, err);
	if (rc != CH_OK)
		return rc;
	ch_groups_done(party, &list);
	memcpy(copied->name, party->name, sizeof(copied->name));
	copied->len = copy->bytes.len - copied->at;
	copied->sum = list.head.sum;
	now = ch_list_clock(&list);
	if (is_roll(copied))
		copy->since = expiry >= now ? 0 : now - expiry;
	copy->nlists++;
	return CH_OK;
}

/*
 * Copy the group's lists; one that is damaged is left out, its status kept.
 * CH_NONE: there is no such group. On CH_OK release() is to be called.
 */
static int
take_copy(struct copy *copy, struct ch_file *file, const char *name,
    int to_send, struct ch_err *err)
{
	struct ch_group *group;
	size_t i;
	int rc, one;

	*copy = (struct copy){ .bytes = CH_BUF_INIT };
	rc = ch_groups_lock(&group, file, name, 0, err);
	if (rc != CH_OK)
		return rc;
	copy->lists = calloc(group->nparties + 1, sizeof(*copy->lists));
	if (!copy->lists)
		rc = ch_err_memory(err);
	for (i = 0; rc == CH_OK && i < group->nparties; i++) {
		one = copy_list(copy, group, &group->parties[i],
		    copy->rc == CH_OK ? err : NULL);
		if (copy->rc == CH_OK)
			copy->rc = one;
	}
	if (rc == CH_OK && to_send) {
		group->head.sent++;
		rc = ch_groups_write_head(group, err);
	}
	copy->sent = group->head.sent;
	copy->missed = group->head.missed;
	ch_groups_unlock(group);
	if (rc != CH_OK)
		release(copy);
	return rc;
}

static int
is_damaged(const char *group, const struct copied *list, struct ch_err *err)
{
	return ch_err_set(err, CH_REFUSED,
	    "group %s: %s is damaged: its sum is wrong", group, list->name);
}

/* --- sending ------------------------------------------------------------ */

struct cast {
	struct ch_file *file;
	const char *group;
	const char *text;
	size_t len;
	const struct ch_send_opts *opts;
	struct ch_group_sent sent;
	int rc; /* the first failure that is more than a miss */
	struct ch_err *err;
};

static void
fail(struct cast *cast, int rc, const struct ch_err *err)
{
	if (cast->rc != CH_OK)
		return;
	cast->rc = rc;
	if (cast->err)
		*cast->err = *err;
}

/* One record for `count` members of the queue name[0..len). */
static void
cast_one(struct cast *cast, const char *name, size_t len, const char *list,
    size_t list_len, uint64_t count)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_entry entry = {
		.kind = CH_MESSAGE,
		.list = list,
		.list_len = list_len,
		.text = cast->text,
		.text_len = cast->len,
		.time = ch_clock_real(),
	};
	int rc;

	cast->sent.members += count;
	if (!count)
		return;
	rc = ch_send_entry(cast->file, name, len, &entry, cast->opts, 1,
	    &err);
	if (rc == CH_OK)
		cast->sent.sent += count;
	else if (rc == CH_FULL)
		cast->sent.full += count;
	else if (rc == CH_NONE)
		cast->sent.gone += count;
	else
		fail(cast, rc, &err);
}

static void
cast_parts(struct cast *cast, struct copy *copy, const struct copied *list)
{
	const char *exclude = cast->opts->exclude, *local = NULL;
	char *bytes = copy->bytes.data + list->at;
	size_t len = strlen(list->name);
	struct ch_err err = CH_ERR_INIT;
	struct ch_scan scan;

	if (exclude && !strncmp(exclude, list->name, len))
		local = exclude + len;
	if (ch_scan_parts(bytes, list->len, &list->sum, local,
	        local ? strlen(local) : 0, &scan) < 0) {
		fail(cast, is_damaged(cast->group, list, &err), &err);
		return;
	}
	if (scan.found == CH_SCAN_LIVING) {
		bytes[scan.at] = (char)(bytes[scan.at] | CH_PART_DEAD);
		scan.living--;
	}
	cast_one(cast, list->name, len, bytes, list->len, scan.living);
}

static int
by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* Members "p!x" that nobody owns: one record for each prefix. */
static void
cast_unowned(struct cast *cast, const char **names, size_t n)
{
	struct ch_buf list = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	size_t i, from, len, local;
	int rc = 0;

	qsort(names, n, sizeof(*names), by_name);
	for (from = 0; from < n; from = i) {
		len = ch_name_queue_len(names[from]);
		ch_buf_clear(&list);
		for (i = from; i < n &&
		    !strncmp(names[i], names[from], len); i++) {
			local = strlen(names[i] + len);
			rc |= ch_buf_addc(&list, (char)local);
			rc |= ch_buf_add(&list, names[i] + len, local);
		}
		if (rc == 0)
			cast_one(cast, names[from], len, list.data, list.len,
			    i - from);
	}
	if (rc != 0)
		fail(cast, ch_err_memory(&err), &err);
	ch_buf_release(&list);
}

static void
cast_roll(struct cast *cast, struct copy *copy, const struct copied *list)
{
	const char *exclude = cast->opts->exclude, **unowned;
	const char *bytes = copy->bytes.data + list->at;
	const struct ch_roll_entry *entry;
	struct ch_err err = CH_ERR_INIT;
	size_t at = 0, n = 0;
	struct ch_scan scan;

	if (ch_scan_roll(bytes, list->len, &list->sum, copy->since, NULL, 0,
	        &scan) < 0) {
		fail(cast, is_damaged(cast->group, list, &err), &err);
		return;
	}
	unowned = calloc((size_t)scan.living + 1, sizeof(*unowned));
	if (!unowned) {
		fail(cast, ch_err_memory(&err), &err);
		return;
	}
	while ((entry = ch_roll_next(bytes, list->len, &at, copy->since))) {
		if (exclude && !strcmp(exclude, entry->name))
			continue;
		if (ch_name_sort(entry->name) == CH_SORT_PROCESS)
			unowned[n++] = entry->name;
		else
			cast_one(cast, entry->name, entry->len, NULL, 0, 1);
	}
	cast_unowned(cast, unowned, n);
	free(unowned);
}

int
ch_group_file_send(struct ch_layer *layer, const char *group,
    const char *text, size_t len, const struct ch_send_opts *opts,
    struct ch_group_sent *result, struct ch_err *err)
{
	struct cast cast = {
		.file = ch_file(layer),
		.group = group,
		.text = text,
		.len = len,
		.opts = opts,
		.err = err,
	};
	struct copy copy;
	size_t i;

	if (result)
		*result = cast.sent;
	cast.rc = take_copy(&copy, cast.file, group, 1, err);
	if (cast.rc != CH_OK)
		return cast.rc == CH_NONE ? CH_OK : cast.rc;
	cast.rc = copy.rc;
	for (i = 0; i < copy.nlists; i++)
		if (is_roll(&copy.lists[i]))
			cast_roll(&cast, &copy, &copy.lists[i]);
		else
			cast_parts(&cast, &copy, &copy.lists[i]);
	release(&copy);
	if (cast.sent.full + cast.sent.gone)
		ch_group_prune(cast.file, group,
		    cast.sent.full + cast.sent.gone, NULL, NULL);
	if (result)
		*result = cast.sent;
	return cast.rc;
}

/* --- listing and counting ----------------------------------------------- */

/* A walk over the members; `name` is the full one. */
struct tour {
	struct ch_file *file;
	const char *group;
	int (*each)(void *arg, const char *name);
	void *arg;
	int met_gone; /* members behind an owner that does not live */
	char asked[CH_NAME_MAX + 1]; /* the prefix asked about last */
	enum ch_life life;
};

/* Of the prefix name[0..len); whoever died unnoticed is cleaned up. */
static enum ch_life
life_of(struct tour *tour, const char *name, size_t len)
{
	if (!strncmp(tour->asked, name, len) && !tour->asked[len])
		return tour->life;
	memcpy(tour->asked, name, len);
	tour->asked[len] = '\0';
	tour->life = ch_live_ask(tour->file, name, len, NULL);
	if (tour->life == CH_LIFE_DEAD) {
		ch_live_clean(tour->file, name, len, NULL);
		tour->met_gone = 1;
	}
	if (tour->life == CH_LIFE_GONE)
		tour->met_gone = 1;
	return tour->life;
}

static int
tour_parts(struct tour *tour, const char *bytes, const struct copied *list,
    struct ch_err *err)
{
	char name[2 * CH_NAME_MAX + 1];
	size_t len = strlen(list->name), at = 0, part_len;
	const char *part;
	struct ch_scan scan;
	int rc = CH_OK;

	if (life_of(tour, list->name, len) != CH_LIFE_ALIVE) {
		tour->met_gone = 1;
		return CH_OK;
	}
	if (ch_scan_parts(bytes, list->len, &list->sum, NULL, 0, &scan) < 0)
		return is_damaged(tour->group, list, err);
	memcpy(name, list->name, len);
	while (rc == CH_OK &&
	    ch_part_next(bytes, list->len, &at, &part, &part_len)) {
		memcpy(name + len, part, part_len);
		name[len + part_len] = '\0';
		rc = tour->each(tour->arg, name);
	}
	return rc;
}

static int
tour_roll(struct tour *tour, const char *bytes, const struct copied *list,
    int64_t since, struct ch_err *err)
{
	const struct ch_roll_entry *entry;
	enum ch_life life;
	struct ch_scan scan;
	size_t at = 0;
	int rc = CH_OK;

	if (ch_scan_roll(bytes, list->len, &list->sum, since, NULL, 0,
	        &scan) < 0)
		return is_damaged(tour->group, list, err);
	while (rc == CH_OK &&
	    (entry = ch_roll_next(bytes, list->len, &at, since))) {
		life = CH_LIFE_NONE;
		if (ch_name_sort(entry->name) == CH_SORT_PROCESS)
			life = life_of(tour, entry->name,
			    ch_name_queue_len(entry->name));
		if (life != CH_LIFE_DEAD && life != CH_LIFE_GONE)
			rc = tour->each(tour->arg, entry->name);
	}
	return rc;
}

/*
 * Call each(arg, channel) for all members; *copy (released) keeps the counters.
 * CH_NONE: there is no such group.
 */
static int
visit(struct ch_file *file, const char *group, struct copy *copy,
    int (*each)(void *arg, const char *name), void *arg, struct ch_err *err)
{
	struct tour tour = {
		.file = file,
		.group = group,
		.each = each,
		.arg = arg,
	};
	const struct copied *list;
	const char *bytes;
	size_t i;
	int rc;

	rc = take_copy(copy, file, group, 0, err);
	if (rc != CH_OK)
		return rc;
	for (i = 0; rc == CH_OK && i < copy->nlists; i++) {
		list = &copy->lists[i];
		bytes = copy->bytes.data + list->at;
		rc = is_roll(list) ?
		    tour_roll(&tour, bytes, list, copy->since, err) :
		    tour_parts(&tour, bytes, list, err);
	}
	if (rc == CH_OK)
		rc = copy->rc;
	release(copy);
	if (tour.met_gone)
		ch_group_prune(file, group, 0, NULL, NULL);
	return rc;
}

struct filter {
	const char *glob;
	int (*each)(void *arg, const char *channel);
	void *arg;
};

static int
pass_on(void *arg, const char *name)
{
	const struct filter *filter = arg;

	if (filter->glob && !ch_name_matches(filter->glob, name))
		return 0;
	return filter->each(filter->arg, name);
}

int
ch_group_file_members(struct ch_layer *layer, const char *group,
    const char *glob, int (*each)(void *arg, const char *channel), void *arg,
    struct ch_err *err)
{
	struct filter filter = { glob, each, arg };
	struct copy copy;
	int rc;

	rc = visit(ch_file(layer), group, &copy, pass_on, &filter, err);
	return rc == CH_NONE ? CH_OK : rc;
}

struct census {
	struct ch_file *file;
	const char *glob;
	int (*each)(void *arg, const struct ch_group_stat *stat);
	void *arg;
	int rc; /* of the first group that could not be counted */
	struct ch_err *err;
};

static int
count_one(void *arg, const char *name)
{
	(void)name;
	++*(uint64_t *)arg;
	return 0;
}

static int
stat_one(void *arg, const char *name)
{
	struct census *census = arg;
	struct ch_group_stat stat = { .group = name };
	struct ch_err err = CH_ERR_INIT;
	struct copy copy;
	int rc;

	if (ch_name_check(name, CH_TO_JOIN, NULL) != CH_OK ||
	    (census->glob && !ch_name_matches(census->glob, name)))
		return 0;
	rc = visit(census->file, name, &copy, count_one, &stat.members, &err);
	if (rc != CH_OK && rc != CH_NONE && census->rc == CH_OK) {
		census->rc = rc;
		if (census->err)
			*census->err = err;
	}
	if (rc != CH_OK || !stat.members)
		return 0;
	stat.sent = copy.sent;
	stat.missed = copy.missed;
	return census->each(census->arg, &stat);
}

int
ch_group_file_stat(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_group_stat *stat), void *arg,
    struct ch_err *err)
{
	struct census census = {
		.file = ch_file(layer),
		.glob = glob,
		.each = each,
		.arg = arg,
		.err = err,
	};
	int rc;

	rc = ch_dir_walk(census.file->groups, 0, stat_one, &census, err);
	return rc != CH_OK ? rc : census.rc;
}
