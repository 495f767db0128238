/* receive.c - a receiver: many subscriptions, one sleep. */
#include "file/receive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "file/dir.h"
#include "file/sub.h"
#include "model/name.h"

/* The sleeper's look: how long a lost wake-up could last, in ms. */
#define LOOK 30000
/* With a channel that never runs dry, look at the bells once in so often. */
#define TURNS 4
#define EVENTS 64

struct receiver {
	struct ch_receiver base;
	struct ch_file *file;
	int epoll;
	int timer;      /* CLOCK_BOOTTIME: a delayed message is due; -1 */
	int timer_real; /* CLOCK_REALTIME, cancelled when that is set; -1 */
	int inotify;    /* new channels, watched files; -1 */
	int until;      /* the caller's, -1 */
	int64_t timer_at, timer_real_at;
	struct ch_sub **subs; /* sorted by name */
	size_t n, size;
	size_t armed;
	struct ch_sub *first, *last; /* in line */
	char **globs;
	size_t nglobs;
	int64_t look_at;
	unsigned turns;
	int ready; /* made: channels found from now on are new */
	struct epoll_event events[EVENTS];
	int nevents; /* gathered by wait, not yet seen by take */
	struct ch_buf text, names;
};

static struct receiver *
mine(struct ch_receiver *receiver)
{
	return (struct receiver *)receiver;
}

/* --- the line ------------------------------------------------------------ */

static void
line_up(struct receiver *r, struct ch_sub *sub)
{
	if (sub->in_line || sub->is_bad)
		return;
	sub->in_line = 1;
	sub->next = NULL;
	if (r->last)
		r->last->next = sub;
	else
		r->first = sub;
	r->last = sub;
}

static struct ch_sub *
next_in_line(struct receiver *r)
{
	struct ch_sub *sub = r->first;

	if (sub) {
		r->first = sub->next;
		if (!r->first)
			r->last = NULL;
		sub->in_line = 0;
	}
	return sub;
}

/* --- what wakes us ------------------------------------------------------- */

static int
wake_on(struct receiver *r, int fd, uint32_t events, void *tag,
    struct ch_err *err)
{
	struct epoll_event event = { .events = events, .data.ptr = tag };

	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return ch_err_os(err, errno, "wait for messages");
	return CH_OK;
}

static int
open_inotify(struct receiver *r, struct ch_err *err)
{
	if (r->inotify >= 0)
		return CH_OK;
	r->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (r->inotify < 0) {
		ch_err_os(err, errno, "follow the store by inotify");
		return CH_UNAVAILABLE;
	}
	return wake_on(r, r->inotify, EPOLLIN, &r->inotify, err);
}

/*
 * Let the timer go off at `at` (of its clock), if it does not do so earlier.
 * That of real time also goes off when somebody sets the clock.
 */
static int
set_timer(struct receiver *r, int *timer, clockid_t clock, int64_t *set_to,
    int64_t at, struct ch_err *err)
{
	struct itimerspec when = { .it_value = { .tv_sec = at / 1000,
		.tv_nsec = at % 1000 * 1000000 + 1 } };
	int flags = TFD_TIMER_ABSTIME, rc;

	if (at >= *set_to)
		return CH_OK;
	if (clock == CLOCK_REALTIME)
		flags |= TFD_TIMER_CANCEL_ON_SET;
	if (*timer < 0) {
		*timer = timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
		if (*timer < 0)
			return ch_err_os(err, errno, "make a timer");
		rc = wake_on(r, *timer, EPOLLIN, timer, err);
		if (rc != CH_OK)
			return rc;
	}
	if (timerfd_settime(*timer, flags, &when, NULL) < 0)
		return ch_err_os(err, errno, "set a timer");
	*set_to = at;
	return CH_OK;
}

static int
set_timers(struct receiver *r, const struct ch_sub *sub, struct ch_err *err)
{
	int rc = CH_OK;

	if (sub->due != CH_NEVER)
		rc = set_timer(r, &r->timer, CLOCK_BOOTTIME, &r->timer_at,
		    sub->due, err);
	if (rc == CH_OK && sub->due_real != CH_NEVER)
		rc = set_timer(r, &r->timer_real, CLOCK_REALTIME,
		    &r->timer_real_at, sub->due_real, err);
	return rc;
}

