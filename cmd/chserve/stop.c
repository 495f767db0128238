/* The way to the end. */
#include "chserve/stop.h"

#include "chserve/clients.h"
#include "chserve/conn.h"
#include "chserve/listen.h"
#include "chserve/loop.h"
#include "chserve/places.h"
#include "chserve/signals.h"
#include "chserve/status.h"
#include "chserve/super.h"
#include "chserve/worker.h"
#include "chserve/ws.h"
#include "common/manager.h"

#include <signal.h>
#include <unistd.h>

#define WORKER_MS 10000 /* for chwork to finish its work */
#define TICK_MS 20      /* between two looks, while we stop */

static void tick(struct due *due);

static struct due_queue ticks = { .expired = tick };
static struct due next_tick;
static int64_t drain_ms;
static int64_t give_up_at; /* 0: not stopping */
static int worker_told;

static void
say_goodbye(struct client *client)
{
	client_close(client, CODE_GOING_AWAY);
}

static void
stop(void)
{
	give_up_at = ch_clock() + drain_ms;
	manager_stopping();
	status_stop();
	listen_stop();
	places_close();
	conn_stop();
	clients_each(say_goodbye);
	clients_flush();
	due_set(&ticks, &next_tick, 1);
}

static void
tick(struct due *due)
{
	int late = ch_clock() >= give_up_at;

	if (!worker_told && (late || (!ws_count() && !conn_count()))) {
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

/*
 * What comes from a terminal or the service manager comes to all processes,
 * and once more from the parent: that is not asking twice.
 */
static int
is_supervised(void)
{
	return super_parent() && getppid() == super_parent();
}

static void
told_to_end(int number)
{
	(void)number;
	if (!give_up_at)
		stop();
	else if (!is_supervised())
		ws_stop(); /* asked twice */
}

/* From the parent: there is no more time. */
static void
told_to_hurry(int number)
{
	(void)number;
	ws_stop();
}

void
stop_open(int64_t drain)
{
	drain_ms = drain;
	signals_on(SIGTERM, told_to_end);
	signals_on(SIGINT, told_to_end);
	if (super_parent())
		signals_on(SIGQUIT, told_to_hurry);
}
