/* What is counted, in memory that all processes share. */
#include "chserve/metrics.h"

#include "base/clock.h"
#include "base/err.h"
#include "common/put.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* A slot has its cache lines to itself. */
struct slot {
	_Alignas(64) struct metrics metrics;
};

static struct slot alone;
static struct slot *slots = &alone, *ours = &alone;
static unsigned n_slots = 1;
static int64_t since;

/* Those of one name stand together. */
static const struct {
	const char *name, *labels, *help;
} about[METRICS] = {
	[METRIC_CONNECTIONS_NOW] = { "chserve_connections", "",
	    "Connections that are open, but for plain WebSockets." },
	[METRIC_WEBSOCKETS_NOW] = { "chserve_websockets", "",
	    "WebSockets that are open." },
	[METRIC_CONNECTIONS] = { "chserve_connections_total", "",
	    "Connections that were taken." },
	[METRIC_WEBSOCKETS] = { "chserve_websockets_total", "",
	    "WebSockets that were accepted." },
	[METRIC_REJECTED] = { "chserve_websockets_rejected_total", "",
	    "WebSockets that were refused, or that nobody answered." },
	[METRIC_REQUESTS_1XX] = { "chserve_requests_total",
	    "{status=\"1xx\"}", "Requests that were answered." },
	[METRIC_REQUESTS_2XX] = { "chserve_requests_total",
	    "{status=\"2xx\"}", NULL },
	[METRIC_REQUESTS_3XX] = { "chserve_requests_total",
	    "{status=\"3xx\"}", NULL },
	[METRIC_REQUESTS_4XX] = { "chserve_requests_total",
	    "{status=\"4xx\"}", NULL },
	[METRIC_REQUESTS_5XX] = { "chserve_requests_total",
	    "{status=\"5xx\"}", NULL },
	[METRIC_BAD_REQUESTS] = { "chserve_bad_requests_total", "",
	    "Requests that made no sense." },
	[METRIC_TLS_FAILURES] = { "chserve_tls_failures_total", "",
	    "TLS handshakes that failed." },
	[METRIC_REFUSED_HOST] = { "chserve_refused_total",
	    "{reason=\"host\"}", "What was refused for a reason of policy." },
	[METRIC_REFUSED_ORIGIN] = { "chserve_refused_total",
	    "{reason=\"origin\"}", NULL },
	[METRIC_REFUSED_CONNECTIONS] = { "chserve_refused_total",
	    "{reason=\"connections\"}", NULL },
	[METRIC_REFUSED_ADDRESS] = { "chserve_refused_total",
	    "{reason=\"address\"}", NULL },
	[METRIC_REFUSED_DESCRIPTORS] = { "chserve_refused_total",
	    "{reason=\"descriptors\"}", NULL },
	[METRIC_MESSAGES_IN] = { "chserve_messages_in_total", "",
	    "Messages that were sent to the channel layer." },
	[METRIC_MESSAGES_OUT] = { "chserve_messages_out_total", "",
	    "Messages from the channel layer for a client." },
	[METRIC_BYTES_IN] = { "chserve_received_bytes_total", "",
	    "Bytes of bodies and messages that clients sent." },
	[METRIC_BYTES_OUT] = { "chserve_sent_bytes_total", "",
	    "Bytes of contents and frames for clients." },
	[METRIC_DROPPED] = { "chserve_messages_dropped_total", "",
	    "Messages for a client that was gone." },
	[METRIC_FULL] = { "chserve_full_total", "",
	    "Times that a channel was full." },
	[METRIC_PAUSED] = { "chserve_paused_total", "",
	    "Times that a WebSocket sent more than its rate." },
	[METRIC_CLOSED_SLOW] = { "chserve_slow_closes_total", "",
	    "WebSockets closed because the client did not read." },
	[METRIC_CLOSED_FULL] = { "chserve_full_closes_total", "",
	    "WebSockets closed because a channel stayed full." },
	[METRIC_LOG_LOST] = { "chserve_log_lines_lost_total", "",
	    "Lines of the access log that could not be written." },
};

