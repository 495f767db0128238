/* crowd - the processor time that a hundred sleepers spend on one message. */
#include "bench/bench.h"

#include <signal.h>
#include <sys/wait.h>

#define CROWD 100
#define ROUNDS 20
#define SETTLE_US 50000

static void
receive_for_ever(void)
{
	struct ch_layer *layer = bench_open();
	struct ch_err err = CH_ERR_INIT;
	struct ch_receiver *receiver;
	struct ch_message message;
	const char *name = "crowd";

	bench_must(ch_receiver_new(&receiver, layer, &name, 1, 0, &err), &err);
	for (;;)
		bench_must(ch_receive(receiver, &message, CH_NEVER, &err),
		    &err);
}

/* The processor time of all of them, in us. */
static double
spent(const pid_t pids[CROWD])
{
	struct timespec time;
	double sum = 0;
	clockid_t clock;
	int i;

	for (i = 0; i < CROWD; i++) {
		if (clock_getcpuclockid(pids[i], &clock) ||
		    clock_gettime(clock, &time) < 0)
			exit(1);
		sum += (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
	}
	return sum;
}

int
main(void)
{
	struct ch_layer *layer = bench_open();
	struct ch_err err = CH_ERR_INIT;
	double before, all;
	pid_t pids[CROWD];
	int i;

	for (i = 0; i < CROWD; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			receive_for_ever();
	}
	bench_pause(10 * SETTLE_US);
	before = spent(pids);
	for (i = 0; i < ROUNDS; i++) {
		bench_must(ch_send(layer, "crowd", bench_text(), BENCH_TEXT,
		    NULL, &err), &err);
		bench_pause(SETTLE_US);
	}
	all = (spent(pids) - before) / ROUNDS;
	for (i = 0; i < CROWD; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		continue;
	ch_close(layer);
	bench_row("CPU of 100 sleeping receivers, one message", all, 0, 0,
	    " us", "500 us");
	return 0;
}
