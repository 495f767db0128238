/* The parent of the processes of -j. */
#include "chserve/super.h"

#include "chserve/again.h"
#include "chserve/loop.h"
#include "chserve/metrics.h"
#include "chserve/notify.h"
#include "chserve/places.h"
#include "chserve/share.h"
#include "chserve/signals.h"
#include "chserve/worker.h"

#include "base/err.h"
#include "base/io.h"
#include "common/manager.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_REST_MS 100
#define GRACE_MS 3000   /* beyond the drain, before a process is killed */
#define HURRY_MS 1000   /* the same, asked twice */
#define WORKER_MS 10000 /* for chwork to finish its work */

struct process {
	struct watch pipe; /* first: a watch is its process */
	pid_t pid;         /* 0: it does not run */
	int ready;
	struct again again;
	struct due due; /* when it is started again */
};

static void start_again(struct due *due);
static void give_up(struct due *due);

static const struct super *super;
static struct process *processes;
static int is_open; /* all have been ready */
static int ending;  /* how often we were told */
static int worker_told;
static int over;
static int outcome; /* enum ch_status */
static struct due_queue rests = { .expired = start_again };
static struct due_queue limits = { .expired = give_up };
static struct due limit;

/* In a process. */
static pid_t parent;
static int ready_fd = -1;

#define process_of(due_) \
	((struct process *)(void *)((char *)(due_) - \
	    offsetof(struct process, due)))

/* --- in the process ------------------------------------------------------- */

/* Let go of what a fork shares with its parent. */
static void
leave_parent(void)
{
	size_t i;

	signals_close();
	loop_close();
	notify_end();
	worker_forget();
	for (i = 0; i < super->jobs; i++)
		ch_io_close(&processes[i].pipe.fd);
	free(processes);
	processes = NULL;
}

_Noreturn static void
live(size_t job, pid_t from, int ready_to)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != from)
		_exit(0);
	parent = from;
	ready_fd = ready_to;
	leave_parent();
	places_keep(job);
	share_join(job);
	metrics_use((unsigned)job);
	exit(super->serve());
}

void
super_ready(void)
{
	if (ready_fd >= 0)
		ch_io_write(ready_fd, "r", 1);
	ch_io_close(&ready_fd);
}

pid_t
super_parent(void)
{
	return parent;
}

/* --- ending --------------------------------------------------------------- */

static size_t
running(void)
{
	size_t i, n = 0;

	for (i = 0; i < super->jobs; i++)
		n += processes[i].pid > 0;
	return n;
}

static void
pass_on(int number)
{
	size_t i;

	for (i = 0; i < super->jobs; i++)
		if (processes[i].pid > 0)
			kill(processes[i].pid, number);
}

/* First the processes, then chwork, whose answers they may wait for. */
static void
go_on_ending(void)
{
	if (running())
		return;
	if (!worker_told) {
		worker_told = 1;
		worker_stop();
		due_set(&limits, &limit, ending > 1 ? 1 : WORKER_MS);
	}
	over = !worker_runs();
}

static void
end(void)
{
	size_t i;

	ending = 1;
	manager_stopping();
	places_close(); /* else the kernel goes on connecting */
	for (i = 0; i < super->jobs; i++)
		due_clear(&processes[i].due);
	pass_on(SIGTERM);
	due_set(&limits, &limit, super->drain + GRACE_MS);
	go_on_ending();
}

static void
give_up(struct due *due)
{
	(void)due;
	if (running())
		pass_on(SIGKILL); /* SIGCHLD tells that they are gone */
	else
		over = 1;
}

static void
told_to_end(int number)
{
	(void)number;
	if (!ending) {
		end();
	} else if (ending++ == 1) {
		pass_on(SIGQUIT);
		due_set(&limits, &limit, HURRY_MS);
	}
}

/* --- starting ------------------------------------------------------------- */

static int
start(struct process *process, struct ch_err *err)
{
	pid_t self = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return ch_err_os(err, errno, "start a process");
	process->pipe.fd = ends[0];
	process->ready = 0;
	again_started(&process->again);
	process->pid = fork();
	if (process->pid == 0)
		live((size_t)(process - processes), self, ends[1]);
	ch_io_close(&ends[1]);
	if (process->pid > 0) {
		loop_add(&process->pipe, EPOLLIN);
		return CH_OK;
	}
	ch_err_os(err, errno, "start a process");
	ch_io_close(&process->pipe.fd);
	process->pid = 0;
	return CH_IO;
}

