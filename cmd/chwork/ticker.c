/* ticker.c - fires the routes that recur, each time once. */
#include "chwork/ticker.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/lock.h"
#include "chwork/recur.h"
#include "chwork/worker.h"
#include "common/put.h"
#include "common/say.h"
#include "common/state.h"
#include "common/when.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK 60000 /* ms: clocks are set, and computers sleep */
#define STAMP 21   /* bytes of a time in a file, with its line feed */

/* --- claiming ------------------------------------------------------------ */

/* The file of the route, open; -1: err says why not. */
static int
open_stamp(const struct worker *worker, const struct route *route,
    struct ch_err *err)
{
	char state[PATH_MAX], folder[PATH_MAX], path[PATH_MAX + 64];
	struct stat st;
	mode_t mode = 0;
	int fd;

	state_path(NULL, ch_location(worker->layer), state);
	if (state_folder(state, "schedules", folder, &mode, err) != CH_OK)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", folder,
	    strchr(route->channel, '.') + 1);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		ch_err_os(err, errno, "%s", path);
	else if (fstat(fd, &st) == 0 && st.st_uid == geteuid())
		fchmod(fd, mode);
	return fd;
}

/* The time in the file; 0: none. */
static int64_t
read_stamp(int fd)
{
	char text[STAMP + 1] = "";

	return pread(fd, text, STAMP, 0) > 0 ? strtoll(text, NULL, 10) : 0;
}

static int
write_stamp(int fd, int64_t time, struct ch_err *err)
{
	char text[STAMP + 1];

	snprintf(text, sizeof(text), "%0*" PRId64 "\n", STAMP - 1, time);
	if (pwrite(fd, text, STAMP, 0) == STAMP)
		return CH_OK;
	return ch_err_os(err, errno, "write the time of a schedule");
}

/*
 * CH_OK: that time is ours; CH_NONE: it was another's; or why neither. A stamp
 * from the future is of a clock that has been put right since.
 */
static int
claim(const struct worker *worker, const struct route *route, int64_t now,
    struct ch_err *err)
{
	int fd = open_stamp(worker, route, err), rc;
	int64_t last;

	if (fd < 0)
		return err->status;
	rc = ch_lock_take(fd, CH_NEVER, "a schedule", err);
	if (rc == CH_OK) {
		last = read_stamp(fd);
		rc = last >= route->recur->due && last <= now + LOOK
		    ? CH_NONE : write_stamp(fd, route->recur->due, err);
	}
	ch_io_close(&fd);
	return rc;
}

/* --- firing -------------------------------------------------------------- */

static int
see_pending(void *arg, const struct ch_channel_stat *stat)
{
	*(uint64_t *)arg = stat->pending;
	return CH_OK;
}

static int
send_tick(const struct worker *worker, const struct route *route,
    struct ch_err *err)
{
	struct ch_buf text = CH_BUF_INIT;
	char due[WHEN_SIZE];
	int rc;

	when_rfc3339(route->recur->due, due);
	put_string(&text, "{\"schedule\":");
	json_quote(&text, route->recur->text, strlen(route->recur->text));
	put_format(&text, ",\"due\":\"%s\"}", due);
	rc = ch_send(worker->layer, route->channel, text.data, text.len, NULL,
	    err);
	ch_buf_release(&text);
	return rc;
}

static void
fire(const struct worker *worker, const struct route *route, int64_t now)
{
	struct ch_err err = CH_ERR_INIT;
	uint64_t pending = 0;
	int rc = claim(worker, route, now, &err);

	if (rc == CH_OK)
		rc = ch_stat_channels(worker->layer, route->channel,
		    see_pending, &pending, &err);
	if (rc == CH_OK && pending)
		say_error("%s: %s: left out, since the last time is still "
		    "waiting", route->place, route->recur->text);
	else if (rc == CH_OK)
		rc = send_tick(worker, route, &err);
	if (rc != CH_OK && rc != CH_NONE)
		say_error("%s: %s: %s", route->place, route->recur->text,
		    err.text);
}

/* What is due is fired; when the next is. -1: nothing ever will be. */
static int64_t
look(struct worker *worker, int64_t now)
{
	int64_t first = -1;

	for (size_t i = 0; i < worker->routes->n; i++) {
		const struct route *route = worker->routes->list[i];
		struct recur *recur = route->recur;

		if (!recur)
			continue;
		if (recur->due > 0 && recur->due <= now)
			fire(worker, route, now);
		if (recur->due >= 0 && recur->due <= now)
			recur->due = schedule_next(&recur->schedule, now);
		if (recur->due > 0 && (first < 0 || recur->due < first))
			first = recur->due;
	}
	return first;
}

static void
on_tick(void *arg)
{
	ticker_start(arg);
}

void
ticker_start(struct worker *worker)
{
	int64_t now = ch_clock_real(), first = look(worker, now);

	worker->tick.fire = on_tick;
	worker->tick.arg = worker;
	if (first >= 0)
		loop_set(&worker->loop, &worker->tick,
		    first - now < LOOK ? first - now : LOOK);
}

void
ticker_stop(struct worker *worker)
{
	loop_unset(&worker->loop, &worker->tick);
}
