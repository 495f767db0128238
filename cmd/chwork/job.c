/* job.c - what becomes of a message, and when. */
#include "chwork/job.h"

#include "chwork/act.h"
#include "chwork/exec.h"
#include "chwork/failure.h"
#include "chwork/intake.h"
#include "chwork/peer.h"
#include "chwork/post.h"
#include "chwork/stream.h"
#include "common/json.h"
#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define LATE_MOST   10000 /* ms for which a disconnect is kept at most */
#define ROOM_PATIENCE 30000 /* ms for which room is waited for */
#define ROOM_PAUSE    250   /* ms between tries, at most */

/* --- queues -------------------------------------------------------------- */

static void
push(struct queue *queue, struct job *job)
{
	if (!queue->first)
		queue->end = &queue->first;
	job->next = NULL;
	*queue->end = job;
	queue->end = &job->next;
}

/* Take out the job that `at` points to. */
static struct job *
take_out(struct queue *queue, struct job **at)
{
	struct job *job = *at;

	*at = job->next;
	if (queue->end == &job->next)
		queue->end = at;
	return job;
}

/* --- beginning and end of a job ------------------------------------------ */

static char *
copy(const char *text, size_t len)
{
	char *new = malloc(len + 1);

	if (!new)
		say_memory();
	memcpy(new, text, len);
	new[len] = '\0';
	return new;
}

static struct job *
job_new(struct worker *worker, struct intake *intake, struct route *route,
    const struct ch_message *message, const char *reply_channel)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		say_memory();
	job->worker = worker;
	job->intake = intake;
	intake->jobs++;
	job->route = route;
	job->channel = copy(message->channel, strlen(message->channel));
	job->text = copy(message->text, message->len);
	job->len = message->len;
	job->retries = failure_retries((struct json){ message->text,
	    message->len });
	if (reply_channel)
		job->reply_channel = copy(reply_channel,
		    strlen(reply_channel));
	job->older = worker->all;
	if (worker->all)
		worker->all->newer = job;
	worker->all = job;
	return job;
}

static void
job_free(struct job *job)
{
	if (job->older)
		job->older->newer = job->newer;
	if (job->newer)
		job->newer->older = job->older;
	else
		job->worker->all = job->older;
	loop_unset(&job->worker->loop, &job->timer);
	job->intake->jobs--;
	free(job->channel);
	free(job->text);
	free(job->reply_channel);
	ch_buf_release(&job->letter);
	if (job->post)
		post_abandon(job);
	free(job);
}

static void begin(struct job *job);

/* It is over: the next of its lane has its turn. */
static void
job_end(struct job *job)
{
	struct turn *next = NULL;

	if (job->owed && job->reply_channel)
		act_error(job->worker, job->route->place, job->reply_channel,
		    job->owed);
	if (!job->started)
		job->intake->held--;
	if (job->turn.lane)
		next = lanes_leave(&job->worker->lanes, &job->turn);
	job_free(job);
	if (next)
		begin((struct job *)next);
}

/* --- trying again -------------------------------------------------------- */

/* As the route says, or longer, where the answer to a post said so. */
static int64_t
retry_delay(const struct job *job)
{
	int64_t delay = failure_delay(job->route, job->retries);

	return delay > job->not_before ? delay : job->not_before;
}

/* Send it back to its channel; CH_OK, or why not. */
static int
send_back(const struct job *job, int64_t delay)
{
	struct ch_send_opts opts = { .delay = delay };
	struct ch_buf text = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	failure_put_retries(&text, (struct json){ job->text, job->len },
	    job->retries);
	rc = ch_send(job->worker->layer, job->channel, text.data, text.len,
	    &opts, &err);
	if (rc != CH_OK)
		say_error("%s: to be tried again: %s", job->channel, err.text);
	ch_buf_release(&text);
	return rc;
}

static void
on_back_timer(void *arg)
{
	struct job *job = arg;
	int rc = send_back(job, retry_delay(job));

	if (rc == CH_FULL || rc == CH_UNAVAILABLE)
		loop_set(&job->worker->loop, &job->timer, retry_delay(job));
	else
		job_end(job);
}

static void
on_lane_timer(void *arg)
{
	struct job *job = arg;
	struct worker *worker = job->worker;

	begin(job);
	jobs_start(worker);
}

/*
 * A message of a connection stays here, so that those behind it wait, and so
 * does a post, which has an id; any other goes back to its channel, where
 * whoever has time takes it.
 */
static void
try_again(struct job *job)
{
	job->retries++;
	job->route->metrics.retried++;
	job->started = job->owed = 0;
	job->intake->held++;
	job->timer.arg = job;
	if (job->worker->stage != WORKING) {
		send_back(job, retry_delay(job));
		job_end(job);
	} else if (job->reply_channel ||
	    (job->route->action == ACTION_POST && !job->worker->once)) {
		job->timer.fire = on_lane_timer;
		loop_set(&job->worker->loop, &job->timer, retry_delay(job));
	} else {
		job->timer.fire = on_back_timer;
		on_back_timer(job);
	}
}