/* Upper ends of the buckets, the last of which has none. */
static const struct {
	int64_t us;
	const char *seconds;
} bounds[METRICS_BUCKETS] = {
	{ 1000, "0.001" },
	{ 2500, "0.0025" },
	{ 5000, "0.005" },
	{ 10000, "0.01" },
	{ 25000, "0.025" },
	{ 50000, "0.05" },
	{ 100000, "0.1" },
	{ 250000, "0.25" },
	{ 500000, "0.5" },
	{ 1000000, "1" },
	{ 2500000, "2.5" },
	{ 10000000, "10" },
	{ INT64_MAX, "+Inf" },
};

/* --- slots ---------------------------------------------------------------- */

int
metrics_open(unsigned wanted, struct ch_err *err)
{
	void *memory = mmap(NULL, wanted * sizeof(*slots),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return ch_err_os(err, errno, "memory for metrics");
	slots = memory;
	n_slots = wanted;
	ours = slots;
	since = ch_clock_real();
	return CH_OK;
}

void
metrics_gone(unsigned slot)
{
	struct metrics *metrics = &slots[slot].metrics;

	if (slot >= n_slots)
		return;
	memset(metrics->count, 0, METRIC_GAUGES * sizeof(*metrics->count));
	metrics->pid = 0;
}

void
metrics_use(unsigned slot)
{
	metrics_gone(slot);
	if (slot >= n_slots)
		return;
	ours = &slots[slot];
	ours->metrics.pid = getpid();
}

unsigned
metrics_pids(pid_t *pids, unsigned n)
{
	unsigned i, found = 0;

	for (i = 0; i < n_slots && found < n; i++)
		if (slots[i].metrics.pid)
			pids[found++] = slots[i].metrics.pid;
	return found;
}

/* Only its process writes a number; the others see the old or the new one. */
static void
add(uint64_t *number, uint64_t n)
{
	__atomic_store_n(number, *number + n, __ATOMIC_RELAXED);
}

static uint64_t
look(const uint64_t *number)
{
	return __atomic_load_n(number, __ATOMIC_RELAXED);
}

/* --- counting ------------------------------------------------------------- */

void
metrics_add(enum metric metric, int64_t n)
{
	add(&ours->metrics.count[metric], (uint64_t)n);
}

void
metrics_request(int status, int64_t us)
{
	int class = status / 100, i = 0;

	if (class < 1 || class > 5)
		class = 5;
	if (us < 0)
		us = 0;
	while (us > bounds[i].us)
		i++;
	metrics_add((enum metric)(METRIC_REQUESTS_1XX + class - 1), 1);
	add(&ours->metrics.buckets[i], 1);
	add(&ours->metrics.duration, (uint64_t)us);
}

int64_t
metrics_since(void)
{
	return since;
}

int64_t
metrics_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

void
metrics_sum(struct metrics *sum)
{
	unsigned i;
	int m;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < n_slots; i++) {
		const struct metrics *one = &slots[i].metrics;

		for (m = 0; m < METRICS; m++)
			sum->count[m] += look(&one->count[m]);
		for (m = 0; m < METRICS_BUCKETS; m++)
			sum->buckets[m] += look(&one->buckets[m]);
		sum->duration += look(&one->duration);
	}
}

/* --- telling -------------------------------------------------------------- */

void
metrics_head(struct ch_buf *out, const char *name, const char *kind,
    const char *help)
{
	put_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    kind);
}

static void
write_durations(struct ch_buf *out, const struct metrics *metrics)
{
	static const char name[] = "chserve_request_duration_seconds";
	uint64_t n = 0;
	int i;

	metrics_head(out, name, "histogram",
	    "From a request's head to the end of its answer.");
	for (i = 0; i < METRICS_BUCKETS; i++) {
		n += metrics->buckets[i];
		put_format(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name,
		    bounds[i].seconds, n);
	}
	put_format(out, "%s_sum %" PRIu64 ".%06" PRIu64 "\n", name,
	    metrics->duration / 1000000, metrics->duration % 1000000);
	put_format(out, "%s_count %" PRIu64 "\n", name, n);
}

void
metrics_write(struct ch_buf *out, const struct metrics *metrics)
{
	int i;

	for (i = 0; i < METRICS; i++) {
		if (about[i].help)
			metrics_head(out, about[i].name,
			    i < METRIC_GAUGES ? "gauge" : "counter",
			    about[i].help);
		put_format(out, "%s%s %" PRIu64 "\n", about[i].name,
		    about[i].labels, metrics->count[i]);
	}
	write_durations(out, metrics);
}
