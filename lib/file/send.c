/* send.c - putting messages into channels. */
#include "file/send.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "file/chan.h"
#include "file/delay.h"
#include "file/live.h"
#include "model/name.h"

/* How much goes in under one lock: others wait for no more than this. */
#define RUN_MESSAGES 128
#define RUN_BYTES ((size_t)1 << 20)

/*
 * The channel to send to. For "p!" its owner is asked after: CH_NONE if it is
 * gone, and one that died unnoticed is cleaned up.
 */
static int
find(struct ch_chan **chan, struct ch_file *file, const char *name, size_t len,
    int make, struct ch_err *err)
{
	enum ch_life life;
	int rc;

	rc = ch_chan_get(chan, file, name, len,
	    make ? CH_CHAN_MAKE : CH_CHAN_FIND, err);
	if (rc != CH_OK || name[len - 1] != '!')
		return rc;
	life = ch_live_ask(file, name, len, &(*chan)->live);
	if (life == CH_LIFE_ALIVE || life == CH_LIFE_NONE)
		return CH_OK;
	if (life == CH_LIFE_DEAD) {
		rc = ch_live_clean(file, name, len, err);
		if (rc != CH_OK && rc != CH_FULL)
			return rc;
		return ch_err_set(err, CH_NONE, "the owner of %.*s is gone",
		    (int)len, name);
	}
	/* gone, unless somebody merely receives there */
	(*chan)->how = CH_CHAN_FIND;
	return CH_OK;
}

static int
is_full(const struct ch_chan *chan)
{
	const struct ch_slot *now = &chan->queue.now;

	return now->pending + now->delayed >= chan->capacity;
}

static int
say_full(struct ch_chan *chan, struct ch_err *err)
{
	struct ch_slot *now = &chan->queue.now;
	const struct ch_record *record = NULL;
	uint64_t at = 0;
	int64_t age = 0;

	now->full++;
	if (ch_queue_walk(&chan->queue, &at, &record, NULL) == CH_OK && record)
		age = ch_clock_real() - record->time;
	return ch_err_set(err, CH_FULL,
	    "%s is full (%llu of %llu, oldest %lld s)", chan->name,
	    (unsigned long long)(now->pending + now->delayed),
	    (unsigned long long)chan->capacity,
	    (long long)(age > 0 ? age / 1000 : 0));
}

/* See to room for one message more; CH_FULL when there is none. */
static int
make_room(struct ch_chan *chan, unsigned flags, struct ch_err *err)
{
	struct ch_queue *queue = &chan->queue;
	const struct ch_record *record;
	int rc;

	if (!is_full(chan))
		return CH_OK;
	rc = ch_queue_expire(queue, err);
	while (rc == CH_OK && is_full(chan)) {
		if (!(flags & CH_DROP_OLDEST))
			return say_full(chan, err);
		rc = ch_queue_first(queue, &record, err);
		if (rc == CH_OK && !record)
			return say_full(chan, err);
		if (rc != CH_OK)
			break;
		if (record->kind == CH_MESSAGE)
			queue->now.full++;
		ch_queue_drop(queue, record);
	}
	return rc;
}

static int64_t
expiry_of(const struct ch_chan *chan, const struct ch_entry *entry,
    const struct ch_send_opts *opts)
{
	if (entry->kind != CH_MESSAGE)
		return CH_NEVER;
	return opts && opts->expiry ? opts->expiry : chan->expiry;
}

static int64_t
after(int64_t start, int64_t ms)
{
	return start > 0 && ms >= CH_NEVER - start ? CH_NEVER : start + ms;
}

/* Whether, and when, it is delayed: by the queue's clock or by real time. */
static int
is_delayed(const struct ch_send_opts *opts)
{
	return opts && (opts->delay > 0 || opts->at > ch_clock_real());
}

static int
put_delayed(struct ch_chan *chan, struct ch_entry *entry,
    const struct ch_send_opts *opts, struct ch_err *err)
{
	char name[CH_DELAY_NAME];
	int rc;

	rc = ch_delay_prepare(chan, entry, name, err);
	if (rc != CH_OK)
		return rc;
	if (opts->delay > 0)
		rc = ch_delay_publish(chan, name,
		    after(chan->queue.clock, opts->delay), 0, err);
	else
		rc = ch_delay_publish(chan, name, opts->at, 1, err);
	if (rc != CH_OK)
		ch_delay_cancel(chan, name);
	return rc;
}

static int
put_one(struct ch_chan *chan, struct ch_entry *entry,
    const struct ch_send_opts *opts, struct ch_err *err)
{
	int rc = CH_OK;

	if (entry->kind == CH_MESSAGE)
		rc = make_room(chan, opts ? opts->flags : 0, err);
	if (rc != CH_OK)
		return rc;
	entry->deadline = expiry_of(chan, entry, opts);
	if (is_delayed(opts))
		return put_delayed(chan, entry, opts, err);
	entry->deadline = after(chan->queue.clock, entry->deadline);
	return ch_chan_append(chan, entry, err);
}

/*
 * Commit what was put, and wake whom it concerns; gives up the lock.
 *
 * The first send of a handle, and batches, ring under the lock, before the
 * state counts: no kill can then strand a sleeper. A long-lived sender rings
 * after unlocking, so that the woken find the lock free.
 */
