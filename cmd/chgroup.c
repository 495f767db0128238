/* chgroup.c - looks after groups: members, lists, sends to all. */
#include "channel.h"

#include "base/err.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"
#include "common/send.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct send sending = SEND_INIT;
static const char *store, *glob;
static int json;

static const struct opt options[] = {
	OPT_STRING(0, "match", &glob, "GLOB",
	    "list, members, count: those that match"),
	OPT_FLAG(0, "json", &json,
	    "list, members, count: one object a line"),
	SEND_OPTIONS(&sending),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chgroup",
	.usage = "add|discard|has GROUP CHANNEL...\n"
		 "       chgroup members [--match GLOB] [--json] GROUP\n"
		 "       chgroup list|count [--match GLOB] [--json] [GROUP]\n"
		 "       chgroup send [OPTION...] GROUP [MESSAGE...]\n"
		 "       chgroup drop GROUP...",
	.options = options,
	.examples = "  chgroup add chat 'websocket.send.x!1'\n"
		    "  chgroup count --match 'websocket.*' chat\n"
		    "  chgroup send chat text=hello\n",
};

/* --- names in order ----------------------------------------------------- */

struct names {
	char **items;
	size_t n;
	size_t room;
};

static int
add_name(void *arg, const char *name)
{
	struct names *names = arg;
	char **items;

	if (names->n == names->room) {
		names->room = names->room ? names->room * 2 : 64;
		items = realloc(names->items, names->room * sizeof(*items));
		if (!items)
			say_memory();
		names->items = items;
	}
	names->items[names->n] = strdup(name);
	if (!names->items[names->n++])
		say_memory();
	return CH_OK;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_names(struct names *names)
{
	if (names->n)
		qsort(names->items, names->n, sizeof(*names->items), by_name);
}

static void
free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
}

static int
count_name(void *arg, const char *name)
{
	(void)name;
	++*(uint64_t *)arg;
	return CH_OK;
}

/* --- verbs -------------------------------------------------------------- */

/* Runs for each channel behind the group; the first failure counts. */
static int
each_channel(struct ch_layer *layer, char **operands,
    int (*each)(struct ch_layer *layer, const char *group,
	const char *channel, struct ch_err *err),
    struct ch_err *err)
{
	struct ch_err one = CH_ERR_INIT;
	int first = CH_OK, rc;

	for (size_t i = 1; operands[i]; i++) {
		rc = each(layer, operands[0], operands[i], &one);
		if (rc != CH_OK && first == CH_OK) {
			first = rc;
			*err = one;
		}
	}
	return first;
}

static int
verb_add(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	return each_channel(layer, operands, ch_group_add, err);
}

static int
verb_discard(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	return each_channel(layer, operands, ch_group_discard, err);
}

static int
has(struct ch_layer *layer, const char *group, const char *channel,
    struct ch_err *err)
{
	int rc = ch_group_has(layer, group, channel, err);

	if (rc == CH_NONE)
		ch_err_set(err, rc, "%s is not in %s", channel, group);
	return rc;
}

static int
verb_has(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	return each_channel(layer, operands, has, err);
}

/* A group and how many of its members `match`, as JSON or the number alone. */
static int
put_count(struct ch_layer *layer, const char *group, const char *match,
    struct ch_err *err)
{
	uint64_t n = 0;
	int rc;

	rc = ch_group_members(layer, group, match, count_name, &n, err);
	if (rc == CH_OK && json)
		put_format(&out, "{\"group\":\"%s\",\"members\":%" PRIu64
		    "}\n", group, n);
	else if (rc == CH_OK)
		put_format(&out, "%" PRIu64 "\n", n);
	return rc;
}

static int
verb_list(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	struct names names = { NULL, 0, 0 };
	int rc;

	rc = ch_groups(layer, glob ? glob : operands[0], add_name, &names,
	    err);
	sort_names(&names);
	for (size_t i = 0; rc == CH_OK && i < names.n; i++) {
		if (json)
			rc = put_count(layer, names.items[i], NULL, err);
		else
			put_format(&out, "%s\n", names.items[i]);
	}
	free_names(&names);
	return rc;
}

static int
verb_members(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	struct names names = { NULL, 0, 0 };
	int rc;

	rc = ch_group_members(layer, operands[0], glob, add_name, &names, err);
	sort_names(&names);
	for (size_t i = 0; rc == CH_OK && i < names.n; i++)
		put_format(&out, json ? "{\"channel\":\"%s\"}\n" : "%s\n",
		    names.items[i]);
	free_names(&names);
	return rc;
}

