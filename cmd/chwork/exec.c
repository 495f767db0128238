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

#define TEMPORARILY 75 /* the exit status that asks for another try */

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
	if (code == TEMPORARILY || job->worker->stage == ENDING)
		return 503;
	return run->consumer.child.ending ? 504 : 500;
}

static void
on_ended(void *arg, int status)
{
	struct run *run = arg;
	struct job *job = run->job;
	struct child *child = &run->consumer.child;
	struct metrics *metrics = &job->route->metrics;
	int code = WIFEXITED(status) && !child->ending ? WEXITSTATUS(status)
						       : -1;

	int again = code == TEMPORARILY && !run->left &&
	    (job->route->reply != REPLY_HTTP ||
		!run->consumer.outlet.response.begun);

	metrics->busy_ms += (uint64_t)(ch_clock() - run->started);
	if (code == 0)
		metrics->done++;
	else
		metrics->failed++;
	if (code != 0 && !again)
		metrics->dropped++;
	if (code != 0 && !run->left)
		child_complain(child, job->channel, status);
	metrics->late += run->consumer.outlet.late;
	job->owed = owed(run, code);
	job->run = NULL;
	consumer_release(&run->consumer);
	run_free(run);
	job_done(job, again);
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

int
exec_start(struct job *job)
{
	struct worker *worker = job->worker;
	struct json message = { job->text, job->len };
	struct run *run;
	int fd;

	if (is_vain(job)) {
		say_more("%s: %s: the client has left", job->channel,
		    job->route->place);
		job->route->metrics.dropped++;
		return -1;
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
		job->owed = job->route->reply == REPLY_HTTP ? 500 : 0;
		run_free(run);
		return -1;
	}
	job->run = run;
	if (job->route->reply == REPLY_FRAMES)
		set_stream(run, message);
	if (job->route->timeout)
		child_end(&run->consumer.child, job->route->timeout);
	return 0;
}
