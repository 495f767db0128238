/*
 * chserve - interface server: WebSockets and files on one side, a channel layer
 * on the other.
 *
 * One connection, in a straight line: listen.c accepts it, http.c reads its
 * head, bridge.c tells the consumers, whose answer comes back through the
 * bridge to client.c; ws.c then carries it. Here: options, start, stop.
 */
#include "chserve/bridge.h"
#include "chserve/clients.h"
#include "chserve/http.h"
#include "chserve/listen.h"
#include "chserve/loop.h"
#include "chserve/static.h"
#include "chserve/worker.h"
#include "chserve/ws.h"

#include "base/err.h"
#include "base/io.h"
#include "common/opt.h"
#include "common/say.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define CONNECT_TIMEOUT_MS 5000
#define OWN_DESCRIPTORS 64   /* not for connections */
#define FAREWELL_MS 7000     /* for the connections to end */
#define WORKER_MS 10000      /* for chwork to finish its work */
#define TICK_MS 20           /* between two looks, while we stop */

static const char *store, *root, *routes;
static struct opt_list listens, origins, hosts;
static uint64_t workers;
static struct http_settings settings = {
	.connect_timeout = CONNECT_TIMEOUT_MS,
};

static const struct opt options[] = {
	OPT_LIST('l', "listen", &listens, "ADDR:PORT",
	    "listen there (" LISTEN_DEFAULT ")"),
	OPT_STRING(0, "root", &root, "DIR", "serve the files in DIR"),
	OPT_STRING(0, "routes", &routes, "FILE",
	    "run chwork on these routes beside it"),
	OPT_COUNT(0, "workers", &workers, "N", "let that run N jobs at once"),
	OPT_LIST(0, "origin", &origins, "PATTERN",
	    "let in pages of these origins, too"),
	OPT_LIST(0, "host", &hosts, "NAME", "answer to this name, too"),
	OPT_DURATION(0, "connect-timeout", &settings.connect_timeout, "D",
	    "wait so long for a consumer to accept (5)"),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chserve",
	.usage = "[-l ADDR:PORT]... [--root DIR] [--routes FILE]",
	.options = options,
	.examples =
	    "  chserve --root public --routes routes   a whole application\n"
	    "  chserve -l 127.0.0.1:0                  on a free port\n",
};

/* --- stopping ------------------------------------------------------------- */

static void tick(struct due *due);
static void signal_ready(struct watch *watch, uint32_t ready);

static struct watch signals = { -1, signal_ready };
static struct due_queue ticks = { .expired = tick };
static struct due next_tick;
static int64_t give_up_at; /* 0: not stopping */
static int worker_told;

static void
say_goodbye(struct client *client)
{
	client_close(client, CODE_GOING_AWAY);
}

/* No new connections; 1001 to those there are, while chwork still runs. */
static void
stop(void)
{
	give_up_at = ch_clock() + FAREWELL_MS;
	listen_close();
	http_stop();
	clients_each(say_goodbye);
	clients_flush();
	due_set(&ticks, &next_tick, 1);
}

static void
tick(struct due *due)
{
	int late = ch_clock() >= give_up_at;

	if (!worker_told && (late || (!ws_count() && !http_count()))) {
		worker_told = 1;
		worker_stop();
		give_up_at = ch_clock() + WORKER_MS;
		late = 0;
	}
	if (worker_told && (late || !worker_runs()))
		ws_stop();
	else
		due_set(&ticks, due, TICK_MS);
}

static void
signal_ready(struct watch *watch, uint32_t ready)
{
	struct signalfd_siginfo info;

	(void)ready;
	while (ch_io_read(watch->fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo == SIGCHLD)
			worker_child_ended();
		else if (!give_up_at)
			stop();
		else
			ws_stop(); /* asked twice */
}

/* After ws_open: libev unblocks SIGINT. */
static int
watch_signals(struct ch_err *err)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN); /* sendfile(2) knows no MSG_NOSIGNAL */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals.fd < 0 || loop_add(&signals, EPOLLIN))
		return ch_err_os(err, errno, "watch for signals");
	return CH_OK;
}

/* --- starting ------------------------------------------------------------- */

static int
open_listeners(struct ch_err *err)
{
	size_t i;
	int rc = CH_OK;

	if (!listens.n)
		return listen_on(LISTEN_DEFAULT, err);
	for (i = 0; rc == CH_OK && i < listens.n; i++)
		rc = listen_on(listens.items[i], err);
	return rc;
}

/* What is in the root is for everybody: no routes, no messages. */
static int
open_root(struct ch_layer *layer, struct ch_err *err)
{
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

static void
apply_settings(void)
{
	struct rlimit limit = { 1024, 1024 };

	say_files();
	getrlimit(RLIMIT_NOFILE, &limit);
	settings.max_connections = limit.rlim_cur > 2 * OWN_DESCRIPTORS
	    ? limit.rlim_cur - OWN_DESCRIPTORS : limit.rlim_cur / 2;
	settings.policy.loopback = listen_is_loopback();
	settings.policy.hosts = hosts.items;
	settings.policy.n_hosts = hosts.n;
	settings.policy.origins = origins.items;
	settings.policy.n_origins = origins.n;
	http_open(&settings);
}

static void
start_worker(struct ch_layer *layer)
{
	char jobs[24] = "";

	if (!routes)
		return;
	if (workers)
		snprintf(jobs, sizeof(jobs), "%llu",
		    (unsigned long long)workers);
	worker_start(routes, ch_location(layer), jobs);
}

static int
serve(struct ch_layer *layer, struct ch_err *err)
{
	int rc = open_root(layer, err);

	if (rc == CH_OK)
		rc = open_listeners(err);
	apply_settings();
	client_message_max = ch_max_size(layer);
	if (rc == CH_OK)
		rc = loop_open(err);
	if (rc == CH_OK)
		rc = ws_open(err);
	if (rc == CH_OK)
		rc = watch_signals(err);
	if (rc == CH_OK)
		rc = bridge_open(layer, err);
	if (rc != CH_OK)
		return rc;
	start_worker(layer);
	listen_start(http_accepted);
	rc = listen_announce(err);
	if (rc == CH_OK)
		ws_run();
	return rc;
}

static void
close_all(void)
{
	listen_close();
	http_close();
	ws_close();
	bridge_close();
	ch_io_close(&signals.fd);
	loop_close();
	static_close();
}

int
main(int argc, char *argv[])
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	argv = opt_parse(&program, argc, argv);
	if (*argv)
		opt_wrong(&program, "%s: what is it for?", *argv);
	if (workers && !routes)
		opt_wrong(&program, "--workers needs --routes");
	if (routes) {
		rc = worker_check(routes);
		if (rc)
			return rc;
	}
	rc = ch_open(&layer, store, &err);
	if (rc == CH_OK) {
		say_more("store %s", ch_location(layer));
		rc = serve(layer, &err);
		close_all();
	}
	ch_close(layer);
	return say_status(rc, &err);
}
