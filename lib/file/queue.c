/* queue.c - the queue's file: mapped, committed, grown and shrunk. */
#include "file/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "file/ring.h"

#define MAGIC "chqueue"
#define RING_MIN (3 * (uint64_t)CH_QUEUE_PAGE)
/* A ring beyond this is given back when it is found empty. */
#define RING_LOOSE ((uint64_t)256 * 1024)
/* But not when it grew this recently, in ms: it would grow again. */
#define RING_CALM 1000

#define TIME_MAX ((int64_t)1 << 55) /* a million years, in ms */

_Static_assert(sizeof(struct ch_header) <= CH_QUEUE_PAGE, "page 0 holds it");

static uint64_t
slot_sum(const struct ch_slot *slot)
{
	return ch_hash(slot, offsetof(struct ch_slot, sum), CH_QUEUE_VERSION);
}

int
ch_queue_damaged(const struct ch_queue *queue, const char *what,
    struct ch_err *err)
{
	return ch_err_set(err, CH_REFUSED, "queue %.*s is damaged: %s",
	    CH_NAME_MAX + 2, queue->header->name, what);
}

/* --- the file ------------------------------------------------------------ */

int
ch_queue_make(int fd, const char *name, struct ch_err *err)
{
	union {
		struct ch_header header;
		char page[CH_QUEUE_PAGE];
	} first;
	struct ch_header *header = &first.header;
	struct ch_slot *slot = &header->slot[0];
	int os;

	memset(&first, 0, sizeof(first));
	memcpy(header->magic, MAGIC, sizeof(MAGIC));
	header->version = CH_QUEUE_VERSION;
	header->page = CH_QUEUE_PAGE;
	snprintf(header->name, sizeof(header->name), "%s", name);
	slot->size = RING_MIN;
	slot->next = 1;
	slot->earliest = slot->due = slot->due_real = CH_NEVER;
	slot->delay_next = 1;
	/* the queue's clock starts as the time of day, and then goes its way */
	slot->at = slot->real = ch_clock_real();
	slot->base = slot->real - ch_clock();
	slot->boot = ch_clock_boot();
	slot->sum = slot_sum(slot);
	os = posix_fallocate(fd, 0, (off_t)(CH_QUEUE_PAGE + RING_MIN));
	if (!os && pwrite(fd, &first, sizeof(first), 0) != sizeof(first))
		os = errno ? errno : EIO;
	if (os)
		return ch_err_os(err, os, "make the queue of %s", name);
	return CH_OK;
}

