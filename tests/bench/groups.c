/* groups - a send to the many members of one process, and to many channels. */
#include "bench/bench.h"

#define BATCH 1000

static void
add(struct ch_layer *layer, const char *group, const char *stem, size_t n)
{
	char channel[CH_NAME_MAX + 1];
	struct ch_err err = CH_ERR_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(channel, sizeof(channel), "%s%zu", stem, i);
		bench_must(ch_group_add(layer, group, channel, &err), &err);
	}
}

static double
send_to(struct ch_layer *layer, const char *group, size_t n)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	struct ch_err err = CH_ERR_INIT;
	struct ch_group_sent sent;
	double start = bench_us();

	bench_must(ch_group_send(layer, group, bench_text(), BENCH_TEXT, &opts,
	    &sent, &err), &err);
	start = bench_us() - start;
	if (sent.sent != n) {
		fprintf(stderr, "bench: sent to %zu of %zu\n",
		    (size_t)sent.sent, n);
		exit(1);
	}
	return start;
}

static void
take(struct ch_receiver *receiver, size_t n)
{
	struct ch_message messages[BATCH];
	struct ch_err err = CH_ERR_INIT;
	size_t got;

	for (; n; n -= got)
		bench_must(ch_receive_many(receiver, messages,
		    n < BATCH ? n : BATCH, &got, CH_NEVER, &err), &err);
}

static void
to_one_process(size_t n, size_t rounds, const char *target)
{
	struct ch_layer *owner = bench_open(), *sender = bench_open();
	char prefix[CH_NAME_MAX + 1], group[32], what[64];
	double *times = calloc(rounds, sizeof(*times));
	const char *name = prefix;
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	size_t i;

	snprintf(group, sizeof(group), "one-%zu", n);
	bench_must(ch_own_random(owner, "bench", prefix, &err), &err);
	bench_must(ch_receiver_new(&receiver, owner, &name, 1, 0, &err), &err);
	add(owner, group, prefix, n);
	for (i = 0; times && i < rounds; i++) {
		times[i] = send_to(sender, group, n);
		take(receiver, n);
	}
	snprintf(what, sizeof(what), "group send, %zu members of one process",
	    n);
	bench_row(what, bench_quantile(times, rounds, 0.5), 0, 1, " us",
	    target);
	free(times);
	ch_receiver_free(receiver);
	ch_close(sender);
	ch_close(owner);
}

static void
to_channels(size_t n)
{
	struct ch_layer *layer = bench_open();
	double times[31];
	size_t i;

	add(layer, "apart", "apart.", n);
	for (i = 0; i < 31; i++)
		times[i] = send_to(layer, "apart", n);
	bench_row("group send, 1,000 channels",
	    bench_quantile(times, 31, 0.5), 0, 0, " us", "3000 us");
	ch_close(layer);
}

int
main(void)
{
	to_one_process(10, 1000, "10 us");
	to_one_process(1000, 200, "50 us");
	to_one_process(10000, 40, "500 us");
	to_channels(1000);
	return 0;
}
