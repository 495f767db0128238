/* main.c - chwork: run a consumer for each message. */
#include "channel.h"
#include "chwork/load.h"
#include "chwork/spawn.h"
#include "chwork/worker.h"
#include "common/opt.h"
#include "common/say.h"

#include <stdlib.h>
#include <unistd.h>

static const char *store, *takes;
static uint64_t jobs;
static int check, once;
static struct opt_list inline_routes, only, exclude;

static const struct opt options[] = {
	OPT_COUNT('j', "jobs", &jobs, "N", "commands of exec run at once"),
	OPT_LIST('r', "route", &inline_routes, "ROUTE",
	    "use this route, before those of the files"),
	OPT_FLAG(0, "once", &once, "handle what is there, then end"),
	OPT_LIST(0, "only", &only, "GLOB",
	    "only routes whose CHANNEL matches GLOB"),
	OPT_LIST(0, "exclude", &exclude, "GLOB",
	    "no routes whose CHANNEL matches GLOB"),
	OPT_FLAG(0, "check", &check, "read the routes, then end"),
	OPT_STRING(0, "takes", &takes, "CHANNEL",
	    "the same; status 1 if no route is for CHANNEL"),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chwork",
	.usage = "[-j N] [--once] [--only GLOB] [--exclude GLOB] [--check] "
		 "[--takes CHANNEL] [-r ROUTE]... [FILE...]",
	.options = options,
	.examples =
	    "  chwork routes                               work by this file\n"
	    "  chwork --check routes                       is it sound?\n"
	    "  chwork -r 'thumb.make exec ./thumb'         one route\n"
	    "  chwork -j 4 -r 'mail.* exec --timeout 30 ./mail'\n",
};

static void
tell_wrong(const char *place, unsigned column, const char *what)
{
	say_error("%s:%u: %s", place, column, what);
}

/* All that the command line names; errors are counted in routes. */
static void
load(struct routes *routes, char *const *files, const char *path)
{
	char wrong[256];

	for (size_t i = 0; i < inline_routes.n; i++)
		load_option(routes, inline_routes.items[i], i + 1);
	for (size_t i = 0; files[i]; i++)
		load_file(routes, files[i]);
	if (!routes->errors && (only.n || exclude.n) &&
	    routes_select(routes, &only, &exclude, wrong, sizeof(wrong)) < 0)
		opt_wrong(&program, "%s", wrong);
	load_commands(routes, path);
	if (!routes->errors && !routes->n) {
		say_error("no route in %s", *files ? files[0] : "-r");
		routes->errors++;
	}
}

static size_t
processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (size_t)n : 1;
}

static int
run(struct routes *routes, const char *path, struct ch_err *err)
{
	struct worker worker = { .routes = routes, .once = once,
		.jobs = jobs ? jobs : processors() };
	int rc = ch_open(&worker.layer, store, err);

	if (rc != CH_OK)
		return rc;
	environ_init(&worker.environment, ch_location(worker.layer), path);
	rc = worker_run(&worker, err);
	environ_release(&worker.environment);
	ch_close(worker.layer);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct routes routes = { .wrong = tell_wrong };
	struct ch_err err = CH_ERR_INIT;
	int rc = CH_OK;
	char *path;

	argv = opt_parse(&program, argc, argv);
	if (!*argv && !inline_routes.n)
		opt_wrong(&program, "no routes: name a FILE, or give -r ROUTE");
	if (takes && ch_name_check(takes, CH_TO_SEND, &err) != CH_OK)
		return say_status(err.status, &err);
	spawn_init();
	path = load_path();
	load(&routes, argv, path);
	if (routes.errors)
		rc = CH_CONFIG;
	else if (takes)
		rc = routes_take(&routes, takes) ? CH_OK : CH_NONE;
	else if (!check)
		rc = run(&routes, path, &err);
	routes_release(&routes);
	free(path);
	return say_status(rc, &err);
}
