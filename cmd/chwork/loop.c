/* loop.c - descriptors and timers. */
#include "chwork/loop.h"

#include "base/err.h"
#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>

int
loop_init(struct loop *loop, struct ch_err *err)
{
	*loop = (struct loop) { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	return loop->epoll < 0 ? ch_err_os(err, errno, "epoll") : CH_OK;
}

void
loop_release(struct loop *loop)
{
	ch_io_close(&loop->epoll);
}

void
loop_watch(struct loop *loop, struct source *source, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = source };
	int how = EPOLL_CTL_MOD;

	if (events == source->events)
		return;
	if (!source->events)
		how = EPOLL_CTL_ADD;
	else if (!events)
		how = EPOLL_CTL_DEL;
	if (epoll_ctl(loop->epoll, how, source->fd, &event) < 0)
		say_error("epoll: %s", strerror(errno));
	else
		source->events = events;
}

void
loop_forget(struct loop *loop, struct source *source)
{
	if (source->fd < 0)
		return;
	loop_watch(loop, source, 0);
	ch_io_close(&source->fd);
}

void
loop_unset(struct loop *loop, struct timer *timer)
{
	struct timer **at = &loop->timers;

	if (!timer->when)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->when = 0;
}

void
loop_set(struct loop *loop, struct timer *timer, int64_t delay)
{
	loop_unset(loop, timer);
	timer->when = ch_clock() + delay;
	timer->next = loop->timers;
	loop->timers = timer;
}

/* The one that is due first: there are about as many as jobs. */
static struct timer *
first_timer(const struct loop *loop)
{
	struct timer *first = loop->timers, *timer;

	for (timer = first; timer; timer = timer->next)
		if (timer->when < first->when)
			first = timer;
	return first;
}

static int
fire_due(struct loop *loop)
{
	struct timer *timer;
	int fired = 0;

	while ((timer = first_timer(loop)) && timer->when <= ch_clock()) {
		loop_unset(loop, timer);
		timer->fire(timer->arg);
		fired = 1;
	}
	return fired;
}

static int
wait_ms(const struct loop *loop, int64_t deadline)
{
	const struct timer *timer = first_timer(loop);
	int64_t left;

	if (deadline == CH_NOW)
		return 0;
	if (timer && timer->when < deadline)
		deadline = timer->when;
	if (deadline == CH_NEVER)
		return -1;
	left = deadline - ch_clock();
	if (left > INT_MAX)
		return INT_MAX;
	return left > 0 ? (int)left : 0;
}

/*
 * One event at a time, because what handles it may free the source of the
 * next; the kernel takes turns between those that are ready.
 */
int
loop_turn(struct loop *loop, int64_t deadline)
{
	struct epoll_event event;
	struct source *source;
	int n;

	n = epoll_wait(loop->epoll, &event, 1, wait_ms(loop, deadline));
	if (n > 0) {
		source = event.data.ptr;
		source->ready(source->arg);
	}
	return fire_due(loop) || n > 0;
}
