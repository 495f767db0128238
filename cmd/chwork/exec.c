/* exec.c - one process for a message. */
#include "chwork/exec.h"

#include "base/io.h"
#include "chwork/consumer.h"
#include "chwork/job.h"
#include "common/mux.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEMPORARILY 75 /* the exit status that asks for another try */

struct run {
	struct consumer consumer;
	struct job *job;
	int64_t started;
};

/*
 * The message in a file without a name: it has an end, it may be longer than
 * a pipe, and a command that does not read it disturbs nobody.
 */
static int
message_file(const struct job *job)
{
	int fd = memfd_create("message", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (ch_io_write(fd, job->text, job->len) < 0 ||
	    ch_io_write(fd, "\n", 1) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		ch_io_close(&fd);
	return fd;
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

	metrics->busy_ms += (uint64_t)(ch_clock() - run->started);
	if (code == 0)
		metrics->done++;
	else
		metrics->failed++;
	if (code != 0 && code != TEMPORARILY)
		metrics->dropped++;
	if (code != 0)
		child_complain(child, job->channel, status);
	consumer_release(&run->consumer);
	free(run);
	job_done(job, code == TEMPORARILY);
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

int
exec_start(struct job *job)
{
	struct worker *worker = job->worker;
	struct json message = { job->text, job->len };
	struct run *run = calloc(1, sizeof(*run));
	char *const *envp;
	int fd = message_file(job);

	if (!run)
		say_memory();
	run->job = job;
	run->started = ch_clock();
	run->consumer.ended = on_ended;
	run->consumer.arg = run;
	route_takes(job->route, job->channel, message, &worker->match);
	envp = environ_for(&worker->environment, job->route->settings,
	    job->channel, message, &worker->match.captures, job->retries);
	if (fd < 0)
		say_error("%s: %s", job->channel, strerror(errno));
	if (fd < 0 || consumer_start(&run->consumer, worker, job->route,
		job->route->reply, job->reply_channel, envp, fd) < 0) {
		free(run);
		return -1;
	}
	if (job->route->reply == REPLY_FRAMES)
		set_stream(run, message);
	if (job->route->timeout)
		child_end(&run->consumer.child, job->route->timeout);
	return 0;
}
