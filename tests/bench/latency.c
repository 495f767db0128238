/*
 * latency - from a send to the return of a waiting receiver in another process,
 * beside a write to a named pipe and the return of a waiting read, in turns.
 */
#include "bench/bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ROUNDS 60
#define EACH 50
#define PAUSE_US 300 /* until the receiver is asleep again */

static char fifo[4096];

static double
stamp(const char *text)
{
	return strtod(text + strlen("{\"at\":\""), NULL);
}

static void
put_stamp(char text[BENCH_TEXT + 1])
{
	snprintf(text, BENCH_TEXT + 1, "{\"at\":\"%-*.3f\"}", BENCH_TEXT - 9,
	    bench_us());
}

/* Receives by the library, and says into `out` how late each message was. */
static void
listen_library(int out)
{
	struct ch_layer *layer = bench_open();
	struct ch_err err = CH_ERR_INIT;
	struct ch_receiver *receiver;
	struct ch_message message;
	const char *name = "latency";
	double late = 0;

	bench_must(ch_receiver_new(&receiver, layer, &name, 1, 0, &err), &err);
	while (write(out, &late, sizeof(late)) == sizeof(late)) {
		bench_must(ch_receive(receiver, &message, CH_NEVER, &err),
		    &err);
		late = bench_us() - stamp(message.text);
	}
	_exit(0);
}

static void
listen_pipe(int out)
{
	int in = open(fifo, O_RDWR);
	char text[BENCH_TEXT + 1] = "";
	double late = 0;

	while (write(out, &late, sizeof(late)) == sizeof(late)) {
		if (read(in, text, BENCH_TEXT) <= 0)
			break;
		late = bench_us() - stamp(text);
	}
	_exit(0);
}

static int
start(void (*listener)(int), pid_t *pid)
{
	double ready;
	int fd[2];

	if (pipe(fd) < 0 || (*pid = fork()) < 0)
		_exit(1);
	if (!*pid) {
		close(fd[0]);
		listener(fd[1]);
	}
	close(fd[1]);
	if (read(fd[0], &ready, sizeof(ready)) != sizeof(ready))
		_exit(1);
	return fd[0];
}

static double
round_trip(int answers, struct ch_layer *layer, int pipe_fd)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	struct ch_err err = CH_ERR_INIT;
	char text[BENCH_TEXT + 1];
	double late;

	bench_pause(PAUSE_US);
	put_stamp(text);
	if (layer)
		bench_must(ch_send(layer, "latency", text, BENCH_TEXT, &opts,
		    &err), &err);
	else if (write(pipe_fd, text, BENCH_TEXT) != BENCH_TEXT)
		_exit(1);
	if (read(answers, &late, sizeof(late)) != sizeof(late))
		_exit(1);
	return late;
}

int
main(void)
{
	static double ours[ROUNDS * EACH], theirs[ROUNDS * EACH];
	struct ch_layer *layer = bench_open();
	int i, j, library, bare, pipe_fd;
	pid_t pids[2];

	snprintf(fifo, sizeof(fifo), "%s.fifo", ch_location(layer));
	if (mkfifo(fifo, 0600) < 0 || (pipe_fd = open(fifo, O_RDWR)) < 0)
		return 1;
	library = start(listen_library, &pids[0]);
	bare = start(listen_pipe, &pids[1]);
	for (i = 0; i < ROUNDS; i++) {
		for (j = 0; j < EACH; j++)
			ours[i * EACH + j] = round_trip(library, layer, -1);
		for (j = 0; j < EACH; j++)
			theirs[i * EACH + j] = round_trip(bare, NULL, pipe_fd);
	}
	kill(pids[0], SIGKILL);
	kill(pids[1], SIGKILL);
	while (wait(NULL) > 0)
		continue;
	unlink(fifo);
	bench_row("delivery to a waiting receiver, p50; a pipe",
	    bench_quantile(ours, ROUNDS * EACH, 0.5),
	    bench_quantile(theirs, ROUNDS * EACH, 0.5), 1, " us",
	    "2.2 x or + 7 us");
	bench_row("  p99", bench_quantile(ours, ROUNDS * EACH, 0.99),
	    bench_quantile(theirs, ROUNDS * EACH, 0.99), 1, " us", "");
	ch_close(layer);
	return 0;
}
