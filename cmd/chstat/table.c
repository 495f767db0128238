/* table.c - channels and groups: a table for people, JSON for programs. */
#include "chstat/table.h"

#include "common/out.h"
#include "common/put.h"
#include "common/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names in these are our own copies. */
struct found {
	struct ch_channel_stat *channels;
	size_t nchannels;
	struct ch_group_stat *groups;
	size_t ngroups;
};

/* --- what matches ------------------------------------------------------- */

/* A walk for patterns[n]: what an earlier one matches was there already. */
struct walk {
	char *const *patterns;
	size_t n;
	int (*channel)(void *arg, const struct ch_channel_stat *stat);
	int (*group)(void *arg, const struct ch_group_stat *stat);
	void *arg;
};

static int
was_there(const struct walk *walk, const char *name)
{
	for (size_t i = 0; i < walk->n; i++)
		if (ch_glob_match(walk->patterns[i], name))
			return 1;
	return 0;
}

static int
pass_channel(void *arg, const struct ch_channel_stat *stat)
{
	const struct walk *walk = arg;

	return was_there(walk, stat->channel) ? CH_OK :
	    walk->channel(walk->arg, stat);
}

static int
pass_group(void *arg, const struct ch_group_stat *stat)
{
	const struct walk *walk = arg;

	return was_there(walk, stat->group) ? CH_OK :
	    walk->group(walk->arg, stat);
}

/* One that fails does not keep us from the others; the first is told. */
static int
walk_all(struct ch_layer *layer, struct walk *walk, struct ch_err *err)
{
	struct ch_err later = CH_ERR_INIT;
	const char *pattern;
	int rc = CH_OK, one;

	do {
		pattern = walk->patterns[walk->n];
		one = walk->channel ? ch_stat_channels(layer, pattern,
		    pass_channel, walk, rc == CH_OK ? err : &later) :
		    ch_stat_groups(layer, pattern, pass_group, walk,
		    rc == CH_OK ? err : &later);
		if (rc == CH_OK)
			rc = one;
	} while (pattern && walk->patterns[++walk->n]);
	return rc;
}

int
table_channels(struct ch_layer *layer, char *const *patterns,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err)
{
	struct walk walk = { patterns, 0, each, NULL, arg };

	return walk_all(layer, &walk, err);
}

static int
table_groups(struct ch_layer *layer, char *const *patterns,
    int (*each)(void *arg, const struct ch_group_stat *stat), void *arg,
    struct ch_err *err)
{
	struct walk walk = { patterns, 0, NULL, each, arg };

	return walk_all(layer, &walk, err);
}

/* --- gathering ---------------------------------------------------------- */

/* Room for one more of `size` behind n items, which grow by doubling. */
static void *
grow(void *items, size_t n, size_t size)
{
	if (n & (n - 1))
		return items;
	items = realloc(items, (n ? n * 2 : 1) * size);
	if (!items)
		say_memory();
	return items;
}

static const char *
copy(const char *name)
{
	char *own = strdup(name);

	if (!own)
		say_memory();
	return own;
}

static int
add_channel(void *arg, const struct ch_channel_stat *stat)
{
	struct found *found = arg;
	struct ch_channel_stat *last;

	found->channels =
	    grow(found->channels, found->nchannels, sizeof(*stat));
	last = &found->channels[found->nchannels++];
	*last = *stat;
	last->channel = copy(stat->channel);
	return CH_OK;
}

static int
add_group(void *arg, const struct ch_group_stat *stat)
{
	struct found *found = arg;
	struct ch_group_stat *last;

	found->groups = grow(found->groups, found->ngroups, sizeof(*stat));
	last = &found->groups[found->ngroups++];
	*last = *stat;
	last->group = copy(stat->group);
	return CH_OK;
}

static int
by_channel(const void *a, const void *b)
{
	const struct ch_channel_stat *left = a, *right = b;

	return strcmp(left->channel, right->channel);
}

static int
by_group(const void *a, const void *b)
{
	const struct ch_group_stat *left = a, *right = b;

	return strcmp(left->group, right->group);
}

static int
gather(struct ch_layer *layer, char *const *patterns, struct found *found,
    struct ch_err *err)
{
	int rc = table_channels(layer, patterns, add_channel, found, err);
	int last = table_groups(layer, patterns, add_group, found,
	    rc == CH_OK ? err : NULL);

	if (found->nchannels)
		qsort(found->channels, found->nchannels,
		    sizeof(*found->channels), by_channel);
	if (found->ngroups)
		qsort(found->groups, found->ngroups, sizeof(*found->groups),
		    by_group);
	return rc == CH_OK ? last : rc;
}

