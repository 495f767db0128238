/* records.c - the records in the ring: appended, walked, expired, dropped. */
#include "file/queue.h"

#include <string.h>

#include "base/hash.h"
#include "file/ring.h"

#define PAD_HEAD 8 /* of a pad, only size and kind are there */

_Static_assert(sizeof(struct ch_record) == 48, "records are on disk");

static struct ch_record *
record_at(const struct ch_queue *queue, uint64_t at)
{
	return (struct ch_record *)(void *)(ch_ring(queue) + at);
}

static uint64_t
record_sum(const struct ch_record *record)
{
	const size_t skip = offsetof(struct ch_record, seq);

	return ch_hash((const char *)record + skip,
	    sizeof(*record) - skip + record->list + record->text,
	    record->size ^ ((uint64_t)record->kind << 32));
}

static uint64_t
align8(uint64_t n)
{
	return (n + 7) & ~(uint64_t)7;
}

int
ch_part_next(const char *list, size_t len, size_t *at, const char **part,
    size_t *part_len)
{
	unsigned char n;

	while (*at < len) {
		n = (unsigned char)list[*at];
		*part = list + *at + 1;
		*part_len = n & ~CH_PART_DEAD;
		*at += 1 + *part_len;
		if (*at > len)
			break;
		if (!(n & CH_PART_DEAD))
			return 1;
	}
	*at = len;
	return 0;
}

size_t
ch_queue_need(const struct ch_entry *entry)
{
	/* the same again, less than that: what a wrap may waste */
	return 2 * (size_t)align8(sizeof(struct ch_record) + entry->list_len +
	    entry->text_len + 1);
}

/* Room for `need` bytes in one piece, behind a pad where it must wrap. */
static struct ch_record *
place(struct ch_queue *queue, uint64_t need)
{
	struct ch_slot *now = &queue->now;
	uint64_t tail = now->head + now->used, rest;
	struct ch_record *pad;

	if (tail >= now->size) {
		tail -= now->size;
	} else if (now->size - tail < need) {
		rest = now->size - tail;
		if (now->used + rest + need > now->size)
			return NULL;
		pad = record_at(queue, tail);
		pad->size = (uint32_t)rest;
		pad->kind = CH_RECORD_PAD;
		now->used += rest;
		now->total += rest;
		tail = 0;
	}
	if (now->used + need > now->size)
		return NULL;
	return record_at(queue, tail);
}

int
ch_queue_append(struct ch_queue *queue, const struct ch_entry *entry)
{
	struct ch_slot *now = &queue->now;
	uint64_t need = align8(sizeof(struct ch_record) + entry->list_len +
	    entry->text_len + 1);
	struct ch_record *record;
	char *bytes;

	if (need > CH_RING_MAX / 4 || need > UINT32_MAX)
		return CH_NONE;
	record = place(queue, need);
	if (!record)
		return CH_NONE;
	record->size = (uint32_t)need;
	record->kind = (uint32_t)entry->kind;
	record->seq = now->next++;
	record->deadline = entry->deadline;
	record->time = entry->time;
	record->list = (uint32_t)entry->list_len;
	record->text = (uint32_t)entry->text_len;
	bytes = (char *)(record + 1);
	if (entry->list_len)
		memcpy(bytes, entry->list, entry->list_len);
	memcpy(bytes + entry->list_len, entry->text, entry->text_len);
	bytes[entry->list_len + entry->text_len] = '\0';
	record->sum = record_sum(record);
	now->used += need;
	now->total += need;
	if (entry->deadline < now->earliest)
		now->earliest = entry->deadline;
	if (entry->kind == CH_MESSAGE) {
		now->pending++;
		now->sent++;
	}
	return CH_OK;
}

/*
 * The record that begins `at` bytes after the oldest (or, for a watcher, that
 * many before it); pads are passed over. Whatever the file says, nothing
 * outside the ring is touched.
 */
static int
look(const struct ch_queue *queue, uint64_t *at,
    const struct ch_record **found, struct ch_err *err)
{
	const struct ch_slot *now = &queue->now;
	const struct ch_record *record;
	uint64_t offset, left;

	*found = NULL;
	while ((int64_t)*at < (int64_t)now->used) {
		offset = (now->head + now->size + *at) % now->size;
		left = now->size - offset;
		if (left > now->used - *at)
			left = now->used - *at;
		record = record_at(queue, offset);
		if (left < PAD_HEAD || record->size < PAD_HEAD ||
		    record->size % 8 || record->size > left)
			return ch_queue_damaged(queue, "a record has no end",
			    err);
		if (record->kind == CH_RECORD_PAD) {
			*at += record->size;
			continue;
		}
		if (record->kind > CH_LEFT ||
		    record->size < sizeof(*record) + 1 ||
		    (uint64_t)record->list + record->text + sizeof(*record) +
		        1 > record->size)
			return ch_queue_damaged(queue,
			    "a record makes no sense", err);
		*found = record;
		return CH_OK;
	}
	return CH_OK;
}

