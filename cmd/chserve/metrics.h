/*
 * metrics.h - what is counted: plain numbers, and their Prometheus text.
 *
 * Each process counts in a slot of its own, in memory that all share; whoever
 * is asked adds them up. Calling sequence: metrics_open before the first
 * fork, metrics_use in each process, metrics_add as things happen. Without
 * metrics_open a process counts for itself.
 *
 * A process that takes the slot of one that died goes on with its counts;
 * what is there now (connections, WebSockets) begins with none.
 */
#ifndef CHSERVE_METRICS_H
#define CHSERVE_METRICS_H

#include "base/buf.h"
#include "channel.h"

#include <stdint.h>
#include <sys/types.h>

/* metrics.c says of each what it is. The first ones go up and down. */
enum metric {
	METRIC_CONNECTIONS_NOW,
	METRIC_WEBSOCKETS_NOW,
	METRIC_GAUGES, /* their number; no metric itself */
	METRIC_CONNECTIONS = METRIC_GAUGES,
	METRIC_WEBSOCKETS,
	METRIC_REJECTED,
	METRIC_REQUESTS_1XX,
	METRIC_REQUESTS_2XX,
	METRIC_REQUESTS_3XX,
	METRIC_REQUESTS_4XX,
	METRIC_REQUESTS_5XX,
	METRIC_BAD_REQUESTS,
	METRIC_TLS_FAILURES,
	METRIC_REFUSED_HOST,
	METRIC_REFUSED_ORIGIN,
	METRIC_REFUSED_CONNECTIONS,
	METRIC_REFUSED_ADDRESS,
	METRIC_REFUSED_DESCRIPTORS,
	METRIC_MESSAGES_IN,
	METRIC_MESSAGES_OUT,
	METRIC_BYTES_IN,
	METRIC_BYTES_OUT,
	METRIC_DROPPED,
	METRIC_FULL,
	METRIC_PAUSED,
	METRIC_CLOSED_SLOW,
	METRIC_CLOSED_FULL,
	METRIC_LOG_LOST,
	METRICS
};

#define METRICS_BUCKETS 13 /* of the histogram, the last is +Inf */

/* The counts of one process, or of all. */
struct metrics {
	uint64_t count[METRICS];
	uint64_t buckets[METRICS_BUCKETS]; /* requests by duration */
	uint64_t duration;                 /* of all of them, in µs */
	pid_t pid;                         /* whose they are; 0: no one's */
};

/* Slots for so many processes; CH_IO: no memory. */
int metrics_open(unsigned slots, struct ch_err *err);

/* This process counts in that slot from now on. */
void metrics_use(unsigned slot);

/* The process of that slot has ended. */
void metrics_gone(unsigned slot);

/* The processes that count; pids[n], their number is returned. */
unsigned metrics_pids(pid_t *pids, unsigned n);

void metrics_add(enum metric metric, int64_t n);

/* A request was answered with that status, after so many µs. */
void metrics_request(int status, int64_t us);

/* When it all began, in ms since the epoch. */
int64_t metrics_since(void);

/* A clock in µs, for durations. */
int64_t metrics_clock(void);

/* Add up all slots. */
void metrics_sum(struct metrics *sum);

/* Append them in Prometheus' text format, 0.0.4. Pure. */
void metrics_write(struct ch_buf *out, const struct metrics *metrics);

/* The lines that say what follows; kind is "gauge", "counter". Pure. */
void metrics_head(struct ch_buf *out, const char *name, const char *kind,
    const char *help);

#endif