static int
publish(struct ch_chan *chan, size_t n, struct ch_err *err)
{
	struct ch_header *header = chan->queue.header;
	int waiting, watched, early, rc;

	waiting = atomic_load(&header->waiting) > 0;
	watched = atomic_load(&header->watchers) > 0;
	early = n > 1 || !chan->sends;
	if (waiting && early)
		ch_chan_ring(chan);
	rc = ch_queue_commit(&chan->queue, err);
	ch_chan_unlock(chan);
	if (rc != CH_OK)
		return rc;
	chan->sends++;
	if (waiting && !early)
		ch_chan_ring(chan);
	if (watched)
		ch_chan_touch(chan);
	return CH_OK;
}

/* Put n entries under one lock; *put says how many before a failure. */
static int
put_run(struct ch_chan *chan, struct ch_entry *entries, size_t n,
    const struct ch_send_opts *opts, size_t *put, struct ch_err *err)
{
	int rc, committed;

	*put = 0;
	rc = ch_chan_lock(chan, err);
	if (rc == CH_NONE && chan->name[strlen(chan->name) - 1] == '!')
		return ch_err_set(err, CH_NONE, "the owner of %s is gone",
		    chan->name);
	if (rc != CH_OK)
		return rc;
	while (rc == CH_OK && *put < n) {
		rc = put_one(chan, &entries[*put], opts, err);
		*put += rc == CH_OK;
	}
	committed = publish(chan, n, rc == CH_OK ? err : NULL);
	if (committed != CH_OK) {
		*put = 0;
		return rc == CH_OK ? committed : rc;
	}
	return rc;
}

/* The entry for a message; `prefix` is the length of its queue's name. */
static void
fill(struct ch_entry *entry, char list[CH_NAME_MAX + 1],
    const struct ch_message *message, size_t prefix, int64_t time)
{
	const char *local = message->channel + prefix;
	size_t len = strlen(local);

	*entry = (struct ch_entry){ .kind = CH_MESSAGE, .text = message->text,
		.text_len = message->len, .time = time };
	if (!len)
		return;
	list[0] = (char)len;
	memcpy(list + 1, local, len);
	entry->list = list;
	entry->list_len = len + 1;
}

/* Send in runs; apart, so that a single message does without their stack. */
static __attribute__((noinline)) int
put_runs(struct ch_chan *chan, const struct ch_message *messages, size_t n,
    size_t prefix, const struct ch_send_opts *opts, size_t *sent,
    struct ch_err *err)
{
	char lists[RUN_MESSAGES][CH_NAME_MAX + 1];
	struct ch_entry entries[RUN_MESSAGES];
	size_t run, bytes, put;
	int rc = CH_OK;

	while (rc == CH_OK && *sent < n) {
		int64_t time = ch_clock_real();

		for (run = 0, bytes = 0; run < RUN_MESSAGES &&
		     run < n - *sent && bytes < RUN_BYTES; run++) {
			fill(&entries[run], lists[run], &messages[*sent + run],
			    prefix, time);
			bytes += entries[run].text_len;
		}
		rc = put_run(chan, entries, run, opts, &put, err);
		*sent += put;
	}
	return rc;
}

int
ch_send_file(struct ch_layer *layer, const struct ch_message *messages,
    size_t n, const struct ch_send_opts *opts, size_t *sent,
    struct ch_err *err)
{
	char list[CH_NAME_MAX + 1];
	struct ch_entry entry;
	struct ch_chan *chan;
	size_t len;
	int rc;

	*sent = 0;
	if (!n)
		return CH_OK;
	len = ch_name_queue_len(messages[0].channel);
	rc = find(&chan, ch_file(layer), messages[0].channel, len, 1, err);
	if (rc != CH_OK)
		return rc;
	if (n > 1)
		return put_runs(chan, messages, n, len, opts, sent, err);
	fill(&entry, list, messages, len, ch_clock_real());
	return put_run(chan, &entry, 1, opts, sent, err);
}

int
ch_send_entry(struct ch_file *file, const char *name, size_t len,
    struct ch_entry *entry, const struct ch_send_opts *opts, int make,
    struct ch_err *err)
{
	struct ch_chan *chan;
	size_t put;
	int rc;

	rc = find(&chan, file, name, len, make, err);
	if (rc == CH_OK)
		rc = put_run(chan, entry, 1, opts, &put, err);
	return rc;
}

int
ch_send_all(struct ch_file *file, const char *name, size_t len,
    struct ch_entry *entries, size_t n, struct ch_err *err)
{
	struct ch_chan *chan;
	size_t i;
	int rc;

	rc = find(&chan, file, name, len, 1, err);
	if (rc == CH_OK)
		rc = ch_chan_lock(chan, err);
	if (rc != CH_OK)
		return rc;
	rc = ch_queue_expire(&chan->queue, err);
	if (rc == CH_OK && chan->queue.now.pending + chan->queue.now.delayed +
	        n > chan->capacity)
		rc = say_full(chan, err);
	for (i = 0; rc == CH_OK && i < n; i++)
		rc = put_one(chan, &entries[i], NULL, err);
	if (rc == CH_OK)
		return publish(chan, n, err);
	ch_chan_unlock(chan);
	return rc;
}
