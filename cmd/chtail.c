/* chtail.c - watches groups, or channels, live. */
#include "channel.h"

#include "base/err.h"
#include "common/json.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/pump.h"
#include "common/put.h"
#include "common/say.h"
#include "common/show.h"
#include "common/term.h"
#include "common/when.h"

#include <inttypes.h>
#include <locale.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How many messages are taken, and written, at once. */
#define BATCH 256

#define DEFAULT_STAMP "%H:%M:%S"

static struct show show;
static struct pump pump = { .batch = BATCH };
static const char *store, *stamp, *pattern, *field;
static int64_t timeout = -1;
static int follow, channels, color;

static const struct opt options[] = {
	OPT_COUNT('c', "count", &pump.count, "N", "end after N messages"),
	OPT_DURATION('t', "timeout", &timeout, "D", "end after D (124)"),
	OPT_FLAG('f', "follow", &follow, "nothing more: it always follows"),
	OPT_FLAG(0, "channel", &channels,
	    "watch channels, taking nothing out of them"),
	OPT_STRING(0, "grep", &pattern, "RE", "only what matches RE"),
	OPT_STRING(0, "field", &field, "PATH",
	    "--grep looks at this; without it, show this alone"),
	OPT_OPTIONAL('T', "timestamps", &stamp, "FORMAT",
	    "on a terminal: times first, as strftime(3)"),
	OPT_CHOICE(0, "color", &color, "WHEN", TERM_CHOICES,
	    "auto, always or never"),
	SHOW_OPTIONS(&show),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chtail",
	.usage = "[OPTION...] GROUP...\n"
		 "       chtail --channel [OPTION...] CHANNEL...",
	.options = options,
	.examples = "  chtail chat\n"
		    "  chtail -T --grep error 'log*'\n"
		    "  chtail --channel jobs | jq --unbuffered .file\n",
};

/* What is watched, in the order of the command line; globs resolved. */
static struct {
	const char **names; /* groups, or channels as a receiver names them */
	size_t n;
	char prefix[CH_NAME_MAX + 1]; /* "chtail.RANDOM!", ours: behind it */
	                              /* "0" is in the first group, and so on */
	int people;                   /* times and labels have a reader */
	int label;                    /* say the name before each line */
	regex_t regex;
	uint64_t missed; /* as far as said, */
	int64_t said;    /* and when */
} watch;

/* --- showing ------------------------------------------------------------ */

/* The group that was sent to, by the channel of ours that received. */
static const char *
group_of(const struct ch_message *message)
{
	size_t len = strlen(watch.prefix);
	char *end;
	unsigned long i;

	if (channels || strncmp(message->channel, watch.prefix, len))
		return NULL;
	i = strtoul(message->channel + len, &end, 10);
	return *end || i >= watch.n ? NULL : watch.names[i];
}

static int
matches(const struct ch_message *message)
{
	struct json text = { message->text, message->len };
	struct ch_buf bare = CH_BUF_INIT;
	int found;

	if (!pattern)
		return 1;
	if (field)
		text = json_get(text, field, strlen(field));
	if (!text.text)
		return 0;
	json_bare(&bare, text);
	found = !regexec(&watch.regex, bare.data ? bare.data : "", 0, NULL, 0);
	ch_buf_release(&bare);
	return found;
}

static void
put_label(const char *name)
{
	if (show.colors)
		put_format(&out, "%s%s:" TERM_RESET " ", term_color(name),
		    name);
	else
		put_format(&out, "%s: ", name);
}

static void
put_stamp(int64_t time)
{
	char text[256];

	if (when_local(time, *stamp ? stamp : DEFAULT_STAMP, text,
	    sizeof(text)))
		put_format(&out, "%s ", text);
}

/* Say how many messages came too fast, at most once a second. */
static void
say_missed(int now)
{
	uint64_t missed = ch_receiver_missed(pump.receiver);

	if (missed == watch.missed || (!now && ch_clock() - watch.said < 1000))
		return;
	watch.missed = missed;
	watch.said = ch_clock();
	say_note("missed %" PRIu64 " messages so far", missed);
}

static int
show_one(void *arg, const struct ch_message *message)
{
	const char *group = group_of(message);

	(void)arg;
	say_missed(0);
	if (!matches(message))
		return 0;
	if (watch.people && stamp)
		put_stamp(message->time);
	if (watch.label)
		put_label(group ? group : message->channel);
	show_message(&show, message, group);
	return 1;
}

/* --- what to watch ------------------------------------------------------ */