/* Of a group, or of all groups. */
static int
verb_count(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	uint64_t n = 0;
	int rc;

	if (operands[0])
		return put_count(layer, operands[0], glob, err);
	rc = ch_groups(layer, glob, count_name, &n, err);
	if (rc == CH_OK)
		put_format(&out, json ? "{\"groups\":%" PRIu64 "}\n"
				      : "%" PRIu64 "\n", n);
	return rc;
}

static int
verb_send(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	(void)operands;
	err->text[0] = '\0'; /* the run says its errors itself */
	sending.layer = layer;
	return send_run(&sending);
}

static int
verb_drop(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	int rc = CH_OK;

	for (; rc == CH_OK && *operands; operands++)
		rc = ch_group_drop(layer, *operands, err);
	return rc;
}

enum takes {
	CHANNELS, /* a group and channels */
	GROUP,    /* one group */
	PERHAPS,  /* one group or none */
	GROUPS,   /* one or more */
	MESSAGES  /* what chsend -g does */
};

static const struct verb {
	const char *name;
	enum takes takes;
	int (*run)(struct ch_layer *layer, char **operands,
	    struct ch_err *err);
} verbs[] = {
	{ "add", CHANNELS, verb_add },
	{ "discard", CHANNELS, verb_discard },
	{ "has", CHANNELS, verb_has },
	{ "list", PERHAPS, verb_list },
	{ "members", GROUP, verb_members },
	{ "count", PERHAPS, verb_count },
	{ "send", MESSAGES, verb_send },
	{ "drop", GROUPS, verb_drop },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *
find_verb(const char *name)
{
	const char *names[VERBS + 1] = { NULL };

	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i].name;
	return &verbs[opt_verb(&program, name, names)];
}

/* --- the program -------------------------------------------------------- */

static int
has_send_options(void)
{
	return sending.raw || sending.bytes || sending.null || sending.full ||
	    sending.delay >= 0 || sending.at >= 0 || sending.expiry >= 0 ||
	    sending.exclude;
}

static void
check_operands(const struct verb *verb, char **operands)
{
	size_t n = opt_operands(operands);
	int looks = verb->takes == GROUP || verb->takes == PERHAPS;

	if (verb->takes != MESSAGES && has_send_options())
		opt_wrong(&program, "%s takes none of send's options",
		    verb->name);
	if (!looks && (glob || json))
		opt_wrong(&program, "%s takes no --match and no --json",
		    verb->name);
	if (!n && verb->takes != PERHAPS)
		opt_wrong(&program, "%s: no GROUP", verb->name);
	if (n < 2 && verb->takes == CHANNELS)
		opt_wrong(&program, "%s: no CHANNEL", verb->name);
	if (n > 1 && looks)
		opt_wrong(&program, "%s: one GROUP at a time", verb->name);
	if (n && glob && verb->run == verb_list)
		opt_wrong(&program, "list: either GROUP or --match");
}

static int
check_names(const struct verb *verb, char **operands, struct ch_err *err)
{
	enum ch_use use = verb->run == verb_list ? CH_TO_MATCH : CH_TO_JOIN;
	int rc = glob ? ch_name_check(glob, CH_TO_MATCH, err) : CH_OK;

	for (size_t i = 0; rc == CH_OK && operands[i]; i++) {
		rc = ch_name_check(operands[i], use, err);
		if (verb->takes == CHANNELS)
			use = CH_TO_SEND;
	}
	return rc;
}

int
main(int argc, char *argv[])
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	const struct verb *verb;
	int rc;

	argv = opt_parse(&program, argc, argv);
	verb = find_verb(*argv);
	check_operands(verb, ++argv);
	if (verb->takes == MESSAGES) {
		sending.group = 1;
		sending.deadline = CH_NEVER;
		rc = send_operands(&sending, argv, &program, &err);
	} else {
		rc = check_names(verb, argv, &err);
	}
	if (rc == CH_OK)
		rc = ch_open(&layer, store, &err);
	if (rc == CH_OK) {
		say_more("store: %s", ch_location(layer));
		rc = verb->run(layer, argv, &err);
	}
	if (rc == CH_OK)
		rc = out_flush(CH_NEVER, &err);
	ch_close(layer);
	return say_status(rc, &err);
}