static void
start_again(struct due *due)
{
	struct ch_err err = CH_ERR_INIT;

	if (start(process_of(due), &err) == CH_OK)
		return;
	say_status(CH_IO, &err);
	due_set(&rests, due, HURRY_MS);
}

static void
fail(int rc, const struct ch_err *err)
{
	if (rc == CH_OK)
		return;
	outcome = rc;
	say_status(rc, err);
	end();
}

/* One more is ready: start the others, or open. */
static void
proceed(void)
{
	struct ch_err err = CH_ERR_INIT;
	int rc = CH_OK;
	size_t i, n = 0;

	for (i = 0; i < super->jobs; i++)
		n += (size_t)processes[i].ready;
	if (n == 1)
		for (i = 1; rc == CH_OK && i < super->jobs; i++)
			rc = start(&processes[i], &err);
	if (n == super->jobs) {
		is_open = 1;
		rc = super->ready(&err);
	}
	fail(rc, &err);
}

static void
pipe_ready(struct watch *watch, uint32_t ready)
{
	struct process *process = (struct process *)watch;
	char byte;

	(void)ready;
	process->ready = ch_io_read(watch->fd, &byte, 1) == 1;
	loop_remove(watch);
	ch_io_close(&watch->fd);
	if (process->ready && !is_open && !ending)
		proceed();
}

/* --- a process ended ------------------------------------------------------ */

static void
ended(struct process *process, int status)
{
	char who[32];

	process->pid = 0;
	metrics_gone((unsigned)(process - processes));
	if (process->pipe.fd >= 0)
		loop_remove(&process->pipe);
	ch_io_close(&process->pipe.fd);
	if (ending)
		return;
	snprintf(who, sizeof(who), "process %zu",
	    (size_t)(process - processes) + 1);
	if (is_open) {
		due_set(&rests, &process->due,
		    again_after(&process->again, who, status));
		return;
	}
	outcome = WIFEXITED(status) && WEXITSTATUS(status)
	    ? -WEXITSTATUS(status) : CH_UNAVAILABLE;
	if (WIFSIGNALED(status))
		say_error("%s was killed by signal %d (%s)", who,
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	end();
}

static void
child_ended(int number)
{
	size_t i;
	int status;

	(void)number;
	worker_child_ended();
	for (i = 0; i < super->jobs; i++)
		if (processes[i].pid > 0 &&
		    waitpid(processes[i].pid, &status, WNOHANG) > 0)
			ended(&processes[i], status);
	if (ending)
		go_on_ending();
}

static void
reload(int number)
{
	if (super->reload() == 0)
		pass_on(number);
	worker_reload();
}

/* --- its life ------------------------------------------------------------- */

static int
prepare(struct ch_err *err)
{
	size_t i;
	int rc = loop_open(err);

	if (rc == CH_OK)
		rc = share_open(super->jobs, err);
	processes = calloc(super->jobs, sizeof(*processes));
	if (!processes)
		say_memory();
	for (i = 0; i < super->jobs; i++) {
		processes[i].pipe.fd = -1;
		processes[i].pipe.ready = pipe_ready;
		processes[i].again.first = FIRST_REST_MS;
	}
	signals_on(SIGTERM, told_to_end);
	signals_on(SIGINT, told_to_end);
	signals_on(SIGHUP, notify_reloading);
	signals_on(SIGHUP, reload);
	signals_on(SIGHUP, notify_reloaded);
	signals_on(SIGUSR1, pass_on);
	signals_on(SIGCHLD, child_ended);
	return rc == CH_OK ? signals_open(err) : rc;
}

int
super_run(const struct super *with, struct ch_err *err)
{
	int rc;

	super = with;
	rc = prepare(err);
	if (rc == CH_OK)
		rc = start(&processes[0], err);
	notify_watchdog();
	while (rc == CH_OK && !over)
		loop_wait();
	signals_close();
	loop_close();
	notify_end();
	free(processes);
	processes = NULL;
	return rc == CH_OK ? outcome : rc;
}
