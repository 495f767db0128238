/* sub.c - a subscription: taking, and going to sleep on the bell. */
#include "file/sub.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "file/bell.h"
#include "file/delay.h"

/* --- what is taken ------------------------------------------------------- */

/* An offset, kept in a pointer until the buffer has stopped moving. */
static const char *
offset(size_t at)
{
	return (const char *)(uintptr_t)at;
}

int
ch_out_add(struct ch_out *out, const struct ch_chan *chan,
    const struct ch_record *record, const char *part, size_t part_len,
    struct ch_err *err)
{
	struct ch_message *message = &out->messages[out->got];
	size_t name = out->names->len;

	message->len = record->text;
	message->time = record->time;
	message->kind = (enum ch_kind)record->kind;
	if (part && out->got && part != ch_record_list(record) + 1 &&
	    message[-1].len == record->text &&
	    message[-1].time == record->time) {
		/* the next member of one group send: the same text */
		message->text = message[-1].text;
	} else {
		message->text = offset(out->text->len);
		if (ch_buf_add(out->text, ch_record_text(record),
		        record->text) < 0 || ch_buf_addc(out->text, '\0') < 0)
			return ch_err_memory(err);
	}
	message->channel = offset(name);
	if (ch_buf_adds(out->names, chan->name) < 0 ||
	    ch_buf_add(out->names, part, part_len) < 0 ||
	    ch_buf_addc(out->names, '\0') < 0)
		return ch_err_memory(err);
	out->got++;
	return CH_OK;
}

void
ch_out_done(struct ch_out *out)
{
	size_t i;

	for (i = 0; i < out->got; i++) {
		out->messages[i].channel = out->names->data +
		    (uintptr_t)out->messages[i].channel;
		out->messages[i].text = out->text->data +
		    (uintptr_t)out->messages[i].text;
	}
}

/* --- the subscription ---------------------------------------------------- */

int
ch_sub_new(struct ch_sub **made, struct ch_file *file, const char *name,
    struct ch_err *err)
{
	struct ch_sub *sub = calloc(1, sizeof(*sub));
	int rc;

	if (!sub)
		return ch_err_memory(err);
	sub->bell = sub->watch = sub->wd = -1;
	sub->due = sub->due_real = CH_NEVER;
	rc = ch_chan_get(&sub->chan, file, name, strlen(name), CH_CHAN_MAKE,
	    err);
	if (rc != CH_OK) {
		free(sub);
		return rc;
	}
	ch_chan_pin(sub->chan);
	*made = sub;
	return CH_OK;
}

/* The bell belongs to the folder: another folder, another bell. */
static int
open_bell(struct ch_sub *sub, struct ch_err *err)
{
	int dir;

	ch_io_close(&sub->bell);
	sub->armed = 0;
	dir = ch_chan_dir(sub->chan);
	if (dir >= 0)
		sub->bell = ch_bell_listen(sub->chan->file, dir, "bell");
	ch_io_close(&dir);
	if (sub->bell < 0)
		return ch_err_os(err, errno, "open the bell of %s",
		    sub->chan->name);
	sub->opened = sub->chan->opened;
	return CH_OK;
}

/*
 * Lock the channel with its bell open. It is opened under the lock, where the
 * folder cannot go: before, another could have taken its place.
 */
static int
lock_with_bell(struct ch_sub *sub, struct ch_err *err)
{
	struct ch_chan *chan = sub->chan;
	int rc;

	chan->how = CH_CHAN_MAKE;
	rc = ch_chan_lock(chan, err);
	if (rc != CH_OK)
		return rc;
	if (sub->bell < 0 || sub->opened != chan->opened)
		rc = open_bell(sub, err);
	if (rc != CH_OK)
		ch_chan_unlock(chan);
	return rc;
}

static void
disarm(struct ch_sub *sub)
{
	_Atomic uint32_t *waiting = &sub->chan->queue.header->waiting;
	uint32_t n = atomic_load(waiting);

	if (sub->armed && n)
		atomic_store(waiting, n - 1);
	sub->armed = 0;
}

/* Count ourselves as waiting, and only then drain the bell. */
static void
arm(struct ch_sub *sub)
{
	const struct ch_queue *queue = &sub->chan->queue;

	atomic_fetch_add(&queue->header->waiting, 1);
	ch_bell_drain(sub->bell);
	sub->armed = 1;
	sub->idle = 0;
	sub->due = ch_slot_boottime(queue->now.due, queue->now.base);
	sub->due_real = queue->now.due_real;
}

/*
 * Take what the oldest record has for us: of a list, one member at a time.
 * The record goes when its last living member was taken.
 */