void
job_write_letter(struct job *job, struct failure *failure)
{
	failure->channel = job->channel;
	failure->message = (struct json){ job->text, job->len };
	failure->route = job->route;
	failure->retries = job->retries;
	ch_buf_clear(&job->letter);
	failure_put(&job->letter, failure, ch_max_size(job->worker->layer));
}

/*
 * Its letter is sent. Where the channel for that has no room it waits, as long
 * as the worker does; then the message goes back to where it came from.
 */
static void
bury(void *arg)
{
	struct job *job = arg;
	struct worker *worker = job->worker;
	struct ch_err err = CH_ERR_INIT;
	int rc = ch_send(worker->layer, job->route->dead, job->letter.data,
	    job->letter.len, NULL, &err);

	if (rc == CH_OK) {
		job->route->metrics.dead++;
		job_end(job);
		return;
	}
	if (!job->waits_since)
		say_error("%s: %s: %s", job->channel, job->route->place,
		    err.text);
	job->waits_since = ch_clock();
	if (rc != CH_FULL && rc != CH_UNAVAILABLE) {
		job->route->metrics.dropped++;
		job_end(job);
	} else if (worker->once || worker->stage != WORKING) {
		send_back(job, ROOM_PAUSE);
		job_end(job);
	} else {
		job->timer.fire = bury;
		job->timer.arg = job;
		loop_set(&worker->loop, &job->timer, ROOM_PAUSE);
	}
}

static void
drop(struct job *job)
{
	job->route->metrics.dropped++;
	if (job->retries)
		say_error("%s: %s: given up after %u tries", job->channel,
		    job->route->place, job->retries + 1);
	job_end(job);
}

void
job_done(struct job *job, enum fate fate)
{
	struct worker *worker = job->worker;

	worker->running -= route_runs(job->route);
	job->route->running--;
	status_touch(worker);
	switch (fate) {
	case FATE_DONE:
		job_end(job);
		break;
	case FATE_AGAIN:
		try_again(job);
		break;
	case FATE_DEAD:
		bury(job);
		break;
	case FATE_DROPPED:
		drop(job);
		break;
	}
	jobs_start(worker);
}

/* One that waits to be tried again; NULL: there is none. */
static struct job *
find_waiting(const struct worker *worker)
{
	struct job *job = worker->all;

	while (job && (job->started || !job->retries || !job->timer.when))
		job = job->older;
	return job;
}

void
jobs_stop_waiting(struct worker *worker)
{
	struct job *job;

	while ((job = find_waiting(worker))) {
		send_back(job, retry_delay(job));
		job_end(job);
	}
}

void
jobs_put_back(struct worker *worker)
{
	struct job *job = worker->all;

	while (job && job->older)
		job = job->older;
	for (; job; job = job->newer)
		if (!job->started)
			send_back(job, 0);
}

void
jobs_release(struct worker *worker)
{
	while (worker->all)
		job_free(worker->all);
}

/* --- doing what the route says ------------------------------------------- */

/*
 * What needs no place of its own; worker->match is for this message. CH_OK, or
 * err says why it has to be tried again.
 */
static int
deal(struct worker *worker, struct route *route, const char *channel,
    struct json message, const char *reply_channel, struct ch_err *err)
{
	int rc = CH_OK;

	if (route->per_connection)
		peer_take(worker, route, channel, message, reply_channel);
	else if (route->action == ACTION_STREAM)
		stream_give(route->stream, channel, message,
		    &worker->match.captures, reply_channel);
	else
		rc = act(worker, route, message, reply_channel, err);
	status_touch(worker);
	if (rc == CH_OK) {
		route->metrics.done++;
		say_more("%s: %s", channel, route->place);
	}
	return rc;
}

/*
 * The channel that it is to be sent to has no room. A message of a connection
 * does not wait for ever, because others wait for it; any other does, and
 * keeps so the intake from taking more. A worker that is to end gives it back.
 */
static void
wait_for_room(struct job *job, const struct ch_err *err)
{
	struct worker *worker = job->worker;
	int64_t now = ch_clock(), waited;

	if (!job->waits_since)
		job->waits_since = now;
	waited = now - job->waits_since;
	if (worker->once || worker->stage != WORKING) {
		send_back(job, ROOM_PAUSE);
		job_end(job);
	} else if (job->reply_channel && waited >= ROOM_PATIENCE) {
		job->route->metrics.dropped++;
		say_error("%s: %s: %s; dropped", job->channel,
		    job->route->place, err->text);
		job_end(job);
	} else {
		job->timer.fire = on_lane_timer;
		job->timer.arg = job;
		loop_set(&worker->loop, &job->timer,
		    waited < ROOM_PAUSE ? waited / 2 + 1 : ROOM_PAUSE);
	}
}