int
ch_queue_map(struct ch_queue *queue, int fd, const char *name,
    struct ch_err *err)
{
	struct ch_header *header;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ch_err_os(err, errno, "look at the queue of %s", name);
	if (st.st_size < (off_t)(CH_QUEUE_PAGE + RING_MIN))
		return ch_err_set(err, CH_REFUSED,
		    "queue %s is damaged: its file is cut short", name);
	queue->mapped = (size_t)st.st_size;
	header = mmap(NULL, queue->mapped, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (header == MAP_FAILED)
		return ch_err_os(err, errno, "map the queue of %s", name);
	queue->header = header;
	queue->generation = UINT64_MAX;
	queue->checked = 0;
	if (memcmp(header->magic, MAGIC, sizeof(MAGIC)))
		ch_err_set(err, CH_REFUSED,
		    "queue %s is damaged: not a queue file", name);
	else if (header->version != CH_QUEUE_VERSION)
		ch_err_set(err, CH_REFUSED,
		    "queue %s has version %u, and this program knows %d", name,
		    header->version, CH_QUEUE_VERSION);
	else if (header->page != CH_QUEUE_PAGE ||
	    strncmp(header->name, name, sizeof(header->name)))
		ch_err_set(err, CH_REFUSED,
		    "queue %s is damaged: the file is another queue's", name);
	else
		return CH_OK;
	ch_queue_unmap(queue);
	return CH_REFUSED;
}

void
ch_queue_unmap(struct ch_queue *queue)
{
	if (queue->header)
		munmap(queue->header, queue->mapped);
	queue->header = NULL;
	queue->mapped = 0;
}

int
ch_queue_follow(struct ch_queue *queue, int fd, struct ch_err *err)
{
	size_t need = CH_QUEUE_PAGE + (size_t)queue->now.size;
	struct stat st;
	void *map;

	if (fstat(fd, &st) < 0)
		return ch_err_os(err, errno, "look at the queue of %s",
		    queue->header->name);
	if (st.st_size < (off_t)need)
		return ch_queue_damaged(queue, "its file is cut short", err);
	map = mremap(queue->header, queue->mapped, need, MREMAP_MAYMOVE);
	if (map == MAP_FAILED)
		return ch_err_os(err, errno, "map the queue of %s",
		    queue->header->name);
	queue->header = map;
	queue->mapped = need;
	return CH_OK;
}

/* Times that can be added and subtracted without a thought. */
static int
is_time(int64_t ms)
{
	return ms > -TIME_MAX && ms < TIME_MAX;
}

static int
slot_is_sound(const struct ch_slot *slot)
{
	return slot->sum == slot_sum(slot) && slot->size >= RING_MIN &&
	    slot->size <= CH_RING_MAX && slot->size % CH_QUEUE_PAGE == 0 &&
	    slot->head < slot->size && slot->used <= slot->size &&
	    slot->head % 8 == 0 && slot->used % 8 == 0 &&
	    is_time(slot->base) && is_time(slot->at) && is_time(slot->real);
}

/*
 * Keep the records up to the first that did not reach the disk before the
 * power went; the rest are lost, and counted.
 */
static void
keep_whole_records(struct ch_queue *queue)
{
	struct ch_slot *now = &queue->now;
	const struct ch_record *record;
	uint64_t at = 0, whole = 0, kept = 0;

	while (ch_queue_walk(queue, &at, &record, NULL) == CH_OK && record) {
		whole = at;
		kept += record->kind == CH_MESSAGE &&
		    !ch_record_is_ghost(now, record);
	}
	if (at >= now->used)
		return;
	now->lost += now->pending > kept ? now->pending - kept : 0;
	now->pending = kept;
	now->used = whole;
	now->epoch++;
}

/*
 * The machine has booted since this was written. The clock goes on from the
 * time of day then to the time of day now. Without durable, messages that were
 * taken may have come back from an older page on disk: then all of them go.
 */
static int
after_boot(struct ch_queue *queue, uint64_t boot, struct ch_err *err)
{
	struct ch_slot *now = &queue->now;
	int64_t passed = ch_clock_real() - now->real;

	if (passed < 0)
		passed = 0;
	now->base = now->at + passed - ch_clock();
	now->boot = boot;
	queue->clock = ch_clock() + now->base;
	atomic_store(&queue->header->waiting, 0);
	atomic_store(&queue->header->senders, 0);
	atomic_store(&queue->header->watchers, 0);
	if (now->taken && !queue->durable && now->used) {
		now->lost += now->pending;
		ch_queue_clear(queue);
	}
	now->taken = 0;
	keep_whole_records(queue);
	return ch_queue_commit(queue, err);
}

/*
 * The slot that counts; after a power failure that tore page 0, the other one,
 * which is older by one change.
 */
static int
load_slot(struct ch_queue *queue, uint64_t boot)
{
	const struct ch_header *header = queue->header;
	uint64_t generation = atomic_load_explicit(&header->generation,
	    memory_order_acquire);
	int known = generation == queue->generation &&
	    generation != UINT64_MAX;

	queue->now = header->slot[generation & 1];
	queue->generation = generation;
	if (known || slot_is_sound(&queue->now))
		return CH_OK;
	queue->generation++;
	queue->now = header->slot[queue->generation & 1];
	if (queue->now.boot != boot && slot_is_sound(&queue->now)) {
		queue->now.taken = 1;
		return CH_OK;
	}
	queue->generation = UINT64_MAX;
	return CH_REFUSED;
}

int
ch_queue_load(struct ch_queue *queue, uint64_t boot, struct ch_err *err)
{
	if (load_slot(queue, boot) != CH_OK)
		return ch_queue_damaged(queue, "its state makes no sense", err);
	if (CH_QUEUE_PAGE + queue->now.size > queue->mapped)
		return CH_NONE;
	queue->clock = ch_clock() + queue->now.base;
	if (queue->now.boot != boot)
		return after_boot(queue, boot, err);
	return CH_OK;
}

static int
sync_range(struct ch_queue *queue, size_t at, size_t len, struct ch_err *err)
{
	size_t start = at & ~(size_t)(CH_QUEUE_PAGE - 1);

	if (msync((char *)queue->header + start, at + len - start, MS_SYNC) < 0)
		return ch_err_os(err, errno, "sync the queue of %s",
		    queue->header->name);
	return CH_OK;
}

/* With durable, records reach the disk before the state that counts them. */
static int
sync_appended(struct ch_queue *queue, uint64_t before, struct ch_err *err)
{
	const struct ch_slot *now = &queue->now;
	uint64_t n = now->total - before, tail, first;
	int rc = CH_OK;

	if (!n || n > now->used)
		n = now->used;
	if (!n)
		return CH_OK;
	tail = (now->head + now->used) % now->size;
	first = tail >= n ? 0 : n - tail; /* before the ring's end */
	if (first)
		rc = sync_range(queue, CH_QUEUE_PAGE + now->size - first, first,
		    err);
	if (rc == CH_OK && n > first)
		rc = sync_range(queue, CH_QUEUE_PAGE + tail - (n - first),
		    n - first, err);
	return rc;
}

int
ch_queue_commit(struct ch_queue *queue, struct ch_err *err)
{
	struct ch_header *header = queue->header;
	uint64_t before, next = queue->generation + 1;
	int rc;

	if (queue->durable) {
		before = header->slot[queue->generation & 1].total;
		rc = sync_appended(queue, before, err);
		if (rc != CH_OK)
			return rc;
	}
	queue->now.at = queue->clock;
	queue->now.real = ch_clock_real();
	queue->now.sum = slot_sum(&queue->now);
	header->slot[next & 1] = queue->now;
	atomic_store_explicit(&header->generation, next, memory_order_release);
	queue->generation = next;
	if (queue->durable)
		return sync_range(queue, 0, CH_QUEUE_PAGE, err);
	return CH_OK;
}

int
ch_queue_sync(struct ch_queue *queue, struct ch_err *err)
{
	int rc;

	queue->now.taken = 0;
	rc = ch_queue_commit(queue, err);
	if (rc == CH_OK && !queue->durable)
		rc = sync_range(queue, 0,
		    CH_QUEUE_PAGE + (size_t)queue->now.size, err);
	return rc;
}

/* --- growing and shrinking ----------------------------------------------- */

int
ch_queue_grow(struct ch_queue *queue, int fd, size_t need, struct ch_err *err)
{
	struct ch_slot *now = &queue->now;
	uint64_t size = now->size, end = now->head + now->used, before;
	int os, rc;

	while (size < now->used + need || size == now->size) {
		if (size >= CH_RING_MAX)
			return ch_err_set(err, CH_IO, "queue %s is too large",
			    queue->header->name);
		size *= 2;
	}
	os = posix_fallocate(fd, (off_t)(CH_QUEUE_PAGE + now->size),
	    (off_t)(size - now->size));
	if (os)
		return ch_err_os(err, os, "make room in the queue of %s",
		    queue->header->name);
	before = now->size;
	now->size = size;
	rc = ch_queue_follow(queue, fd, err);
	if (rc != CH_OK) {
		now->size = before;
		return rc;
	}
	/* what had wrapped goes behind the old end, where nothing lives */
	if (end > before)
		memcpy(ch_ring(queue) + before, ch_ring(queue), end - before);
	now->epoch++;
	now->grown = queue->clock;
	return ch_queue_commit(queue, err);
}

/* The size that the ring could have: only what is contiguous can stay. */
static uint64_t
size_to_keep(const struct ch_slot *now)
{
	uint64_t end = now->used ? now->head + now->used : 0;

	if (end > now->size)
		return now->size;
	end = (end + CH_QUEUE_PAGE - 1) & ~(uint64_t)(CH_QUEUE_PAGE - 1);
	return end < RING_MIN ? RING_MIN : end;
}

int
ch_queue_is_loose(const struct ch_queue *queue)
{
	const struct ch_slot *now = &queue->now;

	return now->size > RING_LOOSE && size_to_keep(now) * 4 <= now->size &&
	    queue->clock - now->grown >= RING_CALM;
}

int
ch_queue_shrink(struct ch_queue *queue, int fd, struct ch_err *err)
{
	struct ch_slot *now = &queue->now;
	int rc;

	now->size = size_to_keep(now);
	if (!now->used)
		now->head = 0;
	now->epoch++;
	rc = ch_queue_commit(queue, err);
	if (rc == CH_OK &&
	    ftruncate(fd, (off_t)(CH_QUEUE_PAGE + now->size)) < 0)
		rc = ch_err_os(err, errno, "shrink the queue of %s",
		    queue->header->name);
	return rc;
}
