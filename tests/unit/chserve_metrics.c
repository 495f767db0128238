/* Counting in several processes, and telling it to Prometheus. */
#include "chserve/metrics.h"
#include "chserve/status.h"

#include "store.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ch_buf text = CH_BUF_INIT;

/* Whether the text has this line. */
static void
has(const char *line)
{
	size_t len = strlen(line);
	const char *at = text.data;

	while (at && *at) {
		if (strncmp(at, line, len) == 0 && at[len] == '\n')
			break;
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	ok(at && *at, "says: %s", line);
}

static void
tell(void)
{
	struct metrics sum;

	metrics_sum(&sum);
	ch_buf_clear(&text);
	metrics_write(&text, &sum);
}

static void
test_alone(void)
{
	struct metrics sum;

	metrics_add(METRIC_DROPPED, 3);
	metrics_sum(&sum);
	is_int((intmax_t)sum.count[METRIC_DROPPED], 3,
	    "a process alone counts, too");
}

static void
test_text(void)
{
	metrics_add(METRIC_CONNECTIONS_NOW, 2);
	metrics_add(METRIC_CONNECTIONS_NOW, -1);
	metrics_add(METRIC_CONNECTIONS, 2);
	metrics_add(METRIC_REFUSED_ORIGIN, 1);
	metrics_add(METRIC_BYTES_OUT, 5000000000);
	metrics_request(200, 999);
	metrics_request(200, 1000);
	metrics_request(304, 1001);
	metrics_request(404, 2000000);
	metrics_request(503, 60000000);
	metrics_request(101, -1);
	tell();
	has("# HELP chserve_connections Connections that are open, but for "
	    "plain WebSockets.");
	has("# TYPE chserve_connections gauge");
	has("chserve_connections 1");
	has("# TYPE chserve_connections_total counter");
	has("chserve_connections_total 2");
	has("chserve_refused_total{reason=\"host\"} 0");
	has("chserve_refused_total{reason=\"origin\"} 1");
	has("chserve_sent_bytes_total 5000000000");
	has("chserve_requests_total{status=\"1xx\"} 1");
	has("chserve_requests_total{status=\"2xx\"} 2");
	has("chserve_requests_total{status=\"3xx\"} 1");
	has("chserve_requests_total{status=\"4xx\"} 1");
	has("chserve_requests_total{status=\"5xx\"} 1");
	has("# TYPE chserve_request_duration_seconds histogram");
	has("chserve_request_duration_seconds_bucket{le=\"0.001\"} 3");
	has("chserve_request_duration_seconds_bucket{le=\"0.0025\"} 4");
	has("chserve_request_duration_seconds_bucket{le=\"1\"} 4");
	has("chserve_request_duration_seconds_bucket{le=\"2.5\"} 5");
	has("chserve_request_duration_seconds_bucket{le=\"+Inf\"} 6");
	has("chserve_request_duration_seconds_sum 62.003000");
	has("chserve_request_duration_seconds_count 6");
}

/* Each name has one HELP, one TYPE, and its values behind them. */
static void
test_order(void)
{
	char name[128] = "", *at, *next;
	size_t len;
	int fine = 1;

	for (at = text.data; *at; at = next) {
		next = strchr(at, '\n') + 1;
		if (strncmp(at, "# HELP ", 7) == 0) {
			len = strcspn(at + 7, " ");
			snprintf(name, sizeof(name), "%.*s", (int)len, at + 7);
			fine = fine && strncmp(next, "# TYPE ", 7) == 0;
		} else if (*at != '#') {
			fine = fine &&
			    strncmp(at, name, strlen(name)) == 0;
		}
	}
	ok(fine, "values stand behind their names");
}

/* A process counts in its slot, and ends; then another takes it. */
static void
count_in(unsigned slot, pid_t *pid)
{
	int status;

	fflush(stdout);
	*pid = fork();
	if (*pid == 0) {
		metrics_use(slot);
		metrics_add(METRIC_WEBSOCKETS, 10);
		metrics_add(METRIC_WEBSOCKETS_NOW, 4);
		metrics_request(200, 5);
		_exit(0);
	}
	waitpid(*pid, &status, 0);
}

static void
test_processes(void)
{
	pid_t pid[3], seen[4];
	struct metrics sum;

	is_int(metrics_open(3, NULL), CH_OK, "three slots");
	count_in(0, &pid[0]);
	count_in(1, &pid[1]);
	metrics_sum(&sum);
	is_int((intmax_t)sum.count[METRIC_WEBSOCKETS], 20, "summed up");
	is_int((intmax_t)sum.count[METRIC_WEBSOCKETS_NOW], 8, "also gauges");
	is_int((intmax_t)sum.buckets[0], 2, "and durations");
	is_int(metrics_pids(seen, 4), 2, "two processes");
	is_int(seen[1], pid[1], "the second is that one");
	metrics_gone(1);
	metrics_sum(&sum);
	is_int((intmax_t)sum.count[METRIC_WEBSOCKETS], 20,
	    "one has gone: what it counted stays");
	is_int((intmax_t)sum.count[METRIC_WEBSOCKETS_NOW], 4,
	    "what it had does not");
	is_int(metrics_pids(seen, 4), 1, "one process");
	count_in(0, &pid[2]);
	metrics_sum(&sum);
	is_int((intmax_t)sum.count[METRIC_WEBSOCKETS], 30,
	    "started again: it counts on");
	is_int((intmax_t)sum.count[METRIC_WEBSOCKETS_NOW], 4,
	    "what is there begins with none");
}

static const char *type;

static void
answer(enum status_page page, int status)
{
	ch_buf_clear(&text);
	is_int(status_answer(&text, page, &type), status, "a page");
}

static void
test_status(void)
{
	struct ch_receiver *receiver;
	char own[CH_NAME_MAX + 1];
	struct ch_layer *layer;

	store_new();
	layer = store_open();
	is_int(ch_own_random(layer, "x", own, NULL), CH_OK, "a server");
	receiver = listen_to(layer, own, 0);
	is_str(next_of(receiver, CH_NOW), "", "and has looked");
	put(layer, "http.request", "{}");
	metrics_use(2);
	status_open(layer, own);
	answer(STATUS_METRICS, 200);
	is_str(type, "text/plain; version=0.0.4; charset=utf-8", "its type");
	has("chserve_layer_up 1");
	has("chserve_channel_pending{channel=\"http.request\"} 1");
	has("chserve_channel_pending{channel=\"websocket.receive\"} 0");
	has("chserve_channel_consumers{channel=\"http.request\"} 0");
	has("chserve_processes 2");
	ok(strstr(text.data, "\nprocess_resident_memory_bytes ") &&
	    !strstr(text.data, "\nprocess_resident_memory_bytes 0\n"),
	    "knows its memory");
	ok(strstr(text.data, "\nprocess_open_fds ") &&
	    !strstr(text.data, "\nprocess_open_fds 0\n"),
	    "and its descriptors");
	test_order();

	answer(STATUS_HEALTH, 200);
	is_str(text.data, "ok\n", "is ok");
	remove_store();
	answer(STATUS_HEALTH, 503);
	is_str(text.data, "no channel layer\n", "without the store");
	answer(STATUS_METRICS, 200);
	has("chserve_layer_up 0");
	status_stop();
	answer(STATUS_HEALTH, 503);
	is_str(text.data, "stopping\n", "at the end");
	ch_receiver_free(receiver);
	ch_close(layer);
}

int
main(void)
{
	test_alone();
	is_int(metrics_open(1, NULL), CH_OK, "a slot");
	test_text();
	test_order();
	test_processes();
	test_status();
	ch_buf_release(&text);
	return done_testing();
}
