/*
 * growth - what a message costs, sent and taken, as the backlog and the number
 * of channels that one receiver listens on grow.
 */
#include "bench/bench.h"

#include <sys/resource.h>

#define PAIRS 2000
#define ROUNDS 15
#define CHANNELS 10000 /* or what two descriptors each allow */
#define RESERVED 500   /* descriptors for all else */
#define BUSY 10 /* channels with traffic */

struct ends {
	struct ch_layer *layer;
	struct ch_receiver *receiver;
	char (*names)[32];
	size_t busy;
};

static void
send_one(const struct ends *ends, const char *name)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	struct ch_err err = CH_ERR_INIT;

	bench_must(ch_send(ends->layer, name, bench_text(), BENCH_TEXT, &opts,
	    &err), &err);
}

/* The time of one message through one of the busy channels. */
static double
cost(const struct ends *ends)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_message message;
	double start = bench_us();
	size_t i;

	for (i = 0; i < PAIRS; i++) {
		send_one(ends, ends->names[i % ends->busy]);
		bench_must(ch_receive(ends->receiver, &message, CH_NEVER,
		    &err), &err);
	}
	return (bench_us() - start) / PAIRS;
}

static struct ends
open_ends(const char *stem, size_t n, size_t busy)
{
	struct ends ends = { .layer = bench_open(), .busy = busy };
	const char **names = calloc(n, sizeof(*names));
	struct ch_err err = CH_ERR_INIT;
	size_t i;

	ends.names = calloc(n, sizeof(*ends.names));
	if (!names || !ends.names)
		exit(1);
	for (i = 0; i < n; i++) {
		snprintf(ends.names[i], 32, "%s.%zu", stem, i);
		names[i] = ends.names[i];
	}
	bench_must(ch_receiver_new(&ends.receiver, ends.layer, names, n, 0,
	    &err), &err);
	free(names);
	return ends;
}

static void
close_ends(struct ends *ends)
{
	ch_receiver_free(ends->receiver);
	ch_close(ends->layer);
	free(ends->names);
}

static void
fill(const struct ends *ends, size_t n)
{
	while (n--)
		send_one(ends, ends->names[0]);
}

/* The smaller and the larger in turns, for one moment is not as the next. */
static void
compare(const char *what, const struct ends *small, const struct ends *large,
    const char *target)
{
	double ours[ROUNDS], theirs[ROUNDS];
	int i;

	cost(small);
	cost(large);
	for (i = 0; i < ROUNDS; i++) {
		theirs[i] = cost(small);
		ours[i] = cost(large);
	}
	bench_row(what, bench_quantile(ours, ROUNDS, 0.5),
	    bench_quantile(theirs, ROUNDS, 0.5), 2, " us", target);
}

int
main(void)
{
	struct rlimit limit;
	struct ends one, many;
	size_t channels = CHANNELS;
	char what[64];

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * CHANNELS + RESERVED)
		channels = (limit.rlim_cur - RESERVED) / 2;

	one = open_ends("short", 1, 1);
	many = open_ends("long", 1, 1);
	fill(&one, 1);
	fill(&many, 100000);
	compare("a message, backlog of 100,000; of 1", &one,
	    &many, "1.2 x");
	close_ends(&one);
	close_ends(&many);

	one = open_ends("few", BUSY, BUSY);
	many = open_ends("many", channels, BUSY);
	snprintf(what, sizeof(what),
	    "a message, listening on %zu channels; on 10", channels);
	compare(what, &one, &many, "1.2 x");
	close_ends(&many);
	many = open_ends("wide", channels, channels);
	compare("  with traffic on all of them", &one, &many, "");
	close_ends(&many);
	close_ends(&one);
	return 0;
}
