/*
 * chserve - interface server: WebSockets and files on one side, a channel layer
 * on the other.
 *
 * One connection, in a straight line: listen.c accepts it, conn.c and h1.c
 * make requests of what comes, serve.c finds who answers: a file, or through
 * exchange.c, upgrade.c and bridge.c the consumers. A WebSocket is then
 * carried by ws.c. Here: all is opened, and closed.
 */
#include "chserve/access.h"
#include "chserve/address.h"
#include "chserve/admin.h"
#include "chserve/bridge.h"
#include "chserve/clients.h"
#include "chserve/conn.h"
#include "chserve/console.h"
#include "chserve/inherit.h"
#include "chserve/listen.h"
#include "chserve/loop.h"
#include "chserve/mailbox.h"
#include "chserve/metrics.h"
#include "chserve/notify.h"
#include "chserve/places.h"
#include "chserve/settings.h"
#include "chserve/signals.h"
#include "chserve/spool.h"
#include "chserve/static.h"
#include "chserve/status.h"
#include "chserve/stop.h"
#include "chserve/super.h"
#include "chserve/takeover.h"
#include "chserve/tls.h"
#include "chserve/worker.h"
#include "chserve/ws.h"

#include "base/err.h"
#include "common/say.h"

#include <inttypes.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define OWN_DESCRIPTORS 64 /* not for connections */
#define PER_ADDRESS 1000   /* a school's, but not all there are */

static struct settings *settings;
static char *store; /* where it is */
static struct places_use use = { "listening", "http", conn_accepted };
static struct places_use admin_use = { "admin", "http", admin_accepted };
static struct policy admin_policy;

