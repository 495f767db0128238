/*
 * chserve - interface server: WebSockets and files on one side, a channel layer
 * on the other.
 *
 * One connection, in a straight line: listen.c accepts it, conn.c and h1.c
 * make requests of what comes, serve.c finds who answers: a file, or through
 * exchange.c, upgrade.c and bridge.c the consumers. A WebSocket is then
 * carried by ws.c. Here: what is opened before anything is served, and by how
 * many processes; each of them is in process.c.
 */
#include "chserve/announce.h"
#include "chserve/inherit.h"
#include "chserve/metrics.h"
#include "chserve/notify.h"
#include "chserve/places.h"
#include "chserve/process.h"
#include "chserve/settings.h"
#include "chserve/static.h"
#include "chserve/super.h"
#include "chserve/takeover.h"
#include "chserve/tls.h"
#include "chserve/worker.h"

#include "base/err.h"
#include "common/manager.h"
#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct settings *settings;
static char *store; /* where it is */

static int
open_places(struct ch_err *err)
{
	size_t i;
	int n, rc = inherit_count(&n, err);

	places_plan(&settings->plan);
	if (rc == CH_OK && !settings->listens.n)
		rc = n ? places_inherit(n, &process_site, err)
		       : places_open(PLACES_DEFAULT, &process_site, err);
	for (i = 0; rc == CH_OK && i < settings->listens.n; i++)
		rc = places_open(settings->listens.items[i], &process_site,
		    err);
	if (rc == CH_OK && settings->admin)
		rc = places_open(settings->admin, &process_admin, err);
	return rc;
}

/* What is in the root is for everybody: no routes, no messages. */
static int
open_root(struct ch_layer *layer, struct ch_err *err)
{
	const char *root = settings->root, *routes = settings->routes;

	if (!root)
		return CH_OK;
	if (routes && static_has(root, routes))
		return ch_err_set(err, CH_CONFIG,
		    "root %s: the routes file %s is in it", root, routes);
	if (static_has(root, ch_location(layer)))
		return ch_err_set(err, CH_CONFIG,
		    "root %s: the store %s is in it", root,
		    ch_location(layer));
	return static_open(root, err);
}

/* Before processes part: they share what tickets are sealed with. */
static int
open_tls(struct ch_err *err)
{
	if (!settings->tls.n_certs)
		return CH_OK;
	process_site.scheme = "https";
	return tls_open(&settings->tls, err);
}

/* We serve: to be called once, by the process that the user started. */
static int
tell(struct ch_err *err)
{
	char text[256] = "";

	if (settings->workers)
		snprintf(text, sizeof(text), "%llu",
		    (unsigned long long)settings->workers);
	if (settings->routes)
		worker_start(settings->routes, store, text);
	announce_line(text, sizeof(text));
	takeover_offer();
	manager_ready(text);
	if (settings->serve.pages.console)
		announce_console(&process_site);
	return announce(err);
}

static int
tell_parent(struct ch_err *err)
{
	(void)err;
	super_ready();
	return CH_OK;
}

/* What each process of -j does, with a layer of its own. */
static int
live(void)
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	int rc = ch_open(&layer, store, &err);

	if (rc == CH_OK) {
		rc = process_serve(settings, layer, tell_parent, &err);
		process_close();
	}
	places_close();
	ch_close(layer);
	return say_status(rc, &err);
}

static int
run_several(struct ch_err *err)
{
	const struct super super = {
		.jobs = (size_t)settings->jobs,
		.drain = settings->drain_timeout,
		.serve = live,
		.reload = process_reload,
		.ready = tell,
	};

	if (strncmp(store, "mem:", 4) == 0)
		return ch_err_set(err, CH_USAGE,
		    "-j: processes do not share the store %s", store);
	return super_run(&super, err);
}

/* All that can be refused is, before anything is served or forked. */
static int
prepare(struct ch_layer *layer, struct ch_err *err)
{
	int rc;

	say_more("store %s", ch_location(layer));
	store = strdup(ch_location(layer));
	if (!store)
		say_memory();
	rc = open_root(layer, err);
	if (rc == CH_OK)
		rc = metrics_open((unsigned)settings->jobs, err);
	return rc == CH_OK ? open_places(err) : rc;
}

int
main(int argc, char *argv[])
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	settings = settings_read(argc, argv);
	manager_open();
	if (settings->routes) {
		rc = worker_check(settings->routes);
		if (rc)
			return rc;
	}
	rc = ch_open(&layer, settings->store, &err);
	if (rc == CH_OK)
		rc = open_tls(&err);
	if (rc == CH_OK)
		rc = prepare(layer, &err);
	if (rc == CH_OK && settings->jobs > 1) {
		ch_close(layer);
		layer = NULL;
		rc = run_several(&err);
	} else if (rc == CH_OK) {
		metrics_use(0);
		rc = process_serve(settings, layer, tell, &err);
		process_close();
	}
	places_close();
	tls_close();
	static_close();
	ch_close(layer);
	notify_end();
	free(store);
	return say_status(rc, &err);
}