/* A timer went off, or the sleeper's look is due: who has something? */
static void
look_at_all(struct receiver *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->base.flags & CH_WATCH || ch_sub_is_ready(r->subs[i]))
			line_up(r, r->subs[i]);
	r->look_at = ch_clock() + LOOK;
}

static void
timer_went_off(struct receiver *r, int *timer, int64_t *set_to)
{
	uint64_t times;
	size_t i;

	/* ECANCELED says that the clock was set: the timer is to be too */
	if (read(*timer, &times, sizeof(times)) < 0 && errno == EAGAIN)
		return;
	*set_to = CH_NEVER;
	for (i = 0; i < r->n; i++)
		if (r->subs[i]->due != CH_NEVER ||
		    r->subs[i]->due_real != CH_NEVER)
			line_up(r, r->subs[i]);
}

/* --- subscriptions ------------------------------------------------------- */

static size_t
place_of(const struct receiver *r, const char *name, int *found)
{
	size_t low = 0, high = r->n, middle;
	int order;

	*found = 0;
	while (low < high) {
		middle = (low + high) / 2;
		order = strcmp(r->subs[middle]->chan->name, name);
		if (!order) {
			*found = 1;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int
subscribe(struct receiver *r, const char *name, struct ch_err *err)
{
	struct ch_sub *sub, **subs;
	size_t at, size;
	int found, rc;

	at = place_of(r, name, &found);
	if (found) {
		line_up(r, r->subs[at]);
		return CH_OK;
	}
	if (r->n == r->size) {
		size = r->size ? 2 * r->size : 8;
		subs = realloc(r->subs, size * sizeof(*subs));
		if (!subs)
			return ch_err_memory(err);
		r->subs = subs;
		r->size = size;
	}
	rc = ch_sub_new(&sub, r->file, name, err);
	if (rc == CH_OK && (r->base.flags & CH_WATCH)) {
		sub->is_new = r->ready;
		rc = ch_watch_start(sub, r->inotify, err);
		if (rc != CH_OK)
			ch_sub_free(sub);
	}
	if (rc != CH_OK)
		return rc;
	memmove(r->subs + at + 1, r->subs + at,
	    (r->n - at) * sizeof(*r->subs));
	r->subs[at] = sub;
	r->n++;
	line_up(r, sub);
	return CH_OK;
}

struct listing {
	struct receiver *r;
	struct ch_err *err;
};

static int
hear_of(void *arg, const char *name)
{
	const struct listing *listing = arg;
	size_t i;

	for (i = 0; i < listing->r->nglobs; i++)
		if (ch_name_hears(listing->r->globs[i], name))
			return subscribe(listing->r, name, listing->err);
	return CH_OK;
}

static int
list_channels(struct receiver *r, struct ch_err *err)
{
	struct listing listing = { r, err };

	return ch_dir_walk(r->file->channels, 0, hear_of, &listing, err);
}

static void
touched(struct receiver *r, int wd)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->subs[i]->wd == wd)
			line_up(r, r->subs[i]);
}

static int
read_inotify(struct receiver *r, struct ch_err *err)
{
	_Alignas(struct inotify_event) char bytes[4096];
	const struct inotify_event *event;
	struct listing listing = { r, err };
	ssize_t n, at;
	int rc = CH_OK;

	while (rc == CH_OK &&
	    (n = read(r->inotify, bytes, sizeof(bytes))) > 0) {
		for (at = 0; rc == CH_OK && at < n;
		     at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(bytes + at);
			if (event->mask & IN_Q_OVERFLOW) {
				look_at_all(r);
				rc = list_channels(r, err);
			} else if (event->len && event->name[0] != '.') {
				rc = hear_of(&listing, event->name);
			} else {
				touched(r, event->wd);
			}
		}
	}
	return rc;
}

static int
add_glob(struct receiver *r, const char *glob, struct ch_err *err)
{
	char **globs;
	char *copy;

	globs = realloc(r->globs, (r->nglobs + 1) * sizeof(*globs));
	copy = globs ? strdup(glob) : NULL;
	if (globs)
		r->globs = globs;
	if (!copy)
		return ch_err_memory(err);
	r->globs[r->nglobs++] = copy;
	return CH_OK;
}

/* Watch first, list second: no channel is missed. */
static int
follow_globs(struct receiver *r, struct ch_err *err)
{
	char path[64];

	if (!r->nglobs)
		return CH_OK;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", r->file->channels);
	if (inotify_add_watch(r->inotify, path,
	        IN_MOVED_TO | IN_CREATE | IN_ONLYDIR) < 0) {
		ch_err_os(err, errno, "follow the store by inotify");
		return CH_UNAVAILABLE;
	}
	return list_channels(r, err);
}

int
ch_receive_file_new(struct ch_receiver **receiver, struct ch_layer *layer,
    const char *const names[], size_t n, unsigned flags, struct ch_err *err)
{
	struct receiver *r = calloc(1, sizeof(*r));
	int rc = CH_OK, inotify = (flags & CH_WATCH) != 0;
	size_t i;

	if (!r)
		return ch_err_memory(err);
	r->base.layer = layer;
	r->base.flags = flags;
	r->base.fork = layer->fork;
	r->file = ch_file(layer);
	ch_dir_hold(r->file);
	r->timer = r->timer_real = r->inotify = r->until = -1;
	r->timer_at = r->timer_real_at = CH_NEVER;
	r->look_at = ch_clock() + LOOK;
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll < 0)
		rc = ch_err_os(err, errno, "wait for messages");
	for (i = 0; rc == CH_OK && i < n; i++)
		if (ch_name_is_glob(names[i])) {
			inotify = 1;
			rc = add_glob(r, names[i], err);
		}
	if (rc == CH_OK && inotify)
		rc = open_inotify(r, err);
	for (i = 0; rc == CH_OK && i < n; i++)
		if (!ch_name_is_glob(names[i]))
			rc = subscribe(r, names[i], err);
	if (rc == CH_OK)
		rc = follow_globs(r, err);
	if (rc != CH_OK) {
		ch_receive_file_free(&r->base);
		return rc;
	}
	r->ready = 1;
	*receiver = &r->base;
	return CH_OK;
}

