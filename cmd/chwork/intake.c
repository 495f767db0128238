/* intake.c - taking messages from the layer, no more than can be run. */
#include "chwork/intake.h"

#include "chwork/job.h"
#include "chwork/stream.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define LOOK_AHEAD 16  /* jobs of one intake that have not started */
#define BATCH      256 /* messages taken at once */
#define PAUSE      1000 /* ms after a failure */

static void on_ready(void *arg);

static int
open_one(struct worker *worker, const char *pattern, struct ch_err *err)
{
	struct intake *intake = calloc(1, sizeof(*intake));
	int rc;

	worker->intakes = realloc(worker->intakes,
	    (worker->nintakes + 1) * sizeof(*worker->intakes));
	if (!intake || !worker->intakes)
		say_memory();
	rc = ch_receiver_new(&intake->receiver, worker->layer, &pattern, 1, 0,
	    err);
	if (rc != CH_OK) {
		free(intake);
		return rc;
	}
	intake->worker = worker;
	intake->pattern = strdup(pattern);
	if (!intake->pattern)
		say_memory();
	intake->source = (struct source) {
		.fd = ch_receiver_fd(intake->receiver),
		.ready = on_ready,
		.arg = intake,
	};
	worker->intakes[worker->nintakes++] = intake;
	return CH_OK;
}

/* Jobs that came by it may still be there. */
static void
close_last(struct worker *worker)
{
	struct intake *intake = worker->intakes[--worker->nintakes];

	loop_watch(&worker->loop, &intake->source, 0);
	ch_receiver_free(intake->receiver);
	intake->receiver = NULL;
	intake->next = worker->closed;
	worker->closed = intake;
}

static int
is_open(const struct worker *worker, const char *pattern)
{
	for (size_t i = 0; i < worker->nintakes; i++)
		if (!strcmp(worker->intakes[i]->pattern, pattern))
			return 1;
	return 0;
}

/* The i-th pattern of those to be received from, or NULL behind the last. */
static const char *
pattern_of(const struct worker *worker, const struct routes *routes, size_t i)
{
	if (i < routes->n)
		return routes->list[i]->channel;
	return i == routes->n && worker->default_accept ? "websocket.connect"
							: NULL;
}

static int
is_wanted(const struct worker *worker, const struct routes *routes,
    const char *pattern)
{
	const char *other;

	for (size_t i = 0; (other = pattern_of(worker, routes, i)); i++)
		if (!strcmp(other, pattern))
			return 1;
	return 0;
}

int
intakes_match(struct worker *worker, const struct routes *routes,
    struct ch_err *err)
{
	size_t before = worker->nintakes;
	const char *pattern;
	int rc = CH_OK;

	for (size_t i = 0; rc == CH_OK &&
	     (pattern = pattern_of(worker, routes, i)); i++)
		if (!is_open(worker, pattern))
			rc = open_one(worker, pattern, err);
	while (rc != CH_OK && worker->nintakes > before)
		close_last(worker);
	for (size_t i = 0; rc == CH_OK && i < worker->nintakes; ) {
		struct intake *intake = worker->intakes[i];

		if (is_wanted(worker, routes, intake->pattern)) {
			i++;
			continue;
		}
		worker->intakes[i] = worker->intakes[worker->nintakes - 1];
		worker->intakes[worker->nintakes - 1] = intake;
		close_last(worker);
	}
	return rc;
}

void
intakes_forget(struct worker *worker)
{
	struct intake **at = &worker->closed, *intake;

	while ((intake = *at)) {
		if (intake->jobs) {
			at = &intake->next;
			continue;
		}
		*at = intake->next;
		free(intake->pattern);
		free(intake);
	}
}

void
intakes_close(struct worker *worker)
{
	while (worker->nintakes)
		close_last(worker);
}

void
intakes_release(struct worker *worker)
{
	intakes_forget(worker);
	free(worker->intakes);
}

void
intakes_look(struct worker *worker)
{
	for (size_t i = 0; i < worker->nintakes; i++)
		worker->intakes[i]->empty = 0;
}

int
intakes_empty(const struct worker *worker)
{
	for (size_t i = 0; i < worker->nintakes; i++)
		if (!worker->intakes[i]->empty)
			return 0;
	return 1;
}

/* Whether messages of this intake may take that route. */
static int
leads_to(const struct intake *intake, const struct route *route)
{
	const char *a = intake->pattern, *b = route->channel;

	if (!strcmp(a, b))
		return 1;
	if (ch_name_is_glob(a) && ch_name_is_glob(b))
		return 1;
	return ch_glob_match(a, b) || ch_glob_match(b, a);
}

/* How many messages it may take now. */
static size_t
room(const struct intake *intake)
{
	const struct worker *worker = intake->worker;
	size_t most = BATCH, n;

	if (intake->held >= LOOK_AHEAD)
		return 0;
	for (size_t i = 0; most && i < worker->routes->n; i++) {
		const struct route *route = worker->routes->list[i];

		if (!leads_to(intake, route))
			continue;
		n = BATCH;
		if (route_runs(route))
			n = !intake->waiting && worker->running < worker->jobs;
		else if (route->action == ACTION_POST)
			n = intake->waiting ? 0 : route->jobs - route->running;
		else if (route->stream)
			n = stream_room(route->stream);
		if (n < most)
			most = n;
	}
	return most;
}

static void
on_ready(void *arg)
{
	struct intake *intake = arg;

	intake->empty = 0;
	/* A closed one must not wake us again and again. */
	if (!room(intake))
		loop_watch(&intake->worker->loop, &intake->source, 0);
}

/* Take once; 1 if anything came. */
static int
take(struct intake *intake)
{
	struct ch_message messages[BATCH];
	struct ch_err err = CH_ERR_INIT;
	size_t max = room(intake), got = 0;
	int rc;

	if (!max)
		return 0;
	rc = ch_receive_many(intake->receiver, messages, max, &got, CH_NOW,
	    &err);
	if (rc == CH_OK) {
		for (size_t i = 0; i < got; i++)
			job_arrive(intake->worker, intake, &messages[i]);
		return 1;
	}
	if (rc != CH_TIMEOUT)
		say_error("%s: %s", intake->pattern, err.text);
	if (rc == CH_REFUSED)
		return 1;
	intake->empty = 1;
	if (rc == CH_TIMEOUT) {
		loop_watch(&intake->worker->loop, &intake->source, EPOLLIN);
		return 0;
	}
	loop_watch(&intake->worker->loop, &intake->source, 0);
	intake->worker->look = ch_clock() + PAUSE;
	return 0;
}

int
intakes_take(struct worker *worker)
{
	int came = 0;

	for (size_t i = 0; i < worker->nintakes; i++) {
		struct intake *intake =
		    worker->intakes[(worker->first + i) % worker->nintakes];

		if (!intake->empty)
			came |= take(intake);
	}
	worker->first++;
	return came;
}
