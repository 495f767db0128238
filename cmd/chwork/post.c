/* post.c - a message that is posted to a URL. */
#include "chwork/post.h"

#include "base/clock.h"
#include "base/id.h"
#include "chwork/job.h"
#include "chwork/outlet.h"
#include "chwork/sign.h"
#include "chwork/transfers.h"
#include "chwork/url.h"
#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MOST 1048576 /* bytes of an answer that is a reply, */
#define ANSWER_SAID 500     /* or that is only told of */

struct post_run {
	struct job *job;
	struct ch_buf url, body;
	struct transfer transfer;
	struct outlet outlet; /* for the answer, where that is the reply */
	struct timer timer;   /* until its channel has room; or the end */
	int replies;
	const char *fault; /* it is not even begun; NULL */
};

/* --- what is posted ------------------------------------------------------- */

static void
put_word(struct ch_buf *out, struct json value)
{
	struct ch_buf word = CH_BUF_INIT;

	json_bare(&word, value);
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] == ' ')
			put_char(out, '+');
		else
			url_put_byte(out, word.data[i]);
	ch_buf_release(&word);
}

/* The members as fields of a form; what is no text or number is JSON. */
static void
put_form(struct ch_buf *out, struct json message)
{
	struct json_walk walk = json_walk(message);
	int n = 0;

	while (json_next(&walk)) {
		if (n++)
			put_char(out, '&');
		put_word(out, walk.key);
		put_char(out, '=');
		put_word(out, walk.value);
	}
}

static void
put_header(struct transfer *transfer, const char *name, const char *value)
{
	struct ch_buf line = CH_BUF_INIT;

	put_format(&line, "%s: %s", name, value);
	transfer_header(transfer, line.data);
	ch_buf_release(&line);
}

/* Expect: 100-continue would cost a round trip for every large one. */
static void
put_headers(struct post_run *run)
{
	const struct job *job = run->job;
	const struct route *route = job->route;
	struct transfer *transfer = &run->transfer;
	struct ch_buf sign = CH_BUF_INIT;

	put_header(transfer, "Content-Type", route->form
	    ? "application/x-www-form-urlencoded" : "application/json");
	put_header(transfer, "User-Agent", "chutils");
	put_header(transfer, "Idempotency-Key", job->id);
	put_header(transfer, "CH-Channel", job->channel);
	transfer_header(transfer, "Expect:");
	for (size_t i = 0; i < route->headers.n; i++)
		transfer_header(transfer, route->headers.items[i]);
	if (!route->key_file)
		return;
	sign_put(&sign, &route->key, ch_clock_real() / 1000, transfer->body,
	    transfer->len);
	put_header(transfer, "CH-Signature", sign.data);
	ch_buf_release(&sign);
}

/* --- what came of it ------------------------------------------------------ */

static void
run_free(struct post_run *run)
{
	run->job->post = NULL;
	loop_unset(&run->job->worker->loop, &run->timer);
	transfer_release(&run->transfer);
	if (run->replies)
		outlet_release(&run->outlet);
	ch_buf_release(&run->url);
	ch_buf_release(&run->body);
	free(run);
}

void
post_abandon(struct job *job)
{
	say_error("%s: %s: was on its way when the worker ended",
	    job->channel, job->route->place);
	job->route->metrics.dropped++;
	run_free(job->post);
}

static void
succeed(struct post_run *run)
{
	struct job *job = run->job;

	job->route->metrics.done++;
	run_free(run);
	job_done(job, FATE_DONE);
}

static void
pass_answer(void *arg)
{
	struct post_run *run = arg;
	int64_t wait = outlet_flush(&run->outlet);

	run->job->route->metrics.late += run->outlet.late;
	run->outlet.late = 0;
	if (!wait)
		succeed(run);
	else
		loop_set(&run->job->worker->loop, &run->timer, wait);
}

/* A head that says what the answer's said, for REPLY_HTTP. */
static void
feed_head(struct post_run *run)
{
	struct ch_buf head = CH_BUF_INIT;
	const char *type = run->transfer.type;

	put_format(&head, "%d\n", run->transfer.status);
	if (*type)
		put_format(&head, "Content-Type: %s\n", type);
	put_char(&head, '\n');
	outlet_feed(&run->outlet, head.data, head.len);
	ch_buf_release(&head);
}

