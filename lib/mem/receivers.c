/* receivers.c - listening: taking messages fairly, watching, and sleeping. */
#include "mem/mem.h"

#include "base/err.h"
#include "base/io.h"
#include "model/name.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

#define WATCH_MAX 4096 /* messages kept for a watcher that does not look */

static struct ch_mem_receiver *
ch_mem_receiver(struct ch_receiver *receiver)
{
	return (struct ch_mem_receiver *)receiver;
}

static int
listens(const struct ch_mem_receiver *receiver,
    const struct ch_mem_queue *queue)
{
	size_t i;

	for (i = 0; i < receiver->n; i++)
		if (ch_name_hears(receiver->names[i], queue->name))
			return 1;
	return 0;
}

/* Let the timer run out at `when` (ms by ch_clock), and not before. */
static void
set_timer(const struct ch_mem_receiver *receiver, int64_t when)
{
	struct itimerspec at = { { 0, 0 }, { 0, 0 } };

	if (when != CH_NEVER) {
		at.it_value.tv_sec = (time_t)(when / 1000);
		at.it_value.tv_nsec = (long)(when % 1000) * 1000000;
	}
	timerfd_settime(receiver->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

void
ch_mem_ring(struct ch_mem_store *store, const struct ch_mem_queue *queue)
{
	const struct ch_mem_receiver *receiver;

	for (receiver = store->receivers; receiver; receiver = receiver->next)
		if (listens(receiver, queue))
			set_timer(receiver, 1);
}

int
ch_mem_is_heard(struct ch_mem_store *store, const struct ch_mem_queue *queue,
    uint64_t *asleep)
{
	const struct ch_mem_receiver *receiver;
	int heard = 0;

	for (receiver = store->receivers; receiver; receiver = receiver->next) {
		if (receiver->base.flags & CH_WATCH ||
		    !listens(receiver, queue))
			continue;
		heard = 1;
		if (asleep)
			*asleep += (uint64_t)receiver->asleep;
	}
	return heard;
}

static struct ch_mem_record *
copy_record(const struct ch_mem_record *record)
{
	struct ch_mem_record *copy;

	copy = ch_mem_record_new(record->text, record->kind, record->n);
	if (!copy)
		return NULL;
	copy->time = record->time;
	memcpy(copy->channels, record->channels,
	    record->n * sizeof(record->channels[0]));
	return copy;
}

void
ch_mem_show(struct ch_mem_store *store, const struct ch_mem_queue *queue,
    const struct ch_mem_record *record)
{
	struct ch_mem_receiver *receiver;
	struct ch_mem_record *copy;

	for (receiver = store->receivers; receiver; receiver = receiver->next) {
		if (!(receiver->base.flags & CH_WATCH) ||
		    record->kind != CH_MESSAGE || !listens(receiver, queue))
			continue;
		copy = copy_record(record);
		if (copy)
			ch_mem_list_add(&receiver->seen, copy);
		if (!copy || receiver->seen.n > WATCH_MAX)
			receiver->base.missed++;
		if (receiver->seen.n > WATCH_MAX)
			ch_mem_record_free(ch_mem_list_remove(&receiver->seen,
			    NULL));
	}
}

/* --- taking ------------------------------------------------------------- */

/*
 * Take the next part of the record behind `before`. The record moves to the
 * receiver's `given` list with its last part; before that, a copy does.
 */
static int
take_part(struct ch_mem_receiver *receiver, struct ch_mem_list *list,
    struct ch_mem_record *before, struct ch_message *message)
{
	struct ch_mem_record *record = before ? before->next : list->first;
	struct ch_mem_record *copy = record;
	size_t part = record->taken;
	int whole = part + 1 == record->n;

	if (!whole)
		copy = copy_record(record);
	if (!copy)
		return -1;
	record->taken++;
	if (whole)
		ch_mem_list_remove(list, before);
	ch_mem_list_add(&receiver->given, copy);
	message->channel = copy->channels[part];
	message->text = copy->text->bytes;
	message->len = copy->text->len;
	message->time = copy->time;
	message->kind = copy->kind;
	return whole;
}

/* Take one message of this queue; 0 when it has none for this receiver. */
static int
take_from(struct ch_mem_receiver *receiver, struct ch_mem_queue *queue,
    struct ch_message *message)
{
	struct ch_mem_store *store = ch_mem_store(receiver->base.layer);
	struct ch_mem_record *record, *before = NULL;
	int whole;

	ch_mem_queue_refresh(store, queue);
	record = queue->ready.first;
	while (record && record->kind != CH_MESSAGE &&
	    !(receiver->base.flags & CH_NOTICES)) {
		before = record;
		record = record->next;
	}
	if (!record)
		return 0;
	whole = take_part(receiver, &queue->ready, before, message);
	if (whole < 0)
		return 0;
	queue->used = ch_clock();
	if (message->kind != CH_MESSAGE)
		queue->notices--;
	else
		queue->received += (uint64_t)whole;
	if (whole)
		pthread_cond_broadcast(&store->room);
	return 1;
}

/* Take one message, of the queues in turn; 0 when there is none. */
static int
take_one(struct ch_mem_receiver *receiver, struct ch_message *message)
{
	struct ch_mem_store *store = ch_mem_store(receiver->base.layer);
	uint64_t turn = receiver->turn;
	struct ch_mem_queue *queue;
	int again;

	if (receiver->base.flags & CH_WATCH)
		return receiver->seen.first && take_part(receiver,
		    &receiver->seen, NULL, message) >= 0;
	for (again = 0; again < 2; again++) {
		for (queue = store->queues; queue; queue = queue->next) {
			if ((queue->id > turn) == again ||
			    !listens(receiver, queue) ||
			    !take_from(receiver, queue, message))
				continue;
			receiver->turn = queue->id;
			return 1;
		}
	}
	return 0;
}

/* When the first delayed message is due that this receiver waits for. */
static int64_t
next_due(const struct ch_mem_receiver *receiver)
{
	const struct ch_mem_queue *queue;
	int64_t due = CH_NEVER;

	queue = ch_mem_store(receiver->base.layer)->queues;
	for (; queue; queue = queue->next)
		if (queue->delayed.first && queue->delayed.first->due < due &&
		    listens(receiver, queue))
			due = queue->delayed.first->due;
	return due;
}

/* A watcher takes nothing, so it has to let in what is due itself. */
static void
refresh_watched(struct ch_mem_receiver *receiver)
{
	struct ch_mem_store *store = ch_mem_store(receiver->base.layer);
	struct ch_mem_queue *queue;

	for (queue = store->queues; queue; queue = queue->next)
		if (listens(receiver, queue))
			ch_mem_queue_refresh(store, queue);
}

int
ch_mem_take(struct ch_receiver *base, struct ch_message *messages, size_t max,
    size_t *got, struct ch_err *err)
{
	struct ch_mem_receiver *receiver = ch_mem_receiver(base);
	struct ch_mem_store *store = ch_mem_store(base->layer);

	ch_mem_lock(store);
	ch_mem_list_clear(&receiver->given);
	if (base->flags & CH_WATCH)
		refresh_watched(receiver);
	*got = 0;
	while (*got < max && take_one(receiver, &messages[*got]))
		++*got;
	if (*got)
		return ch_mem_unlock(store, CH_OK);
	set_timer(receiver, next_due(receiver));
	return ch_mem_unlock(store,
	    ch_err_set(err, CH_TIMEOUT, "nothing there"));
}

/* --- sleeping ----------------------------------------------------------- */

static int
sleep_until(struct ch_mem_receiver *receiver, int64_t deadline)
{
	struct pollfd fds[2] = {
		{ .fd = receiver->timer, .events = POLLIN },
		{ .fd = receiver->until, .events = 0 },
	};
	struct timespec left;
	int64_t ms;
	int n;

	do {
		ms = deadline == CH_NEVER ? 0 : deadline - ch_clock();
		if (ms < 0)
			ms = 0;
		left.tv_sec = (time_t)(ms / 1000);
		left.tv_nsec = (long)(ms % 1000) * 1000000;
		n = ppoll(fds, 2, deadline == CH_NEVER ? NULL : &left, NULL);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return CH_TIMEOUT;
	return fds[1].revents ? CH_NONE : CH_OK;
}

static void
set_asleep(struct ch_mem_receiver *receiver, int asleep)
{
	struct ch_mem_store *store = ch_mem_store(receiver->base.layer);

	ch_mem_lock(store);
	receiver->asleep = asleep;
	ch_mem_unlock(store, 0);
}

int
ch_mem_wait(struct ch_receiver *base, int64_t deadline, struct ch_err *err)
{
	struct ch_mem_receiver *receiver = ch_mem_receiver(base);
	int rc;

	set_asleep(receiver, 1);
	rc = sleep_until(receiver, deadline);
	set_asleep(receiver, 0);
	if (rc == CH_NONE)
		return ch_err_set(err, rc, "the output has gone");
	if (rc == CH_TIMEOUT)
		return ch_err_set(err, rc, "nothing came");
	return CH_OK;
}

int
ch_mem_fd(const struct ch_receiver *base)
{
	return ((const struct ch_mem_receiver *)base)->timer;
}

int
ch_mem_until(struct ch_receiver *base, int fd, struct ch_err *err)
{
	struct pollfd check = { .fd = fd, .events = 0 };

	if (fd < 0 || (poll(&check, 1, 0) > 0 && check.revents & POLLNVAL))
		return ch_err_os(err, EBADF, "output");
	ch_mem_receiver(base)->until = fd;
	return CH_OK;
}

/* --- making ------------------------------------------------------------- */

static void
release(struct ch_mem_receiver *receiver)
{
	size_t i;

	for (i = 0; i < receiver->n; i++)
		free(receiver->names[i]);
	free(receiver->names);
	ch_mem_list_clear(&receiver->seen);
	ch_mem_list_clear(&receiver->given);
	ch_io_close(&receiver->timer);
	free(receiver);
}

static int
copy_names(struct ch_mem_receiver *receiver, const char *const names[],
    size_t n)
{
	receiver->names = calloc(n, sizeof(*receiver->names));
	if (!receiver->names)
		return -1;
	for (receiver->n = 0; receiver->n < n; receiver->n++) {
		receiver->names[receiver->n] = strdup(names[receiver->n]);
		if (!receiver->names[receiver->n])
			return -1;
	}
	return 0;
}

int
ch_mem_new_receiver(struct ch_receiver **receiver, struct ch_layer *layer,
    const char *const names[], size_t n, unsigned flags, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_receiver *new = calloc(1, sizeof(*new));
	size_t i;

	if (!new)
		return ch_err_memory(err);
	new->base.layer = layer;
	new->base.flags = flags;
	new->until = -1;
	new->timer = timerfd_create(CLOCK_BOOTTIME,
	    TFD_CLOEXEC | TFD_NONBLOCK);
	if (new->timer < 0 || copy_names(new, names, n) < 0) {
		release(new);
		return ch_err_os(err, errno, "receiver");
	}
	set_timer(new, 1); /* look first */
	ch_mem_lock(store);
	for (i = 0; i < n; i++)
		if (!ch_name_is_glob(names[i]))
			ch_mem_queue_get(store, names[i]);
	new->next = store->receivers;
	store->receivers = new;
	*receiver = &new->base;
	return ch_mem_unlock(store, CH_OK);
}

void
ch_mem_free_receiver(struct ch_receiver *base)
{
	struct ch_mem_receiver *receiver = ch_mem_receiver(base), **at;
	struct ch_mem_store *store = ch_mem_store(base->layer);

	ch_mem_lock(store);
	for (at = &store->receivers; *at; at = &(*at)->next) {
		if (*at == receiver) {
			*at = receiver->next;
			break;
		}
	}
	release(receiver);
	ch_mem_unlock(store, 0);
}