static int
check_sum(const struct ch_queue *queue, const struct ch_record *record,
    struct ch_err *err)
{
	if (record->sum != record_sum(record))
		return ch_queue_damaged(queue, "a record's checksum is wrong",
		    err);
	return CH_OK;
}

int
ch_queue_walk(const struct ch_queue *queue, uint64_t *at,
    const struct ch_record **record, struct ch_err *err)
{
	int rc = look(queue, at, record, err);

	if (rc == CH_OK && *record)
		rc = check_sum(queue, *record, err);
	if (rc == CH_OK && *record)
		*at += (*record)->size;
	return rc;
}

int
ch_queue_since(const struct ch_queue *queue, uint64_t total, uint64_t epoch,
    uint64_t *at)
{
	const struct ch_slot *now = &queue->now;
	uint64_t behind = now->total - total;

	*at = 0;
	/* what was taken lies there still until the ring comes round */
	if (behind > (epoch == now->epoch ? now->size : now->used))
		return -1;
	*at = now->used - behind;
	return 0;
}

int
ch_queue_is_expired(const struct ch_queue *queue,
    const struct ch_record *record)
{
	return record->deadline <= queue->clock;
}

/* Step over the oldest record. */
static void
step(struct ch_queue *queue, const struct ch_record *record)
{
	struct ch_slot *now = &queue->now;
	uint64_t begin = (uint64_t)((const char *)record - ch_ring(queue));
	uint64_t gone = (begin >= now->head ? begin - now->head :
	    begin + now->size - now->head) + record->size;

	now->head = (now->head + gone) % now->size;
	now->used -= gone;
	now->part = 0;
}

int
ch_queue_first(struct ch_queue *queue, const struct ch_record **record,
    struct ch_err *err)
{
	struct ch_slot *now = &queue->now;
	uint64_t at;
	int rc;

	for (;;) {
		at = 0;
		rc = look(queue, &at, record, err);
		if (rc == CH_OK && *record && (*record)->seq != queue->checked)
			rc = check_sum(queue, *record, err);
		if (rc != CH_OK || !*record)
			return rc;
		queue->checked = (*record)->seq;
		if ((*record)->deadline > queue->clock)
			return CH_OK;
		if ((*record)->kind == CH_MESSAGE &&
		    !ch_record_is_ghost(now, *record)) {
			now->pending -= now->pending > 0;
			now->expired++;
		}
		step(queue, *record);
	}
}

void
ch_queue_drop(struct ch_queue *queue, const struct ch_record *record)
{
	struct ch_slot *now = &queue->now;

	if (record->kind == CH_MESSAGE && !ch_record_is_ghost(now, record))
		now->pending -= now->pending > 0;
	step(queue, record);
	if (!now->used)
		now->earliest = CH_NEVER;
}

int
ch_queue_expire(struct ch_queue *queue, struct ch_err *err)
{
	struct ch_slot *now = &queue->now;
	const struct ch_record *record;
	int64_t earliest = CH_NEVER;
	uint64_t at = 0, gone = 0;
	int rc;

	if (now->earliest > queue->clock)
		return CH_OK;
	rc = ch_queue_first(queue, &record, err);
	while (rc == CH_OK) {
		rc = look(queue, &at, &record, err);
		if (rc != CH_OK || !record)
			break;
		at += record->size;
		if (record->deadline > queue->clock) {
			if (record->deadline < earliest)
				earliest = record->deadline;
		} else if (record->kind == CH_MESSAGE &&
		    !ch_record_is_ghost(now, record)) {
			gone++;
		}
	}
	if (rc != CH_OK)
		return rc;
	now->pending -= gone < now->pending ? gone : now->pending;
	now->expired += gone;
	now->ghost_seq = now->next;
	now->ghost_at = queue->clock;
	now->earliest = earliest;
	return CH_OK;
}

void
ch_queue_clear(struct ch_queue *queue)
{
	struct ch_slot *now = &queue->now;

	now->head = 0;
	now->used = 0;
	now->part = 0;
	now->pending = 0;
	now->epoch++;
	now->earliest = CH_NEVER;
}
