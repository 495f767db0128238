/* exec.c - one process for a message. */
#include "chwork/exec.h"

#include "chwork/body.h"
#include "chwork/cgi.h"
#include "chwork/consumer.h"
#include "chwork/gone.h"
#include "chwork/hooks.h"
#include "chwork/job.h"
#include "chwork/mount.h"
#include "common/json.h"
#include "common/mux.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct run {
	struct consumer consumer;
	struct job *job;
	int64_t started;
	int begun; /* the command, not only what is before it */
	int over; /* all but what is behind it */
	int left; /* the client has */
	enum fate fate;
	struct body body; /* of cgi */
};

static void
run_free(struct run *run)
{
	if (run->body.loop)
		body_close(&run->body);
	free(run);
}

/* Whether the client has some of an answer. */
static int
has_answered(const struct run *run)
{
	return run->begun && run->consumer.outlet.response.begun;
}

/* What the client is told if this was the last try; 0: it was told enough. */
static int
owed(const struct run *run, int code)
{
	const struct job *job = run->job;

	if (code == 0 || run->left || job->route->reply != REPLY_HTTP ||
	    has_answered(run))
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
	    has_answered(run))
		return job->route->dead ? FATE_DEAD : FATE_DROPPED;
	return failure_fate(job->route, code, job->retries);
}

static void
count(struct metrics *metrics, const struct run *run, int code)
{
	metrics->busy_ms += (uint64_t)(ch_clock() - run->started);
	metrics->done += code == 0;
	metrics->failed += code != 0;
	if (run->begun)
		metrics->late += run->consumer.outlet.late;
}

/* Nothing of it runs any more. */
static void
finish(struct run *run)
{
	struct job *job = run->job;
	enum fate fate = run->fate;

	job->run = NULL;
	run_free(run);
	job_done(job, fate);
}

/*
 * Start the worker's own command, which meets the message on its standard
 * input, and `environment`. -1: it did not start, which was said.
 */
static int
start_hook(struct run *run, const struct route *hook, char *const *environment,
    void (*ended)(void *arg, int status))
{
	struct job *job = run->job;
	int fd = body_file(job->text, job->len, "\n");

	run->consumer.ended = ended;
	if (fd < 0) {
		say_error("%s: its standard input: %s", job->channel,
		    strerror(errno));
		return -1;
	}
	if (consumer_start(&run->consumer, job->worker, hook, REPLY_NONE, NULL,
		environment, fd) < 0)
		return -1;
	job->run = run;
	if (job->route->timeout)
		child_end(&run->consumer.child, job->route->timeout);
	return 0;
}

static void
on_after_ended(void *arg, int status)
{
	struct run *run = arg;

	if (status)
		child_complain(&run->consumer.child, run->job->channel,
		    status);
	consumer_release(&run->consumer);
	finish(run);
}

/* What the hook behind it is told besides the message. */
static char *const *
after_environment(const struct run *run, int status)
{
	static const char *const fates[] = { "done", "again", "dead",
		"dropped" };
	struct job *job = run->job;
	struct environment *environment = &job->worker->environment;

	route_takes(job->route, job->channel, (struct json){ job->text,
	    job->len }, &job->worker->match);
	exec_environment(environment, job->route, &job->worker->match,
	    job->channel, (struct json){ job->text, job->len }, job->retries,
	    run->body.length);
	put_format(&environment->text, "CH_STATUS=%d", WIFEXITED(status)
	    ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	put_char(&environment->text, '\0');
	put_format(&environment->text, "CH_FATE=%s", fates[run->fate]);
	put_char(&environment->text, '\0');
	put_format(&environment->text, "CH_SECONDS=%.3f",
	    (double)(ch_clock() - run->started) / 1000);
	put_char(&environment->text, '\0');
	return environ_list(environment, job->route->settings);
}

/* Its command, or that before it, has ended. */
static void
on_ended(void *arg, int status)
{
	struct run *run = arg;
	struct job *job = run->job;
	struct child *child = &run->consumer.child;
	const struct route *after = job->worker->hooks->after;
	int code = WIFEXITED(status) && !child->ending ? WEXITSTATUS(status)
						       : -1;
	struct failure failure = { .code = code };
	struct ch_buf reason = CH_BUF_INIT;

	run->fate = fate_of(run, code);
	count(&job->route->metrics, run, code);
	if (code != 0 && !run->left)
		child_complain(child, job->channel, status);
	if (run->fate == FATE_DEAD) {
		child_put_status(&reason, child, status);
		failure.reason = reason.data;
		failure.last = child->last.data;
		failure.last_len = child->last.len;
		job_write_letter(job, &failure);
		ch_buf_release(&reason);
	}
	job->owed = owed(run, code);
	run->over = 1;
	consumer_release(&run->consumer);
	if (!after || start_hook(run, after, after_environment(run, status),
		on_after_ended) < 0)
		finish(run);
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

	if (job->route->reply != REPLY_HTTP || run->left || run->over ||
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

/* Its command; -1: it did not start, which was said. */
static int
start_command(struct run *run)
{
	struct job *job = run->job;
	struct worker *worker = job->worker;
	struct json message = { job->text, job->len };
	int fd;

	route_takes(job->route, job->channel, message, &worker->match);
	fd = job->route->action == ACTION_CGI
	    ? body_open(&run->body, worker, message)
	    : body_file(job->text, job->len, "\n");
	if (fd < 0) {
		say_error("%s: its standard input: %s", job->channel,
		    strerror(errno));
		return -1;
	}
	run->consumer.ended = on_ended;
	if (consumer_start(&run->consumer, worker, job->route,
		job->route->reply, job->reply_channel,
		exec_environment(&worker->environment, job->route,
		    &worker->match, job->channel, message, job->retries,
		    run->body.length), fd) < 0)
		return -1;
	job->run = run;
	run->begun = 1;
	if (job->route->reply == REPLY_FRAMES)
		set_stream(run, message);
	if (job->route->timeout)
		child_end(&run->consumer.child, job->route->timeout);
	return 0;
}

static void
begin(struct run *run)
{
	struct job *job = run->job;

	if (start_command(run) == 0)
		return;
	job->run = NULL;
	run_free(run);
	not_begun(job, "the command could not be started");
}

/* It begins only when what is before it has succeeded. */
static void
on_before_ended(void *arg, int status)
{
	struct run *run = arg;

	if (status || run->left || run->consumer.child.ending) {
		on_ended(run, status);
		return;
	}
	consumer_release(&run->consumer);
	begin(run);
}

static char *const *
before_environment(struct job *job)
{
	struct worker *worker = job->worker;
	struct json message = { job->text, job->len };

	route_takes(job->route, job->channel, message, &worker->match);
	return exec_environment(&worker->environment, job->route,
	    &worker->match, job->channel, message, job->retries, -1);
}

void
exec_start(struct job *job)
{
	const struct route *before = job->worker->hooks->before;
	struct run *run;

	if (is_vain(job)) {
		say_more("%s: %s: the client has left", job->channel,
		    job->route->place);
		job_done(job, FATE_DROPPED);
		return;
	}
	run = run_new(job);
	if (!before) {
		begin(run);
	} else if (start_hook(run, before, before_environment(job),
		on_before_ended) < 0) {
		run_free(run);
		not_begun(job, "--before could not be started");
	}
}