static void
give_answer(struct post_run *run)
{
	const struct job *job = run->job;
	const struct ch_buf *answer = &run->transfer.answer;

	if (job->route->reply == REPLY_NONE) {
		succeed(run);
		return;
	}
	run->replies = 1;
	outlet_init(&run->outlet, job->worker->layer, job->route,
	    job->route->reply, job->reply_channel);
	if (job->route->reply == REPLY_HTTP)
		feed_head(run);
	if (answer->len)
		outlet_feed(&run->outlet, answer->data, answer->len);
	outlet_end(&run->outlet, 1);
	run->timer.fire = pass_answer;
	pass_answer(run);
}

/* Whether another try may come to more (RFC 9110, section 15). */
static int
is_passing(int status)
{
	return !status || status == 408 || status == 425 || status == 429 ||
	    status >= 500;
}

static void
fail(struct post_run *run, const char *reason, int again)
{
	struct job *job = run->job;
	const struct transfer *transfer = &run->transfer;
	struct failure failure = { .reason = reason,
		.code = transfer->status ? transfer->status : -1,
		.last = transfer->answer.data };
	enum fate fate = failure_fate(job->route, -1,
	    again ? job->retries : UINT32_MAX);

	failure.last_len = transfer->answer.len < ANSWER_SAID
	    ? transfer->answer.len : ANSWER_SAID;
	say_error("%s: %s: %s: %s", job->channel, job->route->place,
	    run->url.len ? run->url.data : "post", reason);
	job->route->metrics.failed++;
	job->not_before = transfer->retry_after;
	if (fate == FATE_DEAD)
		job_write_letter(job, &failure);
	job->owed = job->route->reply == REPLY_HTTP ? 502 : 0;
	run_free(run);
	job_done(job, fate);
}

static void
on_ended(void *arg)
{
	struct post_run *run = arg;
	int status = run->transfer.status;
	struct ch_buf reason = CH_BUF_INIT;
	int replies = run->job->route->reply != REPLY_NONE;

	if (status >= 200 && status < 300 &&
	    !(replies && run->transfer.too_long)) {
		give_answer(run);
		return;
	}
	if (status >= 200 && status < 300)
		put_string(&reason, "the answer is longer than 1 MiB");
	else if (status)
		put_format(&reason, "status %d", status);
	else
		put_string(&reason, run->transfer.error);
	fail(run, reason.data, is_passing(status));
	ch_buf_release(&reason);
}

static void
on_fault(void *arg)
{
	struct post_run *run = arg;

	fail(run, run->fault, 0);
}

/* What keeps it from being posted, or NULL. */
static const char *
prepare(struct post_run *run)
{
	struct job *job = run->job;
	struct worker *worker = job->worker;
	struct json message = { job->text, job->len };
	struct ch_buf original = CH_BUF_INIT;

	if (!worker->transfers)
		worker->transfers = transfers_new(&worker->loop);
	if (!worker->transfers)
		return "libcurl cannot be used";
	route_takes(job->route, job->channel, message, &worker->match);
	if (url_expand(&job->route->url, &worker->match.captures,
		&run->url) < 0)
		return "a capture would change where the URL leads";
	failure_put_original(&original, message);
	if (job->route->form) {
		put_form(&run->body, json_value(original.data, original.len));
		ch_buf_release(&original);
	} else {
		run->body = original;
	}
	return NULL;
}

void
post_start(struct job *job)
{
	struct post_run *run = calloc(1, sizeof(*run));
	struct transfer *transfer;

	if (!run)
		say_memory();
	if (!*job->id)
		ch_id_random(job->id, CH_ID_UNIQUE);
	job->post = run;
	run->job = job;
	run->timer.arg = run;
	run->fault = prepare(run);
	if (run->fault) {
		run->timer.fire = on_fault;
		loop_set(&job->worker->loop, &run->timer, 0);
		return;
	}
	transfer = &run->transfer;
	*transfer = (struct transfer) {
		.url = run->url.data,
		.body = run->body.data ? run->body.data : "",
		.len = run->body.len,
		.timeout = job->route->timeout,
		.most = job->route->reply != REPLY_NONE ? ANSWER_MOST
							: 2 * ANSWER_SAID,
		.ended = on_ended,
		.arg = run,
	};
	put_headers(run);
	transfer_start(transfer, job->worker->transfers);
}