void
ch_receive_file_free(struct ch_receiver *receiver)
{
	struct receiver *r = mine(receiver);
	int inherited = receiver->fork != receiver->layer->fork;
	size_t i;

	for (i = 0; i < r->n; i++)
		if (inherited)
			ch_sub_forget(r->subs[i]);
		else
			ch_sub_free(r->subs[i]);
	for (i = 0; i < r->nglobs; i++)
		free(r->globs[i]);
	free(r->globs);
	free(r->subs);
	ch_buf_release(&r->text);
	ch_buf_release(&r->names);
	ch_io_close(&r->inotify);
	ch_io_close(&r->timer);
	ch_io_close(&r->timer_real);
	ch_io_close(&r->epoll);
	free(r);
}

/* --- taking -------------------------------------------------------------- */

static void
gather(struct receiver *r, int timeout)
{
	r->nevents = epoll_wait(r->epoll, r->events, EVENTS, timeout);
}

/*
 * A bell rang. With many sleepers on one bell most find that another was
 * faster, and a look without the lock tells; but a bell that goes on ringing
 * for nothing has to be drained by somebody.
 */
static void
bell_rang(struct receiver *r, struct ch_sub *sub)
{
	if (ch_sub_is_ready(sub) || sub->idle++)
		line_up(r, sub);
}

static int
see_events(struct receiver *r, struct ch_err *err)
{
	int i, n = r->nevents, rc = CH_OK;
	void *tag;

	r->nevents = 0;
	for (i = 0; rc == CH_OK && i < n; i++) {
		tag = r->events[i].data.ptr;
		if (tag == &r->timer)
			timer_went_off(r, &r->timer, &r->timer_at);
		else if (tag == &r->timer_real)
			timer_went_off(r, &r->timer_real, &r->timer_real_at);
		else if (tag == &r->inotify)
			rc = read_inotify(r, err);
		else if (tag != &r->until)
			bell_rang(r, tag);
	}
	return rc;
}

