/* Our own descriptors and deadlines, in one epoll instance. */
#include "chserve/loop.h"

#include "base/err.h"
#include "base/io.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define TURN_EVENTS 128
#define TURN_LATERS 64
#define LATERS_MS 2 /* they take no longer, but for one */

static int epoll_fd = -1;
static struct watch timer = { .fd = -1 };
static int64_t armed = CH_NEVER; /* when the timer goes off */
static struct due_queue *queues;

/* The events of this turn; loop_remove takes out those not yet handled. */
static struct epoll_event events[TURN_EVENTS];
static int n_events, at_event;

static struct soon *soons;

/* While there are laters, our epoll instance has to be readable. */
static struct later *first_later, *last_later;
static struct watch bell = { .fd = -1 };
static int ringing;

/* Those that come first have an epoll instance, which the other one watches. */
static struct watch firsts = { .fd = -1 };

static int64_t
earliest(void)
{
	struct due_queue *q;
	int64_t at = CH_NEVER;

	for (q = queues; q; q = q->next)
		if (q->first && q->first->at < at)
			at = q->first->at;
	return at;
}

/* The clock of deadlines is CLOCK_BOOTTIME, and so is the timer's. */
static void
arm(int64_t at)
{
	struct itimerspec when = { { 0, 0 }, { 0, 0 } };

	armed = at;
	if (at != CH_NEVER) {
		when.it_value.tv_sec = at / 1000;
		when.it_value.tv_nsec = at % 1000 * 1000000;
	}
	timerfd_settime(timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void
timer_ready(struct watch *watch, uint32_t ready)
{
	int64_t now = ch_clock();
	uint64_t ticks;
	struct due_queue *q;
	struct due *due;

	(void)ready;
	ch_io_read(watch->fd, &ticks, sizeof(ticks));
	for (q = queues; q; q = q->next)
		while ((due = q->first) && due->at <= now) {
			due_clear(due);
			q->expired(due);
		}
	arm(earliest());
}

static void
do_nothing(struct watch *watch, uint32_t ready)
{
	(void)watch, (void)ready;
}

int
loop_open(struct ch_err *err)
{
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	timer.fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	timer.ready = timer_ready;
	bell.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bell.ready = do_nothing;
	firsts.fd = epoll_create1(EPOLL_CLOEXEC);
	firsts.ready = do_nothing;
	if (epoll_fd < 0 || timer.fd < 0 || loop_add(&timer, EPOLLIN) ||
	    loop_add(&bell, EPOLLIN) || loop_add(&firsts, EPOLLIN))
		return ch_err_os(err, errno, "start the event loop");
	return CH_OK;
}

void
loop_close(void)
{
	struct due_queue *q;

	for (q = queues; q; q = q->next)
		while (q->first)
			due_clear(q->first);
	while (soons)
		soon_clear(soons);
	while (first_later)
		later_clear(first_later);
	ch_io_close(&firsts.fd);
	ringing = 0;
	ch_io_close(&bell.fd);
	armed = CH_NEVER;
	ch_io_close(&timer.fd);
	ch_io_close(&epoll_fd);
}

int
loop_fd(void)
{
	return epoll_fd;
}

static void
run_soons(void)
{
	struct soon *soon;

	while ((soon = soons)) {
		soon_clear(soon);
		soon->run(soon);
	}
}

/* Ring as long as there are laters. */
static void
ring(int on)
{
	uint64_t n = 1;

	if (ringing == on)
		return;
	ringing = on;
	if (on)
		ch_io_write(bell.fd, &n, sizeof(n));
	else
		ch_io_read(bell.fd, &n, sizeof(n));
}

static void
run_laters(void)
{
	int64_t end = ch_clock() + LATERS_MS;
	struct later *later;
	int i;

	for (i = 0; i < TURN_LATERS && (later = first_later); i++) {
		if (i && ch_clock() >= end)
			break;
		later_clear(later);
		later->run(later);
	}
	ring(first_later != NULL);
}

static void
see(int fd, int patience)
{
	struct watch *watch;

	n_events = epoll_wait(fd, events, TURN_EVENTS, patience);
	for (at_event = 0; at_event < n_events; at_event++) {
		watch = events[at_event].data.ptr;
		if (watch)
			watch->ready(watch, events[at_event].events);
	}
	n_events = 0;
}

static void
turn(int patience)
{
	see(firsts.fd, 0);
	see(epoll_fd, patience);
	run_laters();
	run_soons();
}

void
loop_turn(void)
{
	turn(0);
}

void
loop_wait(void)
{
	turn(-1);
}

static int
control(int op, struct watch *watch, uint32_t wanted)
{
	struct epoll_event event = { .events = wanted };

	event.data.ptr = watch;
	return epoll_ctl(watch->first ? firsts.fd : epoll_fd, op, watch->fd,
	    &event);
}

int
loop_add(struct watch *watch, uint32_t wanted)
{
	return control(EPOLL_CTL_ADD, watch, wanted);
}

int
loop_add_first(struct watch *watch)
{
	watch->first = 1;
	return control(EPOLL_CTL_ADD, watch, EPOLLIN);
}

void
loop_remove(struct watch *watch)
{
	int i;

	control(EPOLL_CTL_DEL, watch, 0);
	for (i = at_event + 1; i < n_events; i++)
		if (events[i].data.ptr == watch)
			events[i].data.ptr = NULL;
}

void
due_set(struct due_queue *queue, struct due *due, int64_t ms)
{
	struct due *before;

	due_clear(due);
	if (!queue->used) {
		queue->used = 1;
		queue->next = queues;
		queues = queue;
	}
	due->queue = queue;
	due->at = ch_clock() + ms;
	for (before = queue->last; before && before->at > due->at;)
		before = before->prev;
	due->prev = before;
	due->next = before ? before->next : queue->first;
	if (due->next)
		due->next->prev = due;
	else
		queue->last = due;
	if (before)
		before->next = due;
	else
		queue->first = due;
	if (due->at < armed)
		arm(due->at);
}

void
due_clear(struct due *due)
{
	struct due_queue *queue = due->queue;

	if (!queue)
		return;
	if (due->prev)
		due->prev->next = due->next;
	else
		queue->first = due->next;
	if (due->next)
		due->next->prev = due->prev;
	else
		queue->last = due->prev;
	due->queue = NULL;
}

void
soon_set(struct soon *soon)
{
	if (soon->asked)
		return;
	soon->asked = 1;
	soon->prev = NULL;
	soon->next = soons;
	if (soons)
		soons->prev = soon;
	soons = soon;
}

void
soon_clear(struct soon *soon)
{
	if (!soon->asked)
		return;
	soon->asked = 0;
	if (soon->prev)
		soon->prev->next = soon->next;
	else
		soons = soon->next;
	if (soon->next)
		soon->next->prev = soon->prev;
}

void
later_set(struct later *later)
{
	if (later->asked)
		return;
	later->asked = 1;
	later->next = NULL;
	later->prev = last_later;
	if (last_later)
		last_later->next = later;
	else
		first_later = later;
	last_later = later;
	ring(1);
}

void
later_clear(struct later *later)
{
	if (!later->asked)
		return;
	later->asked = 0;
	if (later->prev)
		later->prev->next = later->next;
	else
		first_later = later->next;
	if (later->next)
		later->next->prev = later->prev;
	else
		last_later = later->prev;
}
