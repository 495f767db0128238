/* exec.c - one process for a message. */
#include "chwork/exec.h"

#include "chwork/body.h"
#include "chwork/cgi.h"
#include "chwork/consumer.h"
#include "chwork/gone.h"
#include "chwork/job.h"
#include "chwork/mount.h"
#include "common/json.h"
#include "common/mux.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct run {
	struct consumer consumer;
	struct job *job;
	int64_t started;
	int left; /* the client has */
	struct body body; /* of cgi */
};

static void
run_free(struct run *run)
{
	if (run->job->route->action == ACTION_CGI)
		body_close(&run->body);
	free(run);
}

/* What the client is told if this was the last try; 0: it was told enough. */
static int
owed(const struct run *run, int code)
{
	const struct job *job = run->job;

	if (code == 0 || run->left || job->route->reply != REPLY_HTTP ||
	    run->consumer.outlet.response.begun)
		return 0;
	if (code == FAILURE_TEMPORARILY || job->worker->stage == ENDING)
		return 503;
	return run->consumer.child.ending ? 504 : 500;
}

/* What becomes of it: a client that has part of an answer gets no other. */
static enum fate
fate_of(const struct run *run, int code)
{
	const struct job *job = run->job;

	if (run->left)
		return code == 0 ? FATE_DONE : FATE_DROPPED;
	if (code != 0 && job->route->reply == REPLY_HTTP &&
	    run->consumer.outlet.response.begun)
		return job->route->dead ? FATE_DEAD : FATE_DROPPED;
	return failure_fate(job->route, code, job->retries);
}

static void
count(struct metrics *metrics, const struct run *run, int code)
{
	metrics->busy_ms += (uint64_t)(ch_clock() - run->started);
	metrics->done += code == 0;
	metrics->failed += code != 0;
	metrics->late += run->consumer.outlet.late;
}

static void
on_ended(void *arg, int status)
{
	struct run *run = arg;
	struct job *job = run->job;
	struct child *child = &run->consumer.child;
	int code = WIFEXITED(status) && !child->ending ? WEXITSTATUS(status)
						       : -1;
	enum fate fate = fate_of(run, code);
	struct failure failure = { .code = code };
	struct ch_buf reason = CH_BUF_INIT;

	count(&job->route->metrics, run, code);
	if (code != 0 && !run->left)
		child_complain(child, job->channel, status);
	if (fate == FATE_DEAD) {
		child_put_status(&reason, child, status);
		failure.reason = reason.data;
		failure.last = child->last.data;
		failure.last_len = child->last.len;
		job_write_letter(job, &failure);
		ch_buf_release(&reason);
	}
	job->owed = owed(run, code);
	job->run = NULL;
	consumer_release(&run->consumer);
	run_free(run);
	job_done(job, fate);
}

/* The command did not begin, which was said. */
static void
not_begun(struct job *job, const char *reason)
{
	struct failure failure = { .code = -1, .reason = reason };
	enum fate fate = failure_fate(job->route, -1, job->retries);

	job->route->metrics.failed++;
	if (fate == FATE_DEAD)
		job_write_letter(job, &failure);
	job->owed = job->route->reply == REPLY_HTTP ? 500 : 0;
	job_done(job, fate);
}

/* Frames that it prints go to the stream that the message came by. */
static void
set_stream(struct run *run, struct json message)
{
	struct ch_buf scratch = CH_BUF_INIT;
	struct json stream = mux_get(message, "stream", &scratch);

	if (stream.text)
		json_bare(&run->consumer.outlet.stream, stream);
	ch_buf_release(&scratch);
}

void
exec_leave(struct job *job)
{
	struct run *run = job->run;

	if (job->route->reply != REPLY_HTTP || run->left ||
	    run->consumer.child.ending)
		return;
	say_more("%s: %s: the client has left", job->channel,
	    job->route->place);
	run->left = 1;
	child_end(&run->consumer.child, 0);
}

/* Whether nobody waits for the answer any more. */
static int
is_vain(const struct job *job)
{
	if (job->route->reply != REPLY_HTTP || !job->reply_channel)
		return 0;
	gone_watch(job->worker);
	return gone_has(job->worker, job->reply_channel);
}

static void
on_broken(void *arg)
{
	struct run *run = arg;

	exec_leave(run->job);
}

static struct run *
run_new(struct job *job)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		say_memory();
	run->job = job;
	run->started = ch_clock();
	run->consumer.ended = on_ended;
	run->consumer.arg = run;
	run->body.broken = on_broken;
	run->body.arg = run;
	return run;
}

char *const *
exec_environment(struct environment *environment, const struct route *route,
    const struct match *match, const char *channel, struct json message,
    unsigned retries, int64_t length)
{
	struct cgi cgi = { .program = route->program,
		.script = mount_length(match, message),
		.length = length,
		.authorization = route->authorization,
		.settings = route->settings };
	char *const *list = environ_for(environment, route->settings, channel,
	    message, &match->captures, retries);

	if (route->action != ACTION_CGI)
		return list;
	cgi_put(&environment->text, message, &cgi);
	return environ_list(environment, route->settings);
}

void
exec_start(struct job *job)
{
	struct worker *worker = job->worker;
	struct json message = { job->text, job->len };
	struct run *run;
	int fd;

	if (is_vain(job)) {
		say_more("%s: %s: the client has left", job->channel,
		    job->route->place);
		job_done(job, FATE_DROPPED);
		return;
	}
	run = run_new(job);
	route_takes(job->route, job->channel, message, &worker->match);
	fd = job->route->action == ACTION_CGI
	    ? body_open(&run->body, worker, message)
	    : body_file(job->text, job->len, "\n");
	if (fd < 0)
		say_error("%s: its standard input: %s", job->channel,
		    strerror(errno));
	if (fd < 0 || consumer_start(&run->consumer, worker, job->route,
		job->route->reply, job->reply_channel,
		exec_environment(&worker->environment, job->route,
		    &worker->match, job->channel, message, job->retries,
		    run->body.length), fd) < 0) {
		run_free(run);
		not_begun(job, "the command could not be started");
		return;
	}
	job->run = run;
	if (job->route->reply == REPLY_FRAMES)
		set_stream(run, message);
	if (job->route->timeout)
		child_end(&run->consumer.child, job->route->timeout);
}
