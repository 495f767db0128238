/*
 * ring.h - what the two halves of the queue share: queue.c, which keeps the
 * file, and records.c, which fills the ring in it.
 */
#ifndef CH_FILE_RING_H
#define CH_FILE_RING_H

#include "file/queue.h"

#define CH_RING_MAX ((uint64_t)1 << 40)

static inline char *
ch_ring(const struct ch_queue *queue)
{
	return (char *)queue->header + CH_QUEUE_PAGE;
}

/* Whether an expired record is already out of `pending`. */
static inline int
ch_record_is_ghost(const struct ch_slot *now, const struct ch_record *record)
{
	return record->seq < now->ghost_seq &&
	    record->deadline <= now->ghost_at;
}

/* CH_REFUSED, with the queue's name and what is wrong with it. */
int ch_queue_damaged(const struct ch_queue *queue, const char *what,
    struct ch_err *err);

#endif
