/* watch.c - what is watched: groups, or channels. */
#include "chtail/watch.h"

#include "base/err.h"
#include "common/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
watch_check(const struct watch *watch, char *const *operands,
    struct ch_err *err)
{
	enum ch_use use;
	int rc = CH_OK;

	for (; rc == CH_OK && *operands; operands++) {
		use = ch_name_is_glob(*operands) ? CH_TO_MATCH : CH_TO_JOIN;
		rc = ch_name_check(*operands,
		    watch->channels ? CH_TO_RECEIVE : use, err);
	}
	return rc;
}

/* --- the list ------------------------------------------------------------ */

/* The one of that name, watched or left, or NULL. */
static struct watched *
find(const struct watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->n; i++)
		if (!strcmp(watch->list[i].name, name))
			return &watch->list[i];
	return NULL;
}

struct watched *
watch_find(const struct watch *watch, const char *name)
{
	struct watched *watched = find(watch, name);

	return watched && watched->here ? watched : NULL;
}

static int
add_name(void *arg, const char *name)
{
	struct watch *watch = arg;
	struct watched *list;

	if (find(watch, name))
		return CH_OK;
	list = realloc(watch->list, (watch->n + 1) * sizeof(*list));
	if (!list)
		say_memory();
	watch->list = list;
	list[watch->n] = (struct watched){ .name = strdup(name) };
	if (!list[watch->n++].name)
		say_memory();
	return CH_OK;
}

static int
by_name(const void *a, const void *b)
{
	const struct watched *one = a, *other = b;

	return strcmp(one->name, other->name);
}

/* The groups there are now that match, in order. */
static int
add_groups(struct watch *watch, const char *glob, struct ch_err *err)
{
	size_t before = watch->n;
	int rc = ch_groups(watch->layer, glob, add_name, watch, err);

	if (rc != CH_OK)
		return rc;
	if (watch->n == before)
		say_note("no group matches %s", glob);
	else
		qsort(watch->list + before, watch->n - before,
		    sizeof(*watch->list), by_name);
	return CH_OK;
}

static int
resolve(struct watch *watch, char *const *operands, struct ch_err *err)
{
	int rc = CH_OK;

	for (; rc == CH_OK && *operands; operands++) {
		if (watch->channels || !ch_name_is_glob(*operands))
			add_name(watch, *operands);
		else
			rc = add_groups(watch, *operands, err);
	}
	if (rc == CH_OK && !watch->n)
		rc = ch_err_set(err, CH_NONE, "no group to watch");
	return rc;
}

/* --- groups -------------------------------------------------------------- */

struct others {
	const struct watch *watch;
	uint64_t n;
};

static int
count_other(void *arg, const char *channel)
{
	struct others *others = arg;

	if (strncmp(channel, others->watch->prefix,
	    strlen(others->watch->prefix)))
		others->n++;
	return CH_OK;
}

/* The channel of ours that is in the group, or was. */
static int
member_name(const struct watch *watch, const struct watched *watched,
    char name[CH_NAME_MAX + 1], struct ch_err *err)
{
	size_t i = (size_t)(watched - watch->list);

	if ((size_t)snprintf(name, CH_NAME_MAX + 1, "%s%zu", watch->prefix,
	    i) > CH_NAME_MAX)
		return ch_err_set(err, CH_USAGE, "too many groups");
	return CH_OK;
}

/* Join the group, and say who is there. */
static int
join_group(struct watch *watch, struct watched *watched, struct ch_err *err)
{
	struct others others = { .watch = watch };
	char channel[CH_NAME_MAX + 1];
	int rc = member_name(watch, watched, channel, err);

	if (rc == CH_OK)
		rc = ch_group_add(watch->layer, watched->name, channel, err);
	if (rc == CH_OK)
		rc = ch_group_members(watch->layer, watched->name, NULL,
		    count_other, &others, err);
	if (rc == CH_OK)
		say_note("watching %s, %" PRIu64 " other member%s",
		    watched->name, others.n, others.n == 1 ? "" : "s");
	return rc;
}

static int
leave_group(struct watch *watch, struct watched *watched, struct ch_err *err)
{
	char channel[CH_NAME_MAX + 1];
	int rc = member_name(watch, watched, channel, err);

	return rc == CH_OK ? ch_group_discard(watch->layer, watched->name,
	    channel, err) : rc;
}