/* Take from one subscription, and see to it that its bell wakes us. */
static int
take_from(struct receiver *r, struct ch_sub *sub, struct ch_out *out,
    struct ch_err *err)
{
	unsigned opened = sub->bell < 0 ? 0 : sub->opened;
	int rc;

	if (r->base.flags & CH_WATCH) {
		rc = ch_watch_see(sub, out, &r->base.missed, err);
		if (rc != CH_NONE)
			return rc;
		rc = ch_watch_start(sub, r->inotify, err);
		if (rc == CH_OK)
			line_up(r, sub);
		return rc;
	}
	r->armed -= sub->armed != 0;
	rc = ch_sub_take(sub, out, err);
	r->armed += sub->armed != 0;
	if (sub->bell >= 0 && sub->opened != opened &&
	    wake_on(r, sub->bell, EPOLLIN, sub, rc == CH_OK ? err : NULL))
		rc = CH_IO;
	if (rc == CH_OK && sub->armed)
		rc = set_timers(r, sub, err);
	return rc;
}

int
ch_receive_file_take(struct ch_receiver *receiver,
    struct ch_message *messages, size_t max, size_t *got, struct ch_err *err)
{
	struct receiver *r = mine(receiver);
	struct ch_out out = { messages, max, 0, &r->text, &r->names,
		(r->base.flags & CH_NOTICES) != 0 };
	struct ch_sub *sub;
	int rc = CH_OK;

	*got = 0;
	ch_buf_clear(&r->text);
	ch_buf_clear(&r->names);
	if (!r->nevents && (!r->first || (r->armed && ++r->turns % TURNS == 0)))
		gather(r, 0);
	if (r->nevents > 0)
		rc = see_events(r, err);
	if (!r->first && ch_clock() >= r->look_at)
		look_at_all(r);
	while (rc == CH_OK && !out.got && (sub = next_in_line(r))) {
		rc = take_from(r, sub, &out, err);
		if (rc == CH_REFUSED)
			sub->is_bad = 1;
		else if (rc != CH_OK || out.got)
			line_up(r, sub);
	}
	if (rc != CH_OK)
		return rc;
	if (!out.got) {
		r->look_at = ch_clock() + LOOK;
		return CH_TIMEOUT;
	}
	ch_out_done(&out);
	*got = out.got;
	return CH_OK;
}

static int
milliseconds(int64_t deadline)
{
	int64_t now = ch_clock();

	if (deadline <= now)
		return 0;
	return deadline - now > INT32_MAX ? INT32_MAX : (int)(deadline - now);
}

int
ch_receive_file_wait(struct ch_receiver *receiver, int64_t deadline,
    struct ch_err *err)
{
	struct receiver *r = mine(receiver);
	int64_t end = deadline < r->look_at ? deadline : r->look_at;
	int i;

	(void)err;
	gather(r, milliseconds(end));
	for (i = 0; i < r->nevents; i++)
		if (r->events[i].data.ptr == &r->until) {
			r->nevents = 0; /* take looks for itself */
			return CH_NONE;
		}
	if (r->nevents <= 0 && ch_clock() >= deadline)
		return CH_TIMEOUT;
	return CH_OK;
}

int
ch_receive_file_fd(const struct ch_receiver *receiver)
{
	return ((const struct receiver *)receiver)->epoll;
}

int
ch_receive_file_until(struct ch_receiver *receiver, int fd,
    struct ch_err *err)
{
	struct receiver *r = mine(receiver);
	struct epoll_event event = { .data.ptr = &r->until };

	/* EPOLLERR and EPOLLHUP are always told; a file has no reader */
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) < 0 &&
	    errno != EPERM && errno != EEXIST)
		return ch_err_os(err, errno, "watch the output");
	r->until = fd;
	return CH_OK;
}
