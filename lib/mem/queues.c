/* queues.c - queues: sending, room, owners, and what they hold. */
#include "mem/mem.h"

#include "base/clock.h"
#include "base/err.h"
#include "model/name.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct ch_mem_queue *
ch_mem_queue_find(struct ch_mem_store *store, const char *channel)
{
	size_t len = ch_name_queue_len(channel);
	struct ch_mem_queue *queue;

	for (queue = store->queues; queue; queue = queue->next)
		if (strncmp(queue->name, channel, len) == 0 &&
		    !queue->name[len])
			break;
	return queue;
}

struct ch_mem_queue *
ch_mem_queue_get(struct ch_mem_store *store, const char *channel)
{
	struct ch_mem_queue *queue = ch_mem_queue_find(store, channel);
	struct ch_mem_queue **end = &store->queues;

	if (queue)
		return queue;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		return NULL;
	memcpy(queue->name, channel, ch_name_queue_len(channel));
	queue->id = ++store->next_id;
	queue->used = ch_clock();
	while (*end)
		end = &(*end)->next;
	*end = queue;
	return queue;
}

void
ch_mem_queue_free(struct ch_mem_queue *queue)
{
	ch_mem_list_clear(&queue->ready);
	ch_mem_list_clear(&queue->delayed);
	free(queue);
}

uint64_t
ch_mem_queue_pending(const struct ch_mem_queue *queue)
{
	return queue->ready.n - queue->notices;
}

/* Let a record in: it is due. */
static void
enter(struct ch_mem_store *store, struct ch_mem_queue *queue,
    struct ch_mem_record *record)
{
	ch_mem_list_add(&queue->ready, record);
	queue->notices += record->kind != CH_MESSAGE;
	ch_mem_show(store, queue, record);
	ch_mem_ring(store, queue);
}

void
ch_mem_queue_refresh(struct ch_mem_store *store, struct ch_mem_queue *queue)
{
	struct ch_mem_record *record, *before = NULL;
	int64_t now = ch_clock();

	while (queue->delayed.first && queue->delayed.first->due <= now)
		enter(store, queue, ch_mem_list_remove(&queue->delayed, NULL));
	for (record = queue->ready.first; record;
	    record = before ? before->next : queue->ready.first) {
		if (ch_mem_record_end(record) > now) {
			before = record;
			continue;
		}
		ch_mem_record_free(ch_mem_list_remove(&queue->ready, before));
		queue->expired++;
		pthread_cond_broadcast(&store->room);
	}
}

/* --- sending ------------------------------------------------------------ */

static int
is_full(const struct ch_mem_queue *queue, uint64_t capacity)
{
	return ch_mem_queue_pending(queue) + queue->delayed.n >= capacity;
}

static struct ch_mem_record *
oldest_message(const struct ch_mem_queue *queue, struct ch_mem_record **before)
{
	struct ch_mem_record *record = queue->ready.first;

	*before = NULL;
	while (record && record->kind != CH_MESSAGE) {
		*before = record;
		record = record->next;
	}
	return record;
}

static int
say_full(const struct ch_mem_queue *queue, uint64_t capacity,
    struct ch_err *err)
{
	struct ch_mem_record *before, *oldest = oldest_message(queue, &before);
	int64_t age = oldest ? ch_clock_real() - oldest->time : 0;

	return ch_err_set(err, CH_FULL, "%s is full (%ju of %ju, oldest %jd s)",
	    queue->name,
	    (uintmax_t)(ch_mem_queue_pending(queue) + queue->delayed.n),
	    (uintmax_t)capacity, (intmax_t)(age / 1000));
}

static int
make_room(struct ch_mem_queue *queue, uint64_t capacity, unsigned flags,
    struct ch_err *err)
{
	struct ch_mem_record *before;

	while (is_full(queue, capacity)) {
		if (!(flags & CH_DROP_OLDEST) ||
		    !oldest_message(queue, &before)) {
			queue->full++;
			return say_full(queue, capacity, err);
		}
		ch_mem_record_free(ch_mem_list_remove(&queue->ready, before));
		queue->full++;
	}
	return CH_OK;
}

/* When opts wants it delivered, by ch_clock. */
static int64_t
due_time(const struct ch_send_opts *opts)
{
	int64_t now = ch_clock(), wait = opts->delay;

	/* both clocks are cut to ms: one more, and it is never early */
	if (opts->at > ch_clock_real())
		wait = opts->at - ch_clock_real() + 1;
	if (wait <= 0)
		return now;
	return wait >= CH_NEVER - now ? CH_NEVER : now + wait;
}

