/* main.c - chwork: run a consumer for each message. */
#include "base/clock.h"
#include "base/err.h"
#include "channel.h"
#include "chwork/command.h"
#include "chwork/explain.h"
#include "chwork/guard.h"
#include "chwork/hooks.h"
#include "chwork/load.h"
#include "chwork/recur.h"
#include "chwork/spawn.h"
#include "chwork/worker.h"
#include "common/manager.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/say.h"
#include "common/when.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MOST 16777216 /* bytes of one to be explained */

static const char *store, *takes, *message;
static uint64_t jobs;
static int check, once, watch, default_accept;
static int64_t drain_timeout = 30000;
static struct sources sources;
static struct hooks hooks;

static const struct opt options[] = {
	OPT_COUNT('j', "jobs", &jobs, "N", "commands of exec run at once"),
	OPT_LIST('r', "route", &sources.options, "ROUTE",
	    "use this route, before those of the files"),
	OPT_FLAG(0, "once", &once, "handle what is there, then end"),
	OPT_LIST(0, "only", &sources.only, "GLOB",
	    "only routes whose CHANNEL matches GLOB"),
	OPT_LIST(0, "exclude", &sources.exclude, "GLOB",
	    "no routes whose CHANNEL matches GLOB"),
	OPT_FLAG(0, "watch", &watch,
	    "read the routes again when they or scripts change"),
	OPT_FLAG(0, "default-accept", &default_accept,
	    "accept connections that no route takes"),
	OPT_DURATION(0, "drain-timeout", &drain_timeout, "D",
	    "when ending, wait so long for commands (30)"),
	OPT_STRING(0, "before", &hooks.before_text, "COMMAND",
	    "run this before the command of each message"),
	OPT_STRING(0, "after", &hooks.after_text, "COMMAND",
	    "run this after it"),
	OPT_CHOICE(0, "log-format", &say_json, "FORMAT", "text|json",
	    "how what is said is written: text|json"),
	OPT_FLAG(0, "check", &check, "read the routes, then end"),
	OPT_STRING(0, "takes", &takes, "CHANNEL",
	    "the same; status 1 if no route is for CHANNEL"),
	OPT_STRING(0, "explain", &message, "MESSAGE",
	    "say what would become of it on CHANNEL, the first operand"),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chwork",
	.usage = "[-j N] [--once] [--only GLOB] [--exclude GLOB] [--watch] "
		 "[--default-accept]\n"
		 "              [--before COMMAND] [--after COMMAND] [--check] "
		 "[--takes CHANNEL]\n"
		 "              [-r ROUTE]... [FILE...]\n"
		 "       chwork --explain MESSAGE CHANNEL [-r ROUTE]... "
		 "[FILE...]",
	.options = options,
	.examples =
	    "  chwork routes                               work by this file\n"
	    "  chwork --check routes                       is it sound?\n"
	    "  chwork --explain '{\"path\":\"/x\"}' websocket.connect routes\n"
	    "  chwork -r 'thumb.make exec ./thumb'         one route\n"
	    "  chwork -j 4 -r 'mail.* exec --timeout 30 ./mail'\n",
};

static void
tell_wrong(const char *place, unsigned column, const char *what)
{
	say_error("%s:%u: %s", place, column, what);
}

static size_t
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (size_t)n : 1;
}

static int
run(struct routes *routes, struct ch_err *err)
{
	struct worker worker = { .routes = routes, .once = once,
		.watch = watch, .sources = &sources,
		.default_accept = default_accept, .hooks = &hooks,
		.drain_timeout = drain_timeout,
		.jobs = jobs ? jobs : processors() };
	int rc = guard_open(err);

	if (rc == CH_OK)
		rc = ch_open(&worker.layer, store, err);
	if (rc != CH_OK)
		return rc;
	environ_init(&worker.environment, ch_location(worker.layer),
	    sources.path);
	rc = worker_run(&worker, err);
	environ_release(&worker.environment);
	ch_close(worker.layer);
	guard_close();
	return rc;
}

/*
 * Take the channel out of the operands: the first, or the last where that
 * comes behind what are files.
 */