const char *
watch_group(const struct watch *watch, const struct ch_message *message)
{
	size_t len = strlen(watch->prefix);
	char *end;
	unsigned long i;

	if (watch->channels || strncmp(message->channel, watch->prefix, len))
		return NULL;
	i = strtoul(message->channel + len, &end, 10);
	return *end || i >= watch->n ? NULL : watch->list[i].name;
}

/* --- channels ------------------------------------------------------------ */

static int
watch_one(struct watch *watch, struct watched *watched, struct ch_err *err)
{
	const char *names[] = { watched->name };
	int rc = ch_receiver_new(&watched->receiver, watch->layer, names, 1,
	    CH_WATCH, err);

	if (rc == CH_OK)
		say_note("watching %s", watched->name);
	return rc;
}

/* One receiver for all, which is fair between them. */
static int
watch_all(struct watch *watch, struct ch_err *err)
{
	const char **names = calloc(watch->n, sizeof(*names));
	int rc;

	if (!names)
		say_memory();
	for (size_t i = 0; i < watch->n; i++)
		names[i] = watch->list[i].name;
	rc = ch_receiver_new(&watch->receiver, watch->layer, names, watch->n,
	    CH_WATCH, err);
	free(names);
	for (size_t i = 0; rc == CH_OK && i < watch->n; i++) {
		watch->list[i].here = 1;
		say_note("watching %s", watch->list[i].name);
	}
	return rc;
}

/* --- all of them --------------------------------------------------------- */

static int
enter(struct watch *watch, struct watched *watched, struct ch_err *err)
{
	int rc = watch->channels ? watch_one(watch, watched, err)
				 : join_group(watch, watched, err);

	watched->here = rc == CH_OK;
	return rc;
}

static int
own_prefix(struct watch *watch, struct ch_err *err)
{
	const char *names[] = { watch->prefix };
	int rc = ch_own_random(watch->layer, "chtail", watch->prefix, err);

	return rc == CH_OK ? ch_receiver_new(&watch->receiver, watch->layer,
	    names, 1, 0, err) : rc;
}

int
watch_open(struct watch *watch, struct ch_layer *layer, char *const *operands,
    struct ch_err *err)
{
	int rc;

	watch->layer = layer;
	rc = resolve(watch, operands, err);
	if (rc == CH_OK && watch->channels && !watch->each)
		return watch_all(watch, err);
	if (rc == CH_OK && !watch->channels)
		rc = own_prefix(watch, err);
	for (size_t i = 0; rc == CH_OK && i < watch->n; i++)
		rc = enter(watch, &watch->list[i], err);
	return rc;
}

int
watch_join(struct watch *watch, const char *name, struct ch_err *err)
{
	int rc = ch_name_check(name,
	    watch->channels ? CH_TO_RECEIVE : CH_TO_JOIN, err);

	if (rc != CH_OK || watch_find(watch, name))
		return rc;
	add_name(watch, name);
	return enter(watch, find(watch, name), err);
}

int
watch_leave(struct watch *watch, const char *name, struct ch_err *err)
{
	struct watched *watched = watch_find(watch, name);

	if (!watched)
		return ch_err_set(err, CH_NONE, "%s is not watched", name);
	watched->here = 0;
	if (!watch->channels)
		return leave_group(watch, watched, err);
	ch_receiver_free(watched->receiver);
	watched->receiver = NULL;
	return CH_OK;
}

int
watch_is_many(const struct watch *watch)
{
	size_t n = 0;

	for (size_t i = 0; i < watch->n; i++)
		if (watch->list[i].here)
			n += ch_name_is_glob(watch->list[i].name) ? 2 : 1;
	return n > 1;
}

void
watch_missed(struct watch *watch, int now)
{
	uint64_t missed = 0;

	if (!now && ch_clock() - watch->when < 1000)
		return;
	if (watch->receiver)
		missed = ch_receiver_missed(watch->receiver);
	for (size_t i = 0; i < watch->n; i++)
		if (watch->list[i].receiver)
			missed += ch_receiver_missed(watch->list[i].receiver);
	if (missed <= watch->said)
		return;
	watch->said = missed;
	watch->when = ch_clock();
	say_note("missed %" PRIu64 " messages so far", missed);
}

void
watch_close(struct watch *watch)
{
	ch_receiver_free(watch->receiver);
	for (size_t i = 0; i < watch->n; i++) {
		ch_receiver_free(watch->list[i].receiver);
		free(watch->list[i].name);
	}
	free(watch->list);
}
