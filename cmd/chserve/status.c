/* What /metrics and /health say. */
#include "chserve/status.h"

#include "chserve/metrics.h"

#include "common/put.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 100   /* for a lock of the layer */
#define PROCESSES_MAX 256 /* that are looked at */

/* The channels that we send to. */
static const char *const channels[] = { "http.request", "http.disconnect",
	"websocket.connect", "websocket.receive", "websocket.disconnect" };
#define CHANNELS (sizeof(channels) / sizeof(*channels))

static struct ch_layer *layer;
static const char *own;
static int stopping;

void
status_open(struct ch_layer *of, const char *ours)
{
	layer = of;
	own = ours;
}

void
status_stop(void)
{
	stopping = 1;
}

/* --- the layer ------------------------------------------------------------ */

static int
take_stat(void *arg, const struct ch_channel_stat *stat)
{
	*(struct ch_channel_stat *)arg = *stat;
	return 0;
}

/* Look at a channel; all 0 if there is none yet. Its name is not kept. */
static int
look_at(struct ch_channel_stat *stat, const char *channel)
{
	int rc;

	memset(stat, 0, sizeof(*stat));
	ch_patience(layer, ch_clock() + PATIENCE_MS);
	rc = ch_stat_channels(layer, channel, take_stat, stat, NULL);
	ch_patience(layer, CH_NEVER);
	return rc;
}

/* Whether the layer can be had. */
static int
is_up(void)
{
	struct ch_channel_stat stat;

	return look_at(&stat, own) == CH_OK && stat.capacity;
}

static int
put_health(struct ch_buf *out)
{
	const char *word = stopping ? "stopping" :
	    is_up() ? NULL : "no channel layer";

	put_format(out, "%s\n", word ? word : "ok");
	return word ? 503 : 200;
}

/* --- metrics -------------------------------------------------------------- */

static void
put_number(struct ch_buf *out, const char *name, const char *help, double n)
{
	metrics_head(out, name, "gauge", help);
	put_format(out, "%s %.15g\n", name, n);
}

static void
put_channels(struct ch_buf *out)
{
	struct ch_channel_stat stats[CHANNELS];
	size_t i;

	for (i = 0; i < CHANNELS; i++)
		look_at(&stats[i], channels[i]);
	metrics_head(out, "chserve_channel_pending", "gauge",
	    "Messages that wait for a consumer.");
	for (i = 0; i < CHANNELS; i++)
		put_format(out,
		    "chserve_channel_pending{channel=\"%s\"} %" PRIu64 "\n",
		    channels[i], stats[i].pending);
	metrics_head(out, "chserve_channel_oldest_seconds", "gauge",
	    "How long the oldest of them has waited.");
	for (i = 0; i < CHANNELS; i++)
		put_format(out,
		    "chserve_channel_oldest_seconds{channel=\"%s\"} %.3f\n",
		    channels[i], stats[i].oldest > 0
			? (double)stats[i].oldest / 1000 : 0);
	metrics_head(out, "chserve_channel_consumers", "gauge",
	    "Consumers that sleep until a message comes.");
	for (i = 0; i < CHANNELS; i++)
		put_format(out,
		    "chserve_channel_consumers{channel=\"%s\"} %" PRIu64 "\n",
		    channels[i], stats[i].waiting);
}

static double
resident(pid_t pid)
{
	unsigned long size, pages = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/statm", (long)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Linux from 6.2 on says it as the directory's size. */
uint64_t
status_descriptors(pid_t pid)
{
	struct stat st;
	char path[64];
	uint64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	if (stat(path, &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	dir = opendir(path);
	if (!dir)
		return 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n > 2 ? n - 2 : 0; /* . and .. */
}

static void
put_processes(struct ch_buf *out)
{
	pid_t pids[PROCESSES_MAX];
	unsigned n = metrics_pids(pids, PROCESSES_MAX), i;
	struct rlimit limit = { 0, 0 };
	double memory = 0, open = 0;

	for (i = 0; i < n; i++) {
		memory += resident(pids[i]);
		open += (double)status_descriptors(pids[i]);
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	put_number(out, "chserve_processes", "Processes that serve.", n);
	put_number(out, "process_resident_memory_bytes",
	    "Memory in use, of all of them.", memory);
	put_number(out, "process_open_fds",
	    "File descriptors in use, of all of them.", open);
	put_number(out, "process_max_fds",
	    "File descriptors that they may use.",
	    (double)limit.rlim_cur * n);
	put_number(out, "process_start_time_seconds",
	    "When the server was started.",
	    (double)metrics_since() / 1000);
}

static void
put_metrics(struct ch_buf *out)
{
	struct metrics sum;

	metrics_sum(&sum);
	metrics_write(out, &sum);
	put_number(out, "chserve_layer_up",
	    "Whether the channel layer can be had.", is_up());
	put_channels(out);
	put_processes(out);
}

int
status_answer(struct ch_buf *out, enum status_page page, const char **type)
{
	if (page == STATUS_HEALTH) {
		*type = "text/plain; charset=utf-8";
		return put_health(out);
	}
	*type = "text/plain; version=0.0.4; charset=utf-8";
	put_metrics(out);
	return 200;
}