static char *
take_channel(char **operands)
{
	size_t n = opt_operands(operands);
	char *first = *operands;

	if (!n)
		opt_wrong(&program, "--explain: a CHANNEL is missing");
	if (n > 1 && access(first, F_OK) == 0 &&
	    access(operands[n - 1], F_OK) < 0) {
		first = operands[n - 1];
		operands[n - 1] = NULL;
	} else {
		memmove(operands, operands + 1, n * sizeof(*operands));
	}
	return first;
}

/* The one message that text is, or CH_REFUSED. */
static int
read_message(struct ch_reader *reader, const char *text,
    struct ch_message *object, struct ch_err *err)
{
	int rc = ch_reader_feed(reader, text, strlen(text), err);

	if (rc == CH_OK)
		rc = ch_reader_feed(reader, "", 0, err);
	if (rc == CH_OK)
		rc = ch_reader_next(reader, object, err);
	return rc == CH_NONE
	    ? ch_err_set(err, CH_REFUSED, "message: none is there") : rc;
}

static int
explain(const struct routes *routes, const char *channel, struct ch_err *err)
{
	struct ch_reader *reader = NULL;
	struct ch_message object;
	struct environment environment;
	int taken = 0, rc;

	rc = ch_name_check(channel, CH_TO_SEND, err);
	if (rc == CH_OK)
		rc = ch_reader_new(&reader, "message", MESSAGE_MOST, '\n',
		    err);
	if (rc == CH_OK)
		rc = read_message(reader, message, &object, err);
	if (rc == CH_OK) {
		environ_init(&environment, store ? store
		    : getenv("CHANNELS_URL"), sources.path);
		taken = explain_put(&out, routes, channel, (struct json){
		    object.text, object.len }, &environment);
		environ_release(&environment);
		rc = out_flush(CH_NEVER, err);
	}
	ch_reader_free(reader);
	return rc == CH_OK && !taken ? CH_NONE : rc;
}

/* When the routes that recur come next, for who wrote them. */
static void
tell_recurring(const struct routes *routes)
{
	char when[64];

	for (size_t i = 0; i < routes->n; i++) {
		const struct route *route = routes->list[i];
		int64_t due;

		if (!route->recur)
			continue;
		due = schedule_next(&route->recur->schedule, ch_clock_real());
		when_local(due, "%Y-%m-%d %H:%M:%S %z", when, sizeof(when));
		say_more("%s: %s: %s: %s", route->place, route->channel,
		    route->recur->text, due < 0 ? "never" : when);
	}
}

static int
work(struct routes *routes, const char *channel, struct ch_err *err)
{
	if (takes)
		return routes_take(routes, takes) ? CH_OK : CH_NONE;
	if (message)
		return explain(routes, channel, err);
	if (!check)
		return run(routes, err);
	say_more("%zu routes", routes_count(routes));
	tell_recurring(routes);
	return CH_OK;
}

/* One that comes before the worker hears of it must not end us. */
static void
hold_hangups(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int
main(int argc, char *argv[])
{
	struct routes routes = { .wrong = tell_wrong, .patient = 1 };
	struct ch_err err = CH_ERR_INIT;
	const char *channel = NULL;
	char wrong[256], *path;
	int rc;

	argv = opt_parse(&program, argc, argv);
	manager_open();
	if (message)
		channel = take_channel(argv);
	if (!*argv && !sources.options.n)
		opt_wrong(&program, "no routes: name a FILE, or give -r ROUTE");
	if (takes && ch_name_check(takes, CH_TO_SEND, &err) != CH_OK)
		return say_status(err.status, &err);
	spawn_init();
	hold_hangups();
	path = command_path();
	sources.files = argv;
	sources.path = path;
	rc = load(&routes, &sources, wrong, sizeof(wrong)) < 0 ||
	    hooks_load(&hooks, path) < 0
	    ? CH_CONFIG : work(&routes, channel, &err);
	routes_release(&routes);
	hooks_release(&hooks);
	free(path);
	manager_close();
	if (*wrong)
		opt_wrong(&program, "%s", wrong);
	return say_status(rc, &err);
}
