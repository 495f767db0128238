/* status.c - what others are told of this worker. */
#include "chwork/status.h"

#include "chwork/job.h"
#include "chwork/worker.h"
#include "common/json.h"
#include "common/put.h"
#include "common/say.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define SOON 50   /* ms from a change to the report of it, */
#define REST 1000 /* and between two reports */

/* --- the text ------------------------------------------------------------ */

static void
put_word(struct ch_buf *out, const char *key, const char *value)
{
	put_format(out, ",\"%s\":", key);
	json_quote_any(out, value, strlen(value));
}

static size_t
count_children(const struct worker *worker, const struct route *route)
{
	const struct child *child = worker->crew.first;
	size_t n = 0;

	for (; child; child = child->next)
		n += child->route == route;
	return n;
}

static size_t
count_waiting(const struct worker *worker, const struct route *route)
{
	const struct job *job = worker->all;
	size_t n = 0;

	for (; job; job = job->older)
		n += job->route == route && !job->started;
	return n;
}

static void
put_jobs(struct ch_buf *out, const struct worker *worker,
    const struct route *route)
{
	const struct child *child = worker->crew.first;
	const char *before = "";

	put_string(out, ",\"jobs\":[");
	for (; child; child = child->next) {
		if (child->route != route)
			continue;
		put_format(out, "%s{\"pid\":%d,\"since\":%" PRId64, before,
		    (int)child->pid, child->since);
		if (child->progress.len) {
			put_string(out, ",\"progress\":");
			json_quote_any(out, child->progress.data,
			    child->progress.len);
		}
		put_char(out, '}');
		before = ",";
	}
	put_string(out, "]}\n");
}

static void
put_route(struct ch_buf *out, const struct worker *worker,
    const struct route *route)
{
	const struct metrics *metrics = &route->metrics;

	put_format(out, "{\"worker\":%d", (int)getpid());
	put_word(out, "route", route->place);
	put_word(out, "takes", route->channel);
	put_format(out, ",\"running\":%zu,\"waiting\":%zu,\"done\":%" PRIu64
	    ",\"failed\":%" PRIu64 ",\"retried\":%" PRIu64 ",\"dead\":%" PRIu64
	    ",\"dropped\":%" PRIu64 ",\"late\":%" PRIu64 ",\"busy\":%" PRIu64
	    ".%03u", route->action == ACTION_POST ? route->running
	    : count_children(worker, route), count_waiting(worker, route),
	    metrics->done, metrics->failed, metrics->retried, metrics->dead,
	    metrics->dropped, metrics->late, metrics->busy_ms / 1000,
	    (unsigned)(metrics->busy_ms % 1000));
	put_jobs(out, worker, route);
}

/* --- the report ---------------------------------------------------------- */

static void
give_up(struct worker *worker, const struct ch_err *err)
{
	say_error("%s", err->text);
	status_close(worker);
}

static void
write_report(void *arg)
{
	struct worker *worker = arg;
	struct status *status = &worker->status;
	struct ch_buf text = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	for (size_t i = 0; i < worker->routes->n; i++) {
		const struct route *route = worker->routes->list[i];

		if (!route->built_in || route->metrics.done)
			put_route(&text, worker, route);
	}
	rc = report_write(&status->report, text.data, text.len, &err);
	status->written = ch_clock();
	if (rc == CH_UNAVAILABLE)
		loop_set(&worker->loop, &status->timer, SOON);
	else if (rc != CH_OK)
		give_up(worker, &err);
	ch_buf_release(&text);
}

void
status_touch(struct worker *worker)
{
	struct status *status = &worker->status;
	int64_t rest;

	if (status->timer.when || !status->written)
		return;
	rest = status->written + REST - ch_clock();
	loop_set(&worker->loop, &status->timer, rest > SOON ? rest : SOON);
}

static void
on_change(void *arg)
{
	status_touch(arg);
}

void
status_open(struct worker *worker)
{
	struct status *status = &worker->status;
	struct ch_err err = CH_ERR_INIT;

	status->timer.fire = write_report;
	status->timer.arg = worker;
	worker->crew.changed = on_change;
	worker->crew.arg = worker;
	if (report_open(&status->report, ch_location(worker->layer), &err) ==
	    CH_OK)
		write_report(worker);
	else
		say_error("%s", err.text);
}

void
status_sweep(const struct worker *worker)
{
	struct ch_err err = CH_ERR_INIT;

	if (reports_read(ch_location(worker->layer), NULL, NULL, &err) !=
	    CH_OK)
		say_more("%s", err.text);
}

void
status_close(struct worker *worker)
{
	struct status *status = &worker->status;

	loop_unset(&worker->loop, &status->timer);
	if (status->written)
		report_close(&status->report);
	status->written = 0;
}
