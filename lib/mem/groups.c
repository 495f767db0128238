/* groups.c - groups: who is in them, and sending to them. */
#include "mem/mem.h"

#include "base/err.h"
#include "model/name.h"

#include <stdlib.h>
#include <string.h>

static struct ch_mem_group *
find(struct ch_mem_store *store, const char *name)
{
	struct ch_mem_group *group = store->groups;

	while (group && strcmp(group->name, name) != 0)
		group = group->next;
	return group;
}

static struct ch_mem_group *
get(struct ch_mem_store *store, const char *name)
{
	struct ch_mem_group *group = find(store, name);

	if (group)
		return group;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	strcpy(group->name, name);
	group->next = store->groups;
	store->groups = group;
	return group;
}

/* Where the pointer to this member is, or to the end of the list. */
static struct ch_mem_member **
place(struct ch_mem_group *group, const char *channel)
{
	struct ch_mem_member **at = &group->members;

	while (*at && strcmp((*at)->channel, channel) != 0)
		at = &(*at)->next;
	return at;
}

static void
remove_member(struct ch_mem_member **at)
{
	struct ch_mem_member *member = *at;

	*at = member->next;
	free(member);
}

/* A member with a living owner stays; any other until its time is over. */
static int
is_expired(struct ch_layer *layer, const struct ch_mem_member *member)
{
	const struct ch_mem_queue *queue;

	if (layer->limits.group_expiry == CH_NEVER ||
	    ch_clock() - member->added < layer->limits.group_expiry)
		return 0;
	queue = ch_mem_queue_find(ch_mem_store(layer), member->channel);
	return !queue || !queue->owner;
}

static uint64_t
expire(struct ch_layer *layer, struct ch_mem_group *group)
{
	struct ch_mem_member **at = &group->members;
	uint64_t n = 0;

	while (*at) {
		if (is_expired(layer, *at)) {
			remove_member(at);
			n++;
		} else {
			at = &(*at)->next;
		}
	}
	return n;
}

int
ch_mem_group_add(struct ch_layer *layer, const char *name, const char *channel,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_group *group;
	struct ch_mem_member **at;

	ch_mem_lock(store);
	group = get(store, name);
	if (!group)
		return ch_mem_unlock(store, ch_err_memory(err));
	at = place(group, channel);
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at)
			return ch_mem_unlock(store, ch_err_memory(err));
		strcpy((*at)->channel, channel);
		ch_mem_queue_notify(store, CH_JOINED, channel, name);
	}
	(*at)->added = ch_clock();
	return ch_mem_unlock(store, CH_OK);
}

int
ch_mem_group_discard(struct ch_layer *layer, const char *name,
    const char *channel, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_member **at = NULL;
	struct ch_mem_group *group;

	(void)err;
	ch_mem_lock(store);
	group = find(store, name);
	if (group)
		at = place(group, channel);
	if (at && *at) {
		remove_member(at);
		ch_mem_queue_notify(store, CH_LEFT, channel, name);
	}
	return ch_mem_unlock(store, CH_OK);
}

int
ch_mem_group_has(struct ch_layer *layer, const char *name, const char *channel,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_group *group;
	int has = 0;

	ch_mem_lock(store);
	group = find(store, name);
	if (group) {
		expire(layer, group);
		has = *place(group, channel) != NULL;
	}
	return ch_mem_unlock(store, has ? CH_OK : ch_err_set(err, CH_NONE,
	    "%s is not in %s", channel, name));
}

/* Drop all members, telling their owners. */
static void
empty(struct ch_mem_store *store, struct ch_mem_group *group)
{
	while (group->members) {
		ch_mem_queue_notify(store, CH_LEFT, group->members->channel,
		    group->name);
		remove_member(&group->members);
	}
}

int
ch_mem_group_drop(struct ch_layer *layer, const char *name, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_group **at = &store->groups, *group;

	(void)err;
	ch_mem_lock(store);
	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (*at) {
		group = *at;
		empty(store, group);
		*at = group->next;
		free(group);
	}
	return ch_mem_unlock(store, CH_OK);
}

void
ch_mem_groups_forget(struct ch_mem_store *store, const char *prefix)
{
	size_t len = strlen(prefix);
	struct ch_mem_group *group;
	struct ch_mem_member **at;

	for (group = store->groups; group; group = group->next) {
		at = &group->members;
		while (*at) {
			if (strncmp((*at)->channel, prefix, len) == 0)
				remove_member(at);
			else
				at = &(*at)->next;
		}
	}
}

uint64_t
ch_mem_groups_expire(struct ch_layer *layer)
{
	struct ch_mem_group *group;
	uint64_t n = 0;

	for (group = ch_mem_store(layer)->groups; group; group = group->next)
		n += expire(layer, group);
	return n;
}

void
ch_mem_groups_flush(struct ch_mem_store *store, const char *glob)
{
	struct ch_mem_group *group;

	for (group = store->groups; group; group = group->next)
		if (!glob || ch_name_matches(glob, group->name))
			empty(store, group);
}