int
ch_mem_queue_put(struct ch_layer *layer, struct ch_mem_queue *queue,
    struct ch_mem_record *record, const struct ch_send_opts *opts,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	uint64_t capacity;
	int64_t expiry, due;
	int rc = CH_OK;

	ch_mem_queue_refresh(store, queue);
	ch_limits_for(&layer->limits, queue->name, &capacity, &expiry);
	if (queue->gone && !ch_mem_is_heard(store, queue, NULL))
		rc = ch_err_set(err, CH_NONE, "the owner of %s is gone",
		    queue->name);
	if (rc == CH_OK)
		rc = make_room(queue, capacity, opts->flags, err);
	if (rc != CH_OK) {
		ch_mem_record_free(record);
		return rc;
	}
	due = due_time(opts);
	record->due = due;
	record->expiry = opts->expiry ? opts->expiry : expiry;
	queue->sent++;
	queue->used = ch_clock();
	if (due <= queue->used) {
		enter(store, queue, record);
	} else {
		ch_mem_list_insert(&queue->delayed, record);
		ch_mem_ring(store, queue); /* they set their alarm clocks */
	}
	return CH_OK;
}

void
ch_mem_queue_notify(struct ch_mem_store *store, enum ch_kind kind,
    const char *channel, const char *group)
{
	struct ch_mem_queue *queue = ch_mem_queue_find(store, channel);
	struct ch_mem_record *record;
	struct ch_mem_text *text;

	if (!queue || !queue->owner)
		return;
	text = ch_mem_text_new(group, strlen(group));
	record = text ? ch_mem_record_new(text, kind, 1) : NULL;
	ch_mem_text_free(text);
	if (!record)
		return;
	strcpy(record->channels[0], channel);
	enter(store, queue, record);
}

static int
send_one(struct ch_layer *layer, struct ch_mem_queue *queue,
    const struct ch_message *message, const struct ch_send_opts *opts,
    struct ch_err *err)
{
	struct ch_mem_text *text = ch_mem_text_new(message->text, message->len);
	struct ch_mem_record *record;

	record = text ? ch_mem_record_new(text, CH_MESSAGE, 1) : NULL;
	ch_mem_text_free(text);
	if (!record)
		return ch_err_memory(err);
	strcpy(record->channels[0], message->channel);
	return ch_mem_queue_put(layer, queue, record, opts, err);
}

int
ch_mem_send(struct ch_layer *layer, const struct ch_message *messages, size_t n,
    const struct ch_send_opts *opts, size_t *sent, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_queue *queue;
	int rc = CH_OK;

	ch_mem_lock(store);
	queue = ch_mem_queue_get(store, messages[0].channel);
	if (!queue)
		return ch_mem_unlock(store, ch_err_memory(err));
	for (*sent = 0; *sent < n; ++*sent) {
		rc = send_one(layer, queue, &messages[*sent], opts, err);
		if (rc != CH_OK)
			break;
	}
	return ch_mem_unlock(store, rc);
}

/* Sleep until something leaves a queue, or until then (by ch_clock). */
static void
sleep_for_room(struct ch_mem_store *store, int64_t until)
{
	struct timespec then;
	int64_t ms;

	if (until == CH_NEVER) {
		pthread_cond_wait(&store->room, &store->mutex);
		return;
	}
	ms = until - ch_clock();
	if (ms <= 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &then);
	then.tv_sec += (time_t)(ms / 1000);
	then.tv_nsec += (long)(ms % 1000) * 1000000;
	if (then.tv_nsec >= 1000000000) {
		then.tv_nsec -= 1000000000;
		then.tv_sec++;
	}
	pthread_cond_timedwait(&store->room, &store->mutex, &then);
}

int
ch_mem_wait_room(struct ch_layer *layer, const char *channel, int64_t deadline,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_record *record;
	struct ch_mem_queue *queue;
	int64_t expiry, until = deadline;
	uint64_t capacity;

	ch_mem_lock(store);
	queue = ch_mem_queue_find(store, channel);
	if (!queue)
		return ch_mem_unlock(store, CH_OK);
	ch_mem_queue_refresh(store, queue);
	ch_limits_for(&layer->limits, queue->name, &capacity, &expiry);
	if (!is_full(queue, capacity))
		return ch_mem_unlock(store, CH_OK);
	for (record = queue->ready.first; record; record = record->next)
		if (ch_mem_record_end(record) < until)
			until = ch_mem_record_end(record);
	/* a delayed one does not make room when it is due, but may expire */
	if (queue->delayed.first && queue->delayed.first->due < until)
		until = queue->delayed.first->due;
	sleep_for_room(store, until);
	if (deadline != CH_NEVER && ch_clock() >= deadline)
		return ch_mem_unlock(store,
		    ch_err_set(err, CH_TIMEOUT, "%s is full", channel));
	return ch_mem_unlock(store, CH_OK);
}

