/* bench.h - what the benchmarks share: clocks, medians, rows of the table. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include "channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BENCH_TEXT 200 /* bytes of a message */

static inline double
bench_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline void
bench_pause(long us)
{
	struct timespec pause = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&pause, NULL);
}

/* A benchmark goes no further than its first error. */
static inline void
bench_must(int rc, const struct ch_err *err)
{
	if (rc == CH_OK)
		return;
	fprintf(stderr, "bench: %s (%d)\n", err->text, -rc);
	_exit(-rc);
}

static inline struct ch_layer *
bench_open(void)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_layer *layer;

	bench_must(ch_open(&layer, NULL, &err), &err);
	return layer;
}

/* A message of BENCH_TEXT bytes. */
static inline const char *
bench_text(void)
{
	static char text[BENCH_TEXT + 1];

	snprintf(text, sizeof(text), "{\"text\":\"%0*d\"}", BENCH_TEXT - 11, 7);
	return text;
}

static inline int
bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that a share of all are not above; sorts. */
static inline double
bench_quantile(double *values, size_t n, double share)
{
	qsort(values, n, sizeof(*values), bench_compare);
	return values[(size_t)((double)(n - 1) * share)];
}

/* A row of the table: what, ours, the reference, their ratio, the target. */
static inline void
bench_row(const char *what, double ours, double reference, int decimals,
    const char *unit, const char *target)
{
	char a[32], b[32] = "-", ratio[32] = "-";

	snprintf(a, sizeof(a), "%.*f%s", decimals, ours, unit);
	if (reference > 0) {
		snprintf(b, sizeof(b), "%.*f%s", decimals, reference, unit);
		snprintf(ratio, sizeof(ratio), "%.2f", ours / reference);
	}
	printf("%-48s %12s %12s %6s  %s\n", what, a, b, ratio, target);
	fflush(stdout);
}

/* The same, and whether the target is met. */
static inline void
bench_judge(const char *what, double ours, double reference, int decimals,
    const char *unit, const char *target, int met)
{
	char verdict[64];

	snprintf(verdict, sizeof(verdict), "%-17s %s", target,
	    met ? "ok" : "MISSED");
	bench_row(what, ours, reference, decimals, unit, verdict);
}

/*
 * Something a second: the target is met by so many, or, on a machine that is
 * slow or busy, by so many times the reference of the same moment.
 */
static inline void
bench_rate(const char *what, double ours, double reference, double target,
    double ratio)
{
	char text[32];

	snprintf(text, sizeof(text), "%.0f, %g x", target, ratio);
	bench_judge(what, ours, reference, 0, "", text, ours >= target ||
	    (reference > 0 && ours >= ratio * reference));
}

#endif