static int
add_name(void *arg, const char *name)
{
	const char **names;

	(void)arg;
	for (size_t i = 0; i < watch.n; i++)
		if (!strcmp(watch.names[i], name))
			return CH_OK;
	names = realloc(watch.names, (watch.n + 1) * sizeof(*names));
	if (!names)
		say_memory();
	watch.names = names;
	names[watch.n] = strdup(name);
	if (!names[watch.n++])
		say_memory();
	return CH_OK;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The groups there are now that match, in order. */
static int
add_groups(struct ch_layer *layer, const char *glob, struct ch_err *err)
{
	size_t before = watch.n;
	int rc = ch_groups(layer, glob, add_name, NULL, err);

	if (rc != CH_OK)
		return rc;
	if (watch.n == before)
		say_note("no group matches %s", glob);
	else
		qsort(watch.names + before, watch.n - before,
		    sizeof(*watch.names), by_name);
	return CH_OK;
}

static int
resolve(struct ch_layer *layer, char *const *operands, struct ch_err *err)
{
	int rc = CH_OK;

	for (; rc == CH_OK && *operands; operands++) {
		if (channels || !ch_name_is_glob(*operands))
			add_name(NULL, *operands);
		else
			rc = add_groups(layer, *operands, err);
	}
	if (rc == CH_OK && !watch.n)
		rc = ch_err_set(err, CH_NONE, "no group to watch");
	return rc;
}

static int
count_other(void *arg, const char *channel)
{
	if (strncmp(channel, watch.prefix, strlen(watch.prefix)))
		++*(uint64_t *)arg;
	return CH_OK;
}

/* Join the group as its number behind our prefix, and say who is there. */
static int
join(struct ch_layer *layer, size_t i, struct ch_err *err)
{
	char channel[CH_NAME_MAX + 1];
	uint64_t others = 0;
	int rc;

	if ((size_t)snprintf(channel, sizeof(channel), "%s%zu", watch.prefix,
	    i) >= sizeof(channel))
		return ch_err_set(err, CH_USAGE, "too many groups");
	rc = ch_group_add(layer, watch.names[i], channel, err);
	if (rc == CH_OK)
		rc = ch_group_members(layer, watch.names[i], NULL, count_other,
		    &others, err);
	if (rc == CH_OK)
		say_note("watching %s, %" PRIu64 " other member%s",
		    watch.names[i], others, others == 1 ? "" : "s");
	return rc;
}

static int
watch_groups(struct ch_layer *layer, struct ch_err *err)
{
	const char *names[] = { watch.prefix };
	int rc;

	rc = ch_own_random(layer, "chtail", watch.prefix, err);
	if (rc == CH_OK)
		rc = ch_receiver_new(&pump.receiver, layer, names, 1, 0, err);
	pump.names = 1;
	for (size_t i = 0; rc == CH_OK && i < watch.n; i++)
		rc = join(layer, i, err);
	return rc;
}

static int
watch_channels(struct ch_layer *layer, struct ch_err *err)
{
	int rc;

	pump.names = watch.n;
	for (size_t i = 0; i < watch.n; i++)
		if (ch_name_is_glob(watch.names[i]))
			pump.names = 0;
	rc = ch_receiver_new(&pump.receiver, layer, watch.names, watch.n,
	    CH_WATCH, err);
	for (size_t i = 0; rc == CH_OK && i < watch.n; i++)
		say_note("watching %s", watch.names[i]);
	return rc;
}

/* --- the program -------------------------------------------------------- */

static void
check_options(void)
{
	char why[128];
	int rc;

	if (!pattern)
		show.field = field;
	show_start(&show, &program);
	watch.people = show.terminal || color == TERM_ALWAYS;
	show.pretty = watch.people;
	show.colors = term_colors(STDOUT_FILENO, color);
	if (stamp && !watch.people)
		say_note("no terminal, no times: -F '{@time} ...' writes them "
			 "anywhere");
	if (stamp || pattern) {
		setlocale(LC_CTYPE, "");
		setlocale(LC_TIME, "");
	}
	if (!pattern)
		return;
	rc = regcomp(&watch.regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (!rc)
		return;
	regerror(rc, &watch.regex, why, sizeof(why));
	opt_wrong(&program, "--grep: '%s': %s", pattern, why);
}

static int
check_names(char *const *operands, struct ch_err *err)
{
	enum ch_use use;
	int rc = CH_OK;

	for (; rc == CH_OK && *operands; operands++) {
		use = ch_name_is_glob(*operands) ? CH_TO_MATCH : CH_TO_JOIN;
		rc = ch_name_check(*operands, channels ? CH_TO_RECEIVE : use,
		    err);
	}
	return rc;
}

static int
run(struct ch_layer *layer, char *const *operands, struct ch_err *err)
{
	int rc = resolve(layer, operands, err);

	/* one glob may be many channels */
	watch.label = watch.people && !show.envelope && !show.format &&
	    (watch.n > 1 || ch_name_is_glob(operands[0]));
	if (rc == CH_OK && channels)
		rc = watch_channels(layer, err);
	else if (rc == CH_OK)
		rc = watch_groups(layer, err);
	if (rc == CH_OK)
		rc = pump_run(&pump, err);
	if (pump.receiver)
		say_missed(1);
	ch_receiver_free(pump.receiver);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	argv = opt_parse(&program, argc, argv);
	pump.deadline = timeout < 0 ? CH_NEVER : ch_clock() + timeout;
	pump.show = show_one;
	check_options();
	if (!argv[0])
		opt_wrong(&program, "no GROUP to watch");
	rc = check_names(argv, &err);
	if (rc == CH_OK)
		rc = out_check(&err);
	if (rc == CH_OK) {
		say_files();
		rc = ch_open(&layer, store, &err);
	}
	if (rc == CH_OK) {
		ch_patience(layer, pump.deadline);
		say_more("store: %s", ch_location(layer));
		rc = run(layer, argv, &err);
	}
	ch_close(layer);
	return say_status(rc, &err);
}