static int
open_places(struct ch_err *err)
{
	size_t i;
	int n, rc = inherit_count(&n, err);

	places_plan(&settings->plan);
	if (rc == CH_OK && !settings->listens.n)
		rc = n ? places_inherit(n, &use, err)
		       : places_open(PLACES_DEFAULT, &use, err);
	for (i = 0; rc == CH_OK && i < settings->listens.n; i++)
		rc = places_open(settings->listens.items[i], &use, err);
	if (rc == CH_OK && settings->admin)
		rc = places_open(settings->admin, &admin_use, err);
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

/* As the store's place is found: HOME, else what the password database says. */
static const char *
home_directory(void)
{
	const char *home = getenv("HOME");
	struct passwd *user = home && *home ? NULL : getpwuid(getuid());

	return user ? user->pw_dir : home ? home : "";
}

/* Where bodies are spooled: with the store, if that is a directory. */
static int
open_spool(struct ch_layer *layer, struct ch_err *err)
{
	const char *location = ch_location(layer);
	const char *state = getenv("XDG_STATE_HOME");
	char path[PATH_MAX];

	if (settings->state)
		return spool_open(settings->state, err);
	if (*location == '/')
		return spool_open(location, err);
	if (state && *state)
		snprintf(path, sizeof(path), "%s/chutils", state);
	else
		snprintf(path, sizeof(path), "%s/.local/state/chutils",
		    home_directory());
	return spool_open(path, err);
}

/* Before processes part: they share what tickets are sealed with. */
static int
open_tls(struct ch_err *err)
{
	if (!settings->tls.n_certs)
		return CH_OK;
	use.scheme = "https";
	return tls_open(&settings->tls, err);
}

static int
reload(void)
{
	struct ch_err err = CH_ERR_INIT;

	if (!tls_is_open())
		return 0;
	if (tls_reload(&err) == CH_OK) {
		say_more("the certificates were read again");
		return 0;
	}
	say_error("%s; the certificates stay as they were", err.text);
	return -1;
}

static void
told_to_reload(int number)
{
	(void)number;
	reload();
}

/* As many connections as there are descriptors for. */
static uint64_t
most_connections(void)
{
	struct rlimit limit = { 1024, 1024 };
	uint64_t most;

	say_files();
	getrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_cur > 2 * OWN_DESCRIPTORS
	    ? limit.rlim_cur - OWN_DESCRIPTORS : limit.rlim_cur / 2;
	/* under TLS a WebSocket takes three, and counts twice */
	return tls_is_open() ? most / 3 * 2 : most;
}

static void
limit_connections(struct conn_settings *with)
{
	uint64_t most = most_connections();

	if (with->max_connections > most)
		say_note("--max-connections: %" PRIu64 ", for there are no "
		    "more descriptors", most);
	if (!with->max_connections || with->max_connections > most)
		with->max_connections = most;
	with->loopback_counts = with->max_per_address != 0;
	if (!with->max_per_address)
		with->max_per_address = with->max_connections / 4 < PER_ADDRESS
		    ? with->max_connections / 4 + 1 : PER_ADDRESS;
	with->trust = &settings->serve.trust;
}

static void
apply_settings(void)
{
	struct serve_settings *with = &settings->serve;

	with->policy.loopback = places_are_loopback(&use);
	with->policy.hosts = settings->hosts.items;
	with->policy.n_hosts = settings->hosts.n;
	with->policy.origins = settings->origins.items;
	with->policy.n_origins = settings->origins.n;
	with->events = settings->events.items;
	with->n_events = settings->events.n;
	admin_policy = with->policy;
	admin_policy.loopback = places_are_loopback(&admin_use);
	admin_open(&admin_policy);
	limit_connections(&settings->conn);
	conn_open(&settings->conn);
	serve_open(with);
}

/* Where the console is: at the first address of the network. */
static void
say_console(void)
{
	struct ch_buf at = CH_BUF_INIT;
	const struct place *place = places;

	while (place && (place->use != &use || place->at.local))
		place = place->next;
	if (!place)
		return;
	address_put(&at, &place->at);
	say_note("console at %s://%s" CONSOLE_PATH, use.scheme, at.data);
	ch_buf_release(&at);
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
	places_describe(text, sizeof(text));
	takeover_offer();
	notify_ready(text);
	if (settings->serve.pages.console)
		say_console();
	return places_announce(err);
}

static void
child_ended(int number)
{
	(void)number;
	worker_child_ended();
}

/* Between the first and the last, SIGHUP is for who reads files again. */
static int
open_signals(struct ch_err *err)
{
	stop_open(settings->drain_timeout);
	signals_on(SIGHUP, notify_reloading);
	signals_on(SIGCHLD, child_ended);
	signals_on(SIGHUP, told_to_reload);
	signals_on(SIGHUP, notify_reloaded);
	return signals_open(err);
}

static int
serve(struct ch_layer *layer, struct ch_err *err)
{
	int rc = loop_open(err);

	apply_settings();
	client_message_max = ch_max_size(layer);
	if (rc == CH_OK)
		rc = ws_open(err);
	if (rc == CH_OK)
		rc = seen_open(&settings->seen, err);
	if (rc == CH_OK)
		rc = open_signals(err);
	if (rc == CH_OK)
		rc = open_spool(layer, err);
	if (rc == CH_OK)
		rc = bridge_open(layer, err);
	if (rc != CH_OK)
		return rc;
	status_open(layer, mailbox_prefix[MAILBOX_WEBSOCKET]);
	listen_start();
	notify_watchdog();
	if (super_parent())
		super_ready();
	else
		rc = tell(err);
	if (rc == CH_OK)
		ws_run();
	return rc;
}

static void
close_all(void)
{
	listen_stop();
	admin_close();
	conn_close();
	ws_close();
	bridge_close();
	spool_close();
	access_close();
	signals_close();
	loop_close();
}

/* What each process of -j does, with a layer of its own. */
static int
live(void)
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	int rc = ch_open(&layer, store, &err);

	if (rc == CH_OK) {
		rc = serve(layer, &err);
		close_all();
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
		.reload = reload,
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
	notify_open();
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
		rc = serve(layer, &err);
		close_all();
	}
	places_close();
	tls_close();
	static_close();
	ch_close(layer);
	notify_close();
	free(store);
	return say_status(rc, &err);
}