static int
take_record(struct ch_chan *chan, const struct ch_record *record,
    struct ch_out *out, struct ch_err *err)
{
	struct ch_slot *now = &chan->queue.now;
	const char *list = ch_record_list(record), *part = NULL;
	size_t at = now->part, len = 0, rest;
	int rc;

	if (record->kind != CH_MESSAGE && !out->notices) {
		ch_queue_drop(&chan->queue, record);
		return CH_OK;
	}
	if (record->list && !ch_part_next(list, record->list, &at, &part,
	        &len)) {
		ch_queue_drop(&chan->queue, record);
		return CH_OK;
	}
	rc = ch_out_add(out, chan, record, part, len, err);
	if (rc != CH_OK)
		return rc;
	rest = at;
	if (record->list && ch_part_next(list, record->list, &rest, &part,
	        &len)) {
		now->part = at;
		return CH_OK;
	}
	now->received += record->kind == CH_MESSAGE;
	ch_queue_drop(&chan->queue, record);
	return CH_OK;
}

static int
take_locked(struct ch_chan *chan, struct ch_out *out, int *changed,
    struct ch_err *err)
{
	const struct ch_record *record;
	uint64_t head;
	int rc = CH_OK;

	*changed = 0;
	while (ch_out_has_room(out)) {
		head = chan->queue.now.head;
		rc = ch_queue_first(&chan->queue, &record, err);
		*changed |= head != chan->queue.now.head;
		if (rc != CH_OK || !record)
			break;
		rc = take_record(chan, record, out, err);
		if (rc != CH_OK)
			break;
		*changed = 1;
	}
	/* what was taken before the damage is given out */
	return out->got ? CH_OK : rc;
}

int
ch_sub_take(struct ch_sub *sub, struct ch_out *out, struct ch_err *err)
{
	struct ch_chan *chan = sub->chan;
	size_t before = out->got;
	int rc, changed, room;

	rc = lock_with_bell(sub, err);
	if (rc != CH_OK)
		return rc;
	disarm(sub);
	rc = take_locked(chan, out, &changed, err);
	if (rc == CH_OK && changed) {
		chan->queue.now.taken |= out->got > before;
		rc = ch_queue_commit(&chan->queue, err);
		if (rc != CH_OK)
			out->got = before;
	}
	if (rc == CH_OK && out->got == before) {
		rc = ch_chan_shrink(chan, err);
		arm(sub);
	} else if (!chan->queue.now.used &&
	    atomic_load(&chan->queue.header->waiting)) {
		/* the others who sleep here need not look */
		ch_bell_drain(sub->bell);
	}
	room = changed && atomic_load(&chan->queue.header->senders);
	ch_chan_unlock(chan);
	if (room)
		ch_chan_ring_room(chan);
	return rc;
}

int
ch_sub_is_ready(struct ch_sub *sub)
{
	const struct ch_chan *chan = sub->chan;
	const struct ch_header *header = chan->queue.header;
	const struct ch_slot *slot;
	uint64_t generation, used;
	int64_t due, real, base;

	if (!sub->armed || !header || sub->opened != chan->opened ||
	    atomic_load(&header->removed))
		return 1;
	generation = atomic_load(&header->generation);
	slot = &header->slot[generation & 1];
	used = slot->used;
	due = slot->due;
	real = slot->due_real;
	base = slot->base;
	if (atomic_load(&header->generation) != generation || used)
		return 1;
	due = ch_slot_boottime(due, base);
	return due != sub->due || real != sub->due_real ||
	    due <= ch_clock() || (real != CH_NEVER &&
	        real <= ch_clock_real());
}

/* A queue for one reader goes with that reader. */
static int
is_single(const struct ch_chan *chan)
{
	return strchr(chan->name, '?') != NULL;
}

void
ch_sub_free(struct ch_sub *sub)
{
	struct ch_chan *chan = sub->chan;
	int locked;

	if (sub->watch >= 0)
		ch_watch_stop(sub);
	if (sub->bell >= 0) {
		chan->how = CH_CHAN_FIND;
		locked = sub->opened == chan->opened &&
		    ch_chan_lock(chan, NULL) == CH_OK;
		if (locked && sub->opened == chan->opened)
			disarm(sub);
		/* the next sleeper has to learn when something is due */
		if (locked && chan->queue.now.delayed &&
		    atomic_load(&chan->queue.header->waiting))
			ch_chan_ring(chan);
		ch_io_close(&sub->bell);
		ch_chan_unpin(chan);
		if (locked && is_single(chan))
			ch_chan_remove(chan, 0, NULL);
		else if (locked)
			ch_chan_unlock(chan);
	} else {
		ch_chan_unpin(chan);
	}
	free(sub);
}

void
ch_sub_forget(struct ch_sub *sub)
{
	ch_io_close(&sub->bell);
	ch_io_close(&sub->watch);
	free(sub);
}