static void
release(struct found *found)
{
	for (size_t i = 0; i < found->nchannels; i++)
		free((void *)(uintptr_t)found->channels[i].channel);
	for (size_t i = 0; i < found->ngroups; i++)
		free((void *)(uintptr_t)found->groups[i].group);
	free(found->channels);
	free(found->groups);
}

/* --- for programs ------------------------------------------------------- */

static void
put_channel_json(const struct ch_channel_stat *stat)
{
	put_format(&out, "{\"channel\":\"%s\",\"pending\":%" PRIu64
	    ",\"oldest\":", stat->channel, stat->pending);
	if (stat->oldest < 0)
		put_string(&out, "null");
	else
		put_format(&out, "%" PRId64 ".%03d", stat->oldest / 1000,
		    (int)(stat->oldest % 1000));
	put_format(&out,
	    ",\"capacity\":%" PRIu64 ",\"waiting\":%" PRIu64
	    ",\"sent\":%" PRIu64 ",\"received\":%" PRIu64
	    ",\"expired\":%" PRIu64 ",\"full\":%" PRIu64 "}\n",
	    stat->capacity, stat->waiting, stat->sent, stat->received,
	    stat->expired, stat->full);
}

static void
put_json(const struct found *found)
{
	for (size_t i = 0; i < found->nchannels; i++)
		put_channel_json(&found->channels[i]);
	for (size_t i = 0; i < found->ngroups; i++) {
		const struct ch_group_stat *stat = &found->groups[i];

		put_format(&out,
		    "{\"group\":\"%s\",\"members\":%" PRIu64
		    ",\"sent\":%" PRIu64 ",\"missed\":%" PRIu64 "}\n",
		    stat->group, stat->members, stat->sent, stat->missed);
	}
}

/* --- for people --------------------------------------------------------- */

void
table_put_age(int64_t ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
		{ "s", 1000 } };
	char text[32] = "-";
	size_t i = 0;

	if (ms >= 0) {
		while (i < 3 && ms < 2 * units[i].ms)
			i++;
		snprintf(text, sizeof(text), "%" PRId64 "%s",
		    ms / units[i].ms, units[i].unit);
	}
	put_format(&out, " %6s", text);
}

static int
widest(const struct found *found)
{
	size_t width = strlen("CHANNEL"), len;

	for (size_t i = 0; i < found->nchannels; i++) {
		len = strlen(found->channels[i].channel);
		width = len > width ? len : width;
	}
	for (size_t i = 0; i < found->ngroups; i++) {
		len = strlen(found->groups[i].group);
		width = len > width ? len : width;
	}
	return (int)width;
}

static void
put_channels(const struct found *found, int width)
{
	put_format(&out, "\n%-*s %7s %7s %6s %8s %7s %8s %8s %7s %5s\n", width,
	    "CHANNEL", "PENDING", "DELAYED", "OLDEST", "CAPACITY", "WAITING",
	    "SENT", "RECEIVED", "EXPIRED", "FULL");
	for (size_t i = 0; i < found->nchannels; i++) {
		const struct ch_channel_stat *stat = &found->channels[i];

		put_format(&out, "%-*s %7" PRIu64 " %7" PRIu64, width,
		    stat->channel, stat->pending, stat->delayed);
		table_put_age(stat->oldest);
		put_format(&out,
		    " %8" PRIu64 " %7" PRIu64 " %8" PRIu64 " %8" PRIu64
		    " %7" PRIu64 " %5" PRIu64 "\n",
		    stat->capacity, stat->waiting, stat->sent, stat->received,
		    stat->expired, stat->full);
		if (stat->lost)
			put_format(&out, "%-*s %7" PRIu64
			    " lost in a reboot\n", width, "", stat->lost);
	}
}

static void
put_groups(const struct found *found, int width)
{
	put_format(&out, "\n%-*s %7s %7s %7s\n", width, "GROUP", "MEMBERS",
	    "SENT", "MISSED");
	for (size_t i = 0; i < found->ngroups; i++) {
		const struct ch_group_stat *stat = &found->groups[i];

		put_format(&out,
		    "%-*s %7" PRIu64 " %7" PRIu64 " %7" PRIu64 "\n", width,
		    stat->group, stat->members, stat->sent, stat->missed);
	}
}

int
table_print(struct ch_layer *layer, char *const *patterns, int json,
    struct ch_err *err)
{
	struct found found = { 0 };
	int rc = gather(layer, patterns, &found, err);

	if (json) {
		put_json(&found);
	} else {
		put_format(&out, "store: %s\n", ch_location(layer));
		if (found.nchannels)
			put_channels(&found, widest(&found));
		if (found.ngroups)
			put_groups(&found, widest(&found));
	}
	release(&found);
	return rc;
}