static int
has_place(const struct job *job)
{
	const struct route *route = job->route;

	if (route_runs(route) && job->worker->running >= job->worker->jobs)
		return 0;
	return !route->jobs || route->running < route->jobs;
}

static void
start(struct job *job)
{
	job->started = 1;
	job->intake->held--;
	job->worker->running += route_runs(job->route);
	job->route->running++;
	status_touch(job->worker);
	say_more("%s: %s", job->channel, job->route->place);
	if (job->route->action == ACTION_POST)
		post_start(job);
	else
		exec_start(job);
}

void
jobs_start(struct worker *worker)
{
	struct job **at = &worker->ready.first;

	while (*at && worker->stage != ENDING) {
		struct job *job = *at;

		if (!has_place(job)) {
			at = &job->next;
			continue;
		}
		take_out(&worker->ready, at);
		job->intake->waiting--;
		start(job);
		at = &worker->ready.first;
	}
}

/* Its turn has come. jobs_start is still to be called. */
static void
begin(struct job *job)
{
	struct worker *worker = job->worker;
	struct json message = { job->text, job->len };
	struct ch_err err = CH_ERR_INIT;

	if (worker->stage == ENDING) {
		job_end(job);
	} else if (route_takes_time(job->route)) {
		job->intake->waiting++;
		push(&worker->ready, job);
	} else {
		route_takes(job->route, job->channel, message, &worker->match);
		if (deal(worker, job->route, job->channel, message,
			job->reply_channel, &err) == CH_OK)
			job_end(job);
		else
			wait_for_room(job, &err);
	}
}

/*
 * The key of the lane for a message of the route, or NULL. What is sent on is
 * kept in order even where it belongs to no connection.
 */
static const char *
lane_key(const struct route *route, const char *reply_channel)
{
	if (reply_channel)
		return reply_channel;
	return route->action == ACTION_SEND ? route->place : NULL;
}

/* Into its lane, if it has one. */
static void
line_up(struct job *job)
{
	const char *key = lane_key(job->route, job->reply_channel);

	job->intake->held++;
	if (!key || lanes_enter(&job->worker->lanes, key, strlen(key),
		&job->turn))
		begin(job);
}

/* --- arriving ------------------------------------------------------------ */

void
jobs_release_late(struct worker *worker)
{
	loop_unset(&worker->loop, &worker->late_timer);
	while (worker->late.first)
		line_up(take_out(&worker->late, &worker->late.first));
	jobs_start(worker);
}

static void
on_late_timer(void *arg)
{
	jobs_release_late(arg);
}

static void
be_late(struct job *job)
{
	struct worker *worker = job->worker;

	if (!worker->late.first) {
		worker->late_timer.fire = on_late_timer;
		worker->late_timer.arg = worker;
		loop_set(&worker->loop, &worker->late_timer, LATE_MOST);
	}
	push(&worker->late, job);
	intakes_look(worker);
}

/* The message's reply channel, valid until the next call; NULL: none. */
static const char *
reply_channel_of(struct worker *worker, struct json message)
{
	struct json value = json_get(message, "reply_channel", 13);

	if (json_kind(value) != '"')
		return NULL;
	ch_buf_clear(&worker->reply_channel);
	json_bare(&worker->reply_channel, value);
	return worker->reply_channel.len ? worker->reply_channel.data : NULL;
}

static int
is_disconnect(const char *channel)
{
	return !strcmp(channel, "websocket.disconnect");
}

/* The object without white space around it: all others rely on that. */
static void
trim(struct ch_message *message)
{
	while (message->len && message->text[0] != '{') {
		message->text++;
		message->len--;
	}
	while (message->len && message->text[message->len - 1] != '}')
		message->len--;
}

/* Whether that can be done now, without a job. */
static int
may_be_dealt_with(const struct worker *worker, const struct route *route,
    const char *channel, const char *reply_channel)
{
	const char *key = lane_key(route, reply_channel);

	if (route_takes_time(route) ||
	    (reply_channel && is_disconnect(channel)))
		return 0;
	return !key || !lanes_busy(&worker->lanes, key, strlen(key));
}

void
job_arrive(struct worker *worker, struct intake *intake,
    struct ch_message *message)
{
	const char *channel = message->channel, *reply_channel;
	struct json object;
	struct ch_err err = CH_ERR_INIT;
	struct route *route;
	struct job *job;

	trim(message);
	object = (struct json){ message->text, message->len };
	reply_channel = reply_channel_of(worker, object);
	route = routes_find(worker->routes, channel, object, &worker->match);
	if (!route) {
		act_unmatched(worker, channel, object, reply_channel);
		return;
	}
	if (route->action == ACTION_DROP)
		return;
	if (may_be_dealt_with(worker, route, channel, reply_channel) &&
	    deal(worker, route, channel, object, reply_channel, &err) ==
		CH_OK)
		return;
	job = job_new(worker, intake, route, message, reply_channel);
	if (reply_channel && is_disconnect(channel)) {
		be_late(job);
		return;
	}
	line_up(job);
	jobs_start(worker);
}
