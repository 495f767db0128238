/* worker.c - the life of a worker: work, stop, end. */
#include "chwork/worker.h"

#include "base/err.h"
#include "base/io.h"
#include "chwork/gone.h"
#include "chwork/act.h"
#include "chwork/intake.h"
#include "chwork/job.h"
#include "chwork/peer.h"
#include "chwork/stream.h"
#include "chwork/ticker.h"
#include "chwork/transfers.h"
#include "common/manager.h"
#include "common/say.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LOOK     30000    /* ms between looks that nothing has called for */
#define SWEEP    60000    /* ms between sweeps of the store, at least */
#define UNUSED   86400000 /* ms after which an empty channel is swept */
#define GRACE    5000     /* ms from SIGTERM to SIGKILL */

/* --- stopping ------------------------------------------------------------ */

/* Die of the signal, with all that we started. */
static void
die(struct worker *worker, int number)
{
	sigset_t set;

	crew_end(&worker->crew, SIGKILL);
	if (worker->stage != ENDING)
		jobs_put_back(worker);
	streams_put_back(worker);
	status_close(worker);
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	_exit(128 + number);
}

static void
on_grace_over(void *arg)
{
	struct worker *worker = arg;

	crew_end(&worker->crew, SIGKILL);
}

static void
on_patience_over(void *arg)
{
	struct worker *worker = arg;

	say_error("what is still running is ended");
	jobs_put_back(worker);
	worker->stage = ENDING;
	crew_end(&worker->crew, SIGTERM);
	worker->patience.fire = on_grace_over;
	loop_set(&worker->loop, &worker->patience, GRACE);
}

void
worker_stop(struct worker *worker)
{
	manager_stopping();
	worker->stage = STOPPING;
	ticker_stop(worker);
	jobs_stop_waiting(worker);
	jobs_release_late(worker);
	worker->patience.fire = on_patience_over;
	worker->patience.arg = worker;
	loop_set(&worker->loop, &worker->patience, worker->drain_timeout);
}

/* The window was closed: a worker that stays would be one nobody sees. */
static int
is_orphaned(const struct worker *worker)
{
	return worker->had_terminal && !isatty(STDERR_FILENO);
}

static void
on_signal(void *arg)
{
	struct worker *worker = arg;
	struct signalfd_siginfo info;

	if (ch_io_read(worker->signals.fd, &info, sizeof(info)) <= 0)
		return;
	if (info.ssi_signo == SIGCHLD)
		crew_reap(&worker->crew);
	else if (info.ssi_signo == SIGHUP && !is_orphaned(worker))
		reload_now(worker);
	else if (worker->stage == WORKING)
		worker_stop(worker);
	else
		die(worker, (int)info.ssi_signo);
}

static int
take_signals(struct worker *worker, struct ch_err *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	worker->had_terminal = isatty(STDERR_FILENO);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return ch_err_os(err, errno, "signalfd");
	worker->signals = (struct source) { .fd = fd, .ready = on_signal,
		.arg = worker };
	loop_watch(&worker->loop, &worker->signals, EPOLLIN);
	return CH_OK;
}

/* --- the service manager ------------------------------------------------- */

static void
be_alive(void *arg)
{
	struct worker *worker = arg;

	manager_alive();
	worker->alive.fire = be_alive;
	worker->alive.arg = worker;
	loop_set(&worker->loop, &worker->alive, manager_interval());
}

static void
be_ready(struct worker *worker)
{
	size_t n = routes_count(worker->routes);
	char text[64];

	snprintf(text, sizeof(text), "%zu route%s", n, n == 1 ? "" : "s");
	manager_ready(text);
	if (manager_interval() > 0)
		be_alive(worker);
}

/* --- working ------------------------------------------------------------- */

/* Now and then, whether or not anything happens. */
static void
look(struct worker *worker)
{
	struct ch_err err = CH_ERR_INIT;
	int64_t now = ch_clock();

	if (now < worker->look)
		return;
	worker->look = now + LOOK;
	intakes_look(worker);
	if (now < worker->sweep)
		return;
	worker->sweep = now + SWEEP;
	status_sweep(worker);
	if (ch_sweep(worker->layer, UNUSED, NULL, &err) != CH_OK)
		say_error("%s", err.text);
}

/* Take what there is, and give it away; 1 if anything came. */
static int
take(struct worker *worker)
{
	int came = intakes_take(worker);

	if (worker->late.first && intakes_empty(worker)) {
		jobs_release_late(worker);
		came = 1;
	}
	streams_flush(worker);
	return came;
}

static void
work(struct worker *worker)
{
	int came;

	look(worker);
	/* Again at once: mostly nothing more is there, and we can sleep. */
	came = take(worker) && take(worker);
	if (worker->once && !came && !worker->all && intakes_empty(worker))
		worker_stop(worker);
	else
		loop_turn(&worker->loop, came ? CH_NOW : worker->look);
}

/* All that was taken is done; the streams meet the end of their input. */
static void
wind_up(struct worker *worker)
{
	while (worker->all && worker->stage != ENDING) {
		streams_flush(worker);
		loop_turn(&worker->loop, CH_NEVER);
	}
	streams_close(worker);
	peers_close(worker, NULL);
	while (worker->crew.first ||
	    (worker->copies + worker->npeers && worker->stage != ENDING))
		loop_turn(&worker->loop, CH_NEVER);
}

static void
release(struct worker *worker)
{
	status_close(worker);
	streams_release(worker);
	jobs_release(worker);
	transfers_free(worker->transfers);
	gone_release(worker);
	lanes_release(&worker->lanes);
	match_release(&worker->match);
	ch_buf_release(&worker->reply_channel);
	intakes_release(worker);
	reload_release(worker);
	loop_forget(&worker->loop, &worker->signals);
	loop_release(&worker->loop);
}

int
worker_run(struct worker *worker, struct ch_err *err)
{
	int rc;

	worker->signals.fd = -1;
	worker->crew.loop = &worker->loop;
	rc = loop_init(&worker->loop, err);
	if (rc != CH_OK)
		return rc;
	rc = take_signals(worker, err);
	if (rc == CH_OK)
		rc = intakes_match(worker, worker->routes, err);
	if (rc == CH_OK)
		rc = reload_start(worker, err);
	if (rc == CH_OK) {
		worker->look = worker->sweep = ch_clock();
		streams_start(worker);
		act_warn(worker);
		if (!worker->once) {
			status_open(worker);
			ticker_start(worker);
		}
		be_ready(worker);
		while (worker->stage == WORKING)
			work(worker);
	}
	intakes_close(worker);
	wind_up(worker);
	release(worker);
	return rc;
}