/* --- sending ------------------------------------------------------------ */

/* Whether a and b are behind the same "p!". */
static int
same_owner(const char *a, const char *b)
{
	size_t len = ch_name_queue_len(a);

	return ch_name_sort(a) == CH_SORT_PROCESS &&
	    strncmp(a, b, len) == 0;
}

static int
is_left_out(const struct ch_mem_member *member, const struct ch_send_opts *opts)
{
	return opts->exclude && strcmp(member->channel, opts->exclude) == 0;
}

/* Whether a member before this one had it sent to all behind the same "p!". */
static int
is_served(const struct ch_mem_group *group, const struct ch_mem_member *member,
    const struct ch_send_opts *opts)
{
	const struct ch_mem_member *other;

	for (other = group->members; other != member; other = other->next)
		if (!is_left_out(other, opts) &&
		    same_owner(other->channel, member->channel))
			return 1;
	return 0;
}

/* One record for this member and those behind the same "p!" after it. */
static struct ch_mem_record *
gather(const struct ch_mem_member *member, struct ch_mem_text *text,
    const struct ch_send_opts *opts)
{
	const struct ch_mem_member *other;
	struct ch_mem_record *record;
	size_t n = 1;

	for (other = member->next; other; other = other->next)
		n += !is_left_out(other, opts) &&
		    same_owner(member->channel, other->channel);
	record = ch_mem_record_new(text, CH_MESSAGE, n);
	if (!record)
		return NULL;
	strcpy(record->channels[0], member->channel);
	n = 1;
	for (other = member->next; other; other = other->next)
		if (!is_left_out(other, opts) &&
		    same_owner(member->channel, other->channel))
			strcpy(record->channels[n++], other->channel);
	return record;
}

static int
send_to(struct ch_layer *layer, const struct ch_mem_member *member,
    struct ch_mem_text *text, const struct ch_send_opts *opts,
    struct ch_group_sent *result, struct ch_err *err)
{
	struct ch_mem_queue *queue;
	struct ch_mem_record *record;
	size_t n;
	int rc;

	queue = ch_mem_queue_get(ch_mem_store(layer), member->channel);
	record = queue ? gather(member, text, opts) : NULL;
	if (!record)
		return ch_err_memory(err);
	n = record->n;
	result->members += n;
	rc = ch_mem_queue_put(layer, queue, record, opts, NULL);
	if (rc == CH_OK)
		result->sent += n;
	else if (rc == CH_FULL)
		result->full += n;
	else
		result->gone += n;
	return CH_OK;
}

int
ch_mem_group_send(struct ch_layer *layer, const char *name, const char *bytes,
    size_t len, const struct ch_send_opts *opts,
    struct ch_group_sent *result, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	const struct ch_mem_member *member;
	struct ch_mem_group *group;
	struct ch_mem_text *text;
	int rc = CH_OK;

	ch_mem_lock(store);
	group = find(store, name);
	if (!group)
		return ch_mem_unlock(store, CH_OK);
	text = ch_mem_text_new(bytes, len);
	if (!text)
		return ch_mem_unlock(store, ch_err_memory(err));
	expire(layer, group);
	for (member = group->members; member && rc == CH_OK;
	    member = member->next)
		if (!is_left_out(member, opts) &&
		    !is_served(group, member, opts))
			rc = send_to(layer, member, text, opts, result, err);
	group->sent++;
	group->missed += result->full + result->gone;
	ch_mem_text_free(text);
	return ch_mem_unlock(store, rc);
}

/* --- looking ------------------------------------------------------------ */

int
ch_mem_group_members(struct ch_layer *layer, const char *name, const char *glob,
    int (*each)(void *arg, const char *channel), void *arg,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	const struct ch_mem_member *member;
	struct ch_mem_group *group;
	int rc = CH_OK;

	(void)err;
	ch_mem_lock(store);
	group = find(store, name);
	if (!group)
		return ch_mem_unlock(store, CH_OK);
	expire(layer, group);
	for (member = group->members; member && rc == CH_OK;
	    member = member->next)
		if (!glob || ch_name_matches(glob, member->channel))
			rc = each(arg, member->channel);
	return ch_mem_unlock(store, rc);
}

int
ch_mem_stat_groups(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_group_stat *stat), void *arg,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	const struct ch_mem_member *member;
	struct ch_group_stat stat;
	struct ch_mem_group *group;
	int rc = CH_OK;

	(void)err;
	ch_mem_lock(store);
	for (group = store->groups; group && rc == CH_OK;
	    group = group->next) {
		if (glob && !ch_name_matches(glob, group->name))
			continue;
		expire(layer, group);
		stat = (struct ch_group_stat){ .group = group->name,
			.sent = group->sent, .missed = group->missed };
		for (member = group->members; member; member = member->next)
			stat.members++;
		rc = each(arg, &stat);
	}
	return ch_mem_unlock(store, rc);
}