/* --- owners ------------------------------------------------------------- */

int
ch_mem_own(struct ch_layer *layer, const char *prefix, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_queue *queue;

	ch_mem_lock(store);
	queue = ch_mem_queue_get(store, prefix);
	if (!queue)
		return ch_mem_unlock(store, ch_err_memory(err));
	if (queue->owner && queue->owner != layer)
		return ch_mem_unlock(store, ch_err_set(err, CH_FULL,
		    "%s belongs to process %d", prefix, (int)getpid()));
	queue->owner = layer;
	queue->gone = 0;
	return ch_mem_unlock(store, CH_OK);
}

/* No owner dies before its process, and with that all is gone. */
int
ch_mem_will(struct ch_layer *layer, const char *channel, const char *to,
    const char *text, size_t len, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	const struct ch_mem_queue *queue;
	int owned;

	(void)to;
	(void)text;
	(void)len;
	ch_mem_lock(store);
	queue = ch_mem_queue_find(store, channel);
	owned = queue && queue->owner == layer;
	return ch_mem_unlock(store, owned ? CH_OK : ch_err_set(err, CH_USAGE,
	    "%s is not owned here", channel));
}

/* --- looking ------------------------------------------------------------ */

static void
fill_stat(const struct ch_layer *layer, struct ch_mem_queue *queue,
    struct ch_channel_stat *stat)
{
	struct ch_mem_record *before, *oldest = oldest_message(queue, &before);
	int64_t expiry;

	*stat = (struct ch_channel_stat){
		.channel = queue->name,
		.pending = ch_mem_queue_pending(queue),
		.delayed = queue->delayed.n,
		.oldest = oldest ? ch_clock_real() - oldest->time : -1,
		.sent = queue->sent,
		.received = queue->received,
		.expired = queue->expired,
		.full = queue->full,
		.owner = queue->owner ? getpid() : 0,
	};
	ch_limits_for(&layer->limits, queue->name, &stat->capacity, &expiry);
	ch_mem_is_heard(ch_mem_store(layer), queue, &stat->waiting);
}

int
ch_mem_stat_channels(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_channel_stat stat;
	struct ch_mem_queue *queue;
	int rc = CH_OK;

	(void)err;
	ch_mem_lock(store);
	for (queue = store->queues; queue && rc == CH_OK;
	    queue = queue->next) {
		if (queue->gone)
			continue;
		if (glob && !ch_name_matches(glob, queue->name))
			continue;
		ch_mem_queue_refresh(store, queue);
		fill_stat(layer, queue, &stat);
		rc = each(arg, &stat);
	}
	return ch_mem_unlock(store, rc);
}

/* Show a record to a peeker, once for each channel it is for. */
static int
peek_record(const struct ch_mem_record *record, size_t *max,
    int (*each)(void *arg, const struct ch_message *message), void *arg)
{
	struct ch_message message = {
		.text = record->text->bytes,
		.len = record->text->len,
		.time = record->time,
		.kind = record->kind,
	};
	size_t i;
	int rc = CH_OK;

	for (i = record->taken; i < record->n && *max && rc == CH_OK; i++) {
		message.channel = record->channels[i];
		rc = each(arg, &message);
		--*max;
	}
	return rc;
}

int
ch_mem_peek(struct ch_layer *layer, const char *channel, size_t max,
    int (*each)(void *arg, const struct ch_message *message), void *arg,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	const struct ch_mem_record *record;
	struct ch_mem_queue *queue;
	int rc = CH_OK;

	(void)err;
	ch_mem_lock(store);
	queue = ch_mem_queue_find(store, channel);
	if (!queue)
		return ch_mem_unlock(store, CH_OK);
	ch_mem_queue_refresh(store, queue);
	for (record = queue->ready.first; record && rc == CH_OK;
	    record = record->next)
		if (record->kind == CH_MESSAGE)
			rc = peek_record(record, &max, each, arg);
	return ch_mem_unlock(store, rc);
}
