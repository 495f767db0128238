/*
 * walk.c - walks over what a layer holds. The backend is asked for all of it
 * under the mutex, and the user is called after that, so that callbacks may
 * call the library. What was found before, or beside, a failure is passed on.
 */
#include "layer/front.h"

#include "base/buf.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

/* What was collected: structs one after another, and strings of their own. */
struct bag {
	struct ch_buf items;
	struct ch_buf strings; /* char *, all to be freed */
	struct ch_err *err;
};

static void
bag_release(struct bag *bag)
{
	char **strings = (char **)(void *)bag->strings.data;
	size_t i, n = bag->strings.len / sizeof(*strings);

	for (i = 0; i < n; i++)
		free(strings[i]);
	ch_buf_release(&bag->strings);
	ch_buf_release(&bag->items);
}

/* A copy of n bytes and a NUL that lives as long as the bag; NULL: no room. */
static char *
bag_copy(struct bag *bag, const char *bytes, size_t n)
{
	char *copy = malloc(n + 1);

	if (!copy || ch_buf_add(&bag->strings, &copy, sizeof(copy)) < 0) {
		free(copy);
		ch_err_memory(bag->err);
		return NULL;
	}
	memcpy(copy, bytes, n);
	copy[n] = '\0';
	return copy;
}

static int
bag_add(struct bag *bag, const void *item, size_t size)
{
	return ch_buf_add(&bag->items, item, size) < 0 ?
	    ch_err_memory(bag->err) : CH_OK;
}

static int
collect_name(void *arg, const char *name)
{
	char *copy = bag_copy(arg, name, strlen(name));

	return copy ? bag_add(arg, &copy, sizeof(copy)) : CH_IO;
}

static int
collect_channel(void *arg, const struct ch_channel_stat *stat)
{
	struct ch_channel_stat item = *stat;

	item.channel = bag_copy(arg, stat->channel, strlen(stat->channel));
	return item.channel ? bag_add(arg, &item, sizeof(item)) : CH_IO;
}

static int
collect_group(void *arg, const struct ch_group_stat *stat)
{
	struct ch_group_stat item = *stat;

	item.group = bag_copy(arg, stat->group, strlen(stat->group));
	return item.group ? bag_add(arg, &item, sizeof(item)) : CH_IO;
}

static int
collect_message(void *arg, const struct ch_message *message)
{
	struct ch_message item = *message;

	item.channel = bag_copy(arg, message->channel,
	    strlen(message->channel));
	item.text = bag_copy(arg, message->text, message->len);
	return item.channel && item.text ?
	    bag_add(arg, &item, sizeof(item)) : CH_IO;
}

/* Check the glob of a walk and enter. */
static int
enter(struct ch_layer *layer, const char *glob, struct ch_err *err)
{
	int rc = glob ? ch_name_check(glob, CH_TO_MATCH, err) : CH_OK;

	return rc == CH_OK ? ch_front_enter(layer, err) : rc;
}

int
ch_group_members(struct ch_layer *layer, const char *group, const char *glob,
    int (*each)(void *arg, const char *channel), void *arg,
    struct ch_err *err)
{
	struct bag bag = { CH_BUF_INIT, CH_BUF_INIT, err };
	char **names;
	size_t i, n;
	int rc, ended = 0;

	rc = ch_name_check(group, CH_TO_JOIN, err);
	if (rc == CH_OK)
		rc = enter(layer, glob, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->group_members(layer, group, glob, collect_name,
	    &bag, err);
	ch_front_leave(layer);
	names = (char **)(void *)bag.items.data;
	n = bag.items.len / sizeof(*names);
	for (i = 0; i < n && !ended; i++)
		ended = each(arg, names[i]);
	bag_release(&bag);
	return ended ? ended : rc;
}

int
ch_stat_channels(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err)
{
	struct bag bag = { CH_BUF_INIT, CH_BUF_INIT, err };
	struct ch_channel_stat *stats;
	size_t i, n;
	int rc, ended = 0;

	rc = enter(layer, glob, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->stat_channels(layer, glob, collect_channel, &bag,
	    err);
	ch_front_leave(layer);
	stats = (struct ch_channel_stat *)(void *)bag.items.data;
	n = bag.items.len / sizeof(*stats);
	for (i = 0; i < n && !ended; i++)
		ended = each(arg, &stats[i]);
	bag_release(&bag);
	return ended ? ended : rc;
}

int
ch_stat_groups(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_group_stat *stat), void *arg,
    struct ch_err *err)
{
	struct bag bag = { CH_BUF_INIT, CH_BUF_INIT, err };
	struct ch_group_stat *stats;
	size_t i, n;
	int rc, ended = 0;

	rc = enter(layer, glob, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->stat_groups(layer, glob, collect_group, &bag,
	    err);
	ch_front_leave(layer);
	stats = (struct ch_group_stat *)(void *)bag.items.data;
	n = bag.items.len / sizeof(*stats);
	for (i = 0; i < n && !ended; i++)
		ended = each(arg, &stats[i]);
	bag_release(&bag);
	return ended ? ended : rc;
}

int
ch_peek(struct ch_layer *layer, const char *channel, size_t max,
    int (*each)(void *arg, const struct ch_message *message), void *arg,
    struct ch_err *err)
{
	struct bag bag = { CH_BUF_INIT, CH_BUF_INIT, err };
	struct ch_message *messages;
	size_t i, n;
	int rc, ended = 0;

	rc = ch_name_check(channel, CH_TO_RECEIVE, err);
	if (rc == CH_OK && ch_name_is_glob(channel))
		rc = ch_err_set(err, CH_USAGE, "one channel at a time");
	if (rc == CH_OK)
		rc = ch_front_enter(layer, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->peek(layer, channel, max, collect_message, &bag,
	    err);
	ch_front_leave(layer);
	messages = (struct ch_message *)(void *)bag.items.data;
	n = bag.items.len / sizeof(*messages);
	for (i = 0; i < n && !ended; i++)
		ended = each(arg, &messages[i]);
	bag_release(&bag);
	return ended ? ended : rc;
}

/* --- groups by name ----------------------------------------------------- */

struct name_walk {
	int (*each)(void *arg, const char *group);
	void *arg;
};

static int
pass_name(void *arg, const struct ch_group_stat *stat)
{
	const struct name_walk *walk = arg;

	return stat->members ? walk->each(walk->arg, stat->group) : 0;
}

int
ch_groups(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const char *group), void *arg,
    struct ch_err *err)
{
	struct name_walk walk = { each, arg };

	return ch_stat_groups(layer, glob, pass_name, &walk, err);
}
