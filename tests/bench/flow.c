/*
 * flow - messages through the library: one at a time and in batches, between
 * one and four senders and receivers, each a process; beside a bare pipe.
 */
#include "bench/bench.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define BATCH 1000
#define RUNS 5
#define LOOK_MS 100

/* What all processes of a run see. */
struct board {
	atomic_int ready;
	atomic_int go;
	atomic_size_t received;
	_Atomic double last; /* when the last message came */
};

struct run {
	int senders, receivers;
	size_t n;     /* messages in all */
	size_t batch; /* at a time */
	struct board *board;
};

static void
wait_for_go(struct board *board)
{
	board->ready++;
	while (!board->go)
		bench_pause(100);
}

static void
send_all(const struct run *run)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED,
		.deadline = CH_NEVER };
	struct ch_message messages[BATCH];
	struct ch_layer *layer = bench_open();
	struct ch_err err = CH_ERR_INIT;
	size_t i, left = run->n / (size_t)run->senders;

	for (i = 0; i < BATCH; i++)
		messages[i] = (struct ch_message){ .channel = "flow",
			.text = bench_text(), .len = BENCH_TEXT };
	wait_for_go(run->board);
	for (; left; left -= run->batch) {
		if (run->batch == 1)
			bench_must(ch_send(layer, "flow", messages[0].text,
			    BENCH_TEXT, &opts, &err), &err);
		else
			bench_must(ch_send_many(layer, messages, run->batch,
			    &opts, NULL, &err), &err);
	}
	ch_close(layer);
}

static void
receive_all(const struct run *run)
{
	struct ch_message messages[BATCH];
	struct ch_layer *layer = bench_open();
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	const char *name = "flow";
	size_t got;
	int rc;

	bench_must(ch_receiver_new(&receiver, layer, &name, 1, 0, &err), &err);
	wait_for_go(run->board);
	while (run->board->received < run->n) {
		rc = ch_receive_many(receiver, messages, run->batch, &got,
		    ch_clock() + LOOK_MS, &err);
		if (rc == CH_TIMEOUT)
			continue;
		bench_must(rc, &err);
		if (atomic_fetch_add(&run->board->received, got) + got ==
		    run->n)
			run->board->last = bench_us();
	}
	ch_receiver_free(receiver);
	ch_close(layer);
}

static void
child(void (*job)(const struct run *), const struct run *run)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(1);
	if (pid)
		return;
	job(run);
	_exit(0);
}

/* Messages a second. */
static double
flow(int pairs, size_t n, size_t batch)
{
	struct run run = { pairs, pairs, n, batch, NULL };
	double start, end;
	int i;

	run.board = mmap(NULL, sizeof(*run.board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < pairs; i++) {
		child(receive_all, &run);
		child(send_all, &run);
	}
	while (run.board->ready < 2 * pairs)
		bench_pause(100);
	start = bench_us();
	run.board->go = 1;
	while (wait(NULL) > 0)
		continue;
	end = run.board->last;
	munmap(run.board, sizeof(*run.board));
	return (double)n / (end - start) * 1e6;
}

/* The same through a pipe, one write and one read a message. */
static double
pipe_flow(size_t n)
{
	const char *message = bench_text();
	char text[BENCH_TEXT];
	double start = bench_us();
	int fd[2];
	size_t i;

	if (pipe(fd) < 0)
		_exit(1);
	if (fork() == 0) {
		for (i = 0; i < n; i++)
			if (write(fd[1], message, BENCH_TEXT) < 0)
				_exit(1);
		_exit(0);
	}
	close(fd[1]);
	for (i = 0; i < n; i++)
		if (read(fd[0], text, BENCH_TEXT) <= 0)
			_exit(1);
	close(fd[0]);
	wait(NULL);
	return (double)n / (bench_us() - start) * 1e6;
}

static double
median_flow(int pairs, size_t n, size_t batch)
{
	double rates[RUNS];
	int i;

	for (i = 0; i < RUNS; i++)
		rates[i] = flow(pairs, n, batch);
	return bench_quantile(rates, RUNS, 0.5);
}

int
main(void)
{
	double pipe_rate = pipe_flow(400000);

	bench_row("messages/s, one at a time, 1 to 1; a pipe",
	    median_flow(1, 200000, 1), pipe_rate, 0, "", "300000");
	bench_row("messages/s, one at a time, 4 to 4",
	    median_flow(4, 200000, 1), pipe_rate, 0, "", "300000");
	bench_row("messages/s, batches of 1000, 1 to 1",
	    median_flow(1, 2000000, BATCH), pipe_rate, 0, "", "5000000");
	return 0;
}
