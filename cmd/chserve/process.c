/* One process that serves. */
#include "chserve/process.h"

#include "chserve/access.h"
#include "chserve/admin.h"
#include "chserve/bridge.h"
#include "chserve/clients.h"
#include "chserve/conn.h"
#include "chserve/listen.h"
#include "chserve/loop.h"
#include "chserve/mailbox.h"
#include "chserve/notify.h"
#include "chserve/session.h"
#include "chserve/signals.h"
#include "chserve/spool.h"
#include "chserve/status.h"
#include "chserve/stop.h"
#include "chserve/tls.h"
#include "chserve/worker.h"
#include "chserve/ws.h"

#include "common/say.h"
#include "common/state.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#define OWN_DESCRIPTORS 64 /* to be opened, that are not for connections */
#define PER_ADDRESS 1000   /* a school's, but not all there are */

struct places_use process_site = { "listening", "http", conn_accepted };
struct places_use process_admin = { "admin", "http", admin_accepted };

static struct policy admin_policy;

/* For sessions and bodies: with the store, if that is a directory. */
static int
open_state(const struct settings *settings, struct ch_layer *layer,
    struct ch_err *err)
{
	char path[PATH_MAX];
	int rc;

	state_path(settings->state, ch_location(layer), path);
	rc = spool_open(path, err);
	return rc == CH_OK ? session_open(&settings->serve.session, path, err)
	    : rc;
}

int
process_reload(void)
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
	process_reload();
	worker_reload();
}

/*
 * As many connections as there are descriptors for. Some are open already,
 * perhaps more than we know of: whoever started us left us theirs.
 */
static uint64_t
most_connections(void)
{
	struct rlimit limit = { 1024, 1024 };
	uint64_t most, others = OWN_DESCRIPTORS + CONN_REFUSED_MAX +
	    status_descriptors(getpid());

	say_files();
	getrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_cur > 2 * others ? limit.rlim_cur - others
					   : limit.rlim_cur / 2;
	/* under TLS a WebSocket takes three, and counts twice */
	return tls_is_open() ? most / 3 * 2 : most;
}

static void
limit_connections(struct conn_settings *with,
    const struct proxy_trust *trust)
{
	uint64_t most = most_connections();

	if (with->max_connections > most)
		say_note("--max-connections: %" PRIu64 ", for there are no "
		    "more descriptors", most);
	if (!with->max_connections || with->max_connections > most)
		with->max_connections = most;
	with->shed_bytes = CONN_SHED_BYTES;
	with->loopback_counts = with->max_per_address != 0;
	if (!with->max_per_address)
		with->max_per_address = with->max_connections / 4 < PER_ADDRESS
		    ? with->max_connections / 4 + 1 : PER_ADDRESS;
	with->trust = trust;
}

static void
apply_settings(struct settings *settings)
{
	struct serve_settings *with = &settings->serve;

	with->policy.loopback = places_are_loopback(&process_site);
	with->policy.hosts = settings->hosts.items;
	with->policy.n_hosts = settings->hosts.n;
	with->policy.origins = settings->origins.items;
	with->policy.n_origins = settings->origins.n;
	with->events = settings->events.items;
	with->n_events = settings->events.n;
	admin_policy = with->policy;
	admin_policy.loopback = places_are_loopback(&process_admin);
	admin_open(&admin_policy);
	limit_connections(&settings->conn, &with->trust);
	conn_open(&settings->conn);
	serve_open(with);
}

static void
child_ended(int number)
{
	(void)number;
	worker_child_ended();
}

/* Between the first and the last, SIGHUP is for who reads files again. */
static int
open_signals(int64_t drain, struct ch_err *err)
{
	stop_open(drain);
	signals_on(SIGHUP, notify_reloading);
	signals_on(SIGCHLD, child_ended);
	signals_on(SIGHUP, told_to_reload);
	signals_on(SIGHUP, notify_reloaded);
	return signals_open(err);
}

int
process_serve(struct settings *settings, struct ch_layer *layer,
    int (*ready)(struct ch_err *err), struct ch_err *err)
{
	int rc = loop_open(err);

	apply_settings(settings);
	client_message_max = ch_max_size(layer);
	if (rc == CH_OK)
		rc = ws_open(err);
	if (rc == CH_OK)
		rc = seen_open(&settings->seen, err);
	if (rc == CH_OK)
		rc = open_signals(settings->drain_timeout, err);
	if (rc == CH_OK)
		rc = open_state(settings, layer, err);
	if (rc == CH_OK)
		rc = bridge_open(layer, err);
	if (rc != CH_OK)
		return rc;
	status_open(layer, mailbox_prefix[MAILBOX_WEBSOCKET]);
	listen_start();
	notify_watchdog();
	rc = ready(err);
	if (rc == CH_OK)
		ws_run();
	return rc;
}

void
process_close(void)
{
	listen_stop();
	admin_close();
	conn_close();
	ws_close();
	bridge_close();
	session_close();
	spool_close();
	access_close();
	signals_close();
	loop_close();
}
