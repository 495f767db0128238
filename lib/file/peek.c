/* peek.c - looking at a channel's messages without taking them. */
#include "file/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "file/chan.h"

/* What was seen, copied under the lock. */
struct sight {
	struct ch_buf bytes; /* for each its channel and text, NUL-ended */
	struct seen {
		size_t channel, text, len;
		int64_t time;
	} *seen;
	size_t n, size, max;
};

static int
see(struct sight *sight, const struct ch_record *record, const char *queue,
    const char *part, size_t len)
{
	struct ch_buf *bytes = &sight->bytes;
	struct seen *seen;

	if (sight->n == sight->size) {
		sight->size = sight->size ? sight->size * 2 : 16;
		seen = realloc(sight->seen, sight->size * sizeof(*seen));
		if (!seen)
			return -1;
		sight->seen = seen;
	}
	seen = &sight->seen[sight->n];
	seen->time = record->time;
	seen->channel = bytes->len;
	if (ch_buf_adds(bytes, queue) < 0 || ch_buf_add(bytes, part, len) < 0 ||
	    ch_buf_addc(bytes, '\0') < 0)
		return -1;
	seen->text = bytes->len;
	seen->len = record->text;
	if (ch_buf_add(bytes, ch_record_text(record), record->text) < 0 ||
	    ch_buf_addc(bytes, '\0') < 0)
		return -1;
	sight->n++;
	return 0;
}

/* One record: itself, or each of its members from byte `at` of the list. */
static int
see_record(struct sight *sight, const struct ch_record *record,
    const char *queue, size_t at)
{
	const char *part;
	size_t len;

	if (!record->list)
		return see(sight, record, queue, "", 0);
	while (sight->n < sight->max &&
	    ch_part_next(ch_record_list(record), record->list, &at, &part,
	        &len))
		if (see(sight, record, queue, part, len) < 0)
			return -1;
	return 0;
}

static int
see_all(struct sight *sight, const struct ch_chan *chan, struct ch_err *err)
{
	const struct ch_queue *queue = &chan->queue;
	const struct ch_record *record;
	size_t taken = (size_t)queue->now.part;
	uint64_t at = 0;
	int rc = CH_OK;

	while (rc == CH_OK && sight->n < sight->max) {
		rc = ch_queue_walk(queue, &at, &record, err);
		if (rc != CH_OK || !record)
			break;
		if (record->kind == CH_MESSAGE &&
		    !ch_queue_is_expired(queue, record) &&
		    see_record(sight, record, chan->name, taken) < 0)
			rc = ch_err_memory(err);
		taken = 0; /* only of the oldest some may be */
	}
	return rc;
}

int
ch_peek_file(struct ch_layer *layer, const char *channel, size_t max,
    int (*each)(void *arg, const struct ch_message *message), void *arg,
    struct ch_err *err)
{
	struct sight sight = { .bytes = CH_BUF_INIT, .max = max };
	struct ch_message message = { .kind = CH_MESSAGE };
	struct ch_chan *chan;
	size_t i;
	int rc, ended = 0;

	rc = ch_chan_get(&chan, ch_file(layer), channel, strlen(channel),
	    CH_CHAN_FIND, err);
	if (rc == CH_OK)
		rc = ch_chan_lock(chan, err);
	if (rc == CH_OK) {
		rc = see_all(&sight, chan, err);
		ch_chan_unlock(chan);
	}
	for (i = 0; !ended && i < sight.n; i++) {
		message.channel = sight.bytes.data + sight.seen[i].channel;
		message.text = sight.bytes.data + sight.seen[i].text;
		message.len = sight.seen[i].len;
		message.time = sight.seen[i].time;
		ended = each(arg, &message);
	}
	free(sight.seen);
	ch_buf_release(&sight.bytes);
	if (ended)
		return ended;
	return rc == CH_NONE ? CH_OK : rc;
}
