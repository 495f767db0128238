/* sweep.c - through the whole store: statistics, flushing, sweeping. */
#include "file/sweep.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "file/chan.h"
#include "file/delay.h"
#include "file/dir.h"
#include "file/group.h"
#include "file/live.h"
#include "model/name.h"

#define ORPHAN_MS 3600000 /* how long what a killed maker left stays */

/* A walk over channels: one that fails does not keep us from the others. */
struct walk {
	struct ch_file *file;
	const char *glob;
	int (*visit)(struct walk *walk, const char *name, struct ch_err *err);
	int (*each)(void *arg, const struct ch_channel_stat *stat);
	void *arg;
	int64_t idle;
	uint64_t count;
	int ended; /* what `each` returned */
	int rc;    /* the first failure */
	struct ch_err *err;
};

static int
keep_first(struct walk *walk, int rc, const struct ch_err *err)
{
	if (rc == CH_OK || rc == CH_NONE || walk->rc != CH_OK)
		return CH_OK;
	walk->rc = rc;
	if (walk->err)
		*walk->err = *err;
	return CH_OK;
}

static int
visit_one(void *arg, const char *name)
{
	struct walk *walk = arg;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	if (ch_name_is_glob(name) ||
	    ch_name_check(name, CH_TO_RECEIVE, NULL) != CH_OK ||
	    (walk->glob && !ch_name_matches(walk->glob, name)))
		return CH_OK;
	rc = walk->visit(walk, name, &err);
	if (walk->ended)
		return walk->ended;
	return keep_first(walk, rc, &err);
}

/* One that is named needs no look at the others. */
static int
visit_named(struct walk *walk)
{
	if (faccessat(walk->file->channels, walk->glob, F_OK,
	        AT_SYMLINK_NOFOLLOW) < 0)
		return CH_OK;
	return visit_one(walk, walk->glob);
}

static int
walk_channels(struct walk *walk)
{
	int rc;

	if (walk->glob && !ch_name_is_glob(walk->glob))
		rc = visit_named(walk);
	else
		rc = ch_dir_walk(walk->file->channels, 0, visit_one, walk,
		    walk->err);
	return rc != CH_OK ? rc : walk->rc;
}

/* The channel of this name, locked; what has expired is out of `pending`. */
static int
lock_channel(struct ch_chan **chan, struct ch_file *file, const char *name,
    struct ch_err *err)
{
	int rc;

	rc = ch_chan_get(chan, file, name, strlen(name), CH_CHAN_FIND, err);
	if (rc == CH_OK)
		rc = ch_chan_lock(*chan, err);
	if (rc != CH_OK)
		return rc;
	rc = ch_queue_expire(&(*chan)->queue, err);
	if (rc != CH_OK)
		ch_chan_unlock(*chan);
	return rc;
}

/* Of a queue "p!" the life of its owner; who died unnoticed is cleaned up. */
static enum ch_life
life_of(struct ch_file *file, const char *name)
{
	size_t len = strlen(name);
	enum ch_life life = CH_LIFE_NONE;

	if (name[len - 1] == '!')
		life = ch_live_ask(file, name, len, NULL);
	if (life == CH_LIFE_DEAD)
		ch_live_clean(file, name, len, NULL);
	return life;
}

/* --- statistics --------------------------------------------------------- */

/* The age of the oldest message that can be received, -1: there is none. */
static int
oldest_age(const struct ch_queue *queue, int64_t *age, struct ch_err *err)
{
	const struct ch_record *record;
	uint64_t at = 0;
	int rc;

	*age = -1;
	if (!queue->now.pending)
		return CH_OK;
	while ((rc = ch_queue_walk(queue, &at, &record, err)) == CH_OK &&
	    record) {
		if (record->kind != CH_MESSAGE ||
		    ch_queue_is_expired(queue, record))
			continue;
		*age = ch_clock_real() - record->time;
		if (*age < 0)
			*age = 0;
		break;
	}
	return rc;
}

static int
stat_channel(struct walk *walk, const char *name, struct ch_err *err)
{
	struct ch_channel_stat stat = { .channel = name };
	const struct ch_slot *now;
	struct ch_chan *chan;
	int rc;

	if (life_of(walk->file, name) == CH_LIFE_DEAD)
		return CH_OK;
	rc = lock_channel(&chan, walk->file, name, err);
	if (rc != CH_OK)
		return rc;
	now = &chan->queue.now;
	rc = oldest_age(&chan->queue, &stat.oldest, err);
	stat.pending = now->pending;
	stat.delayed = now->delayed;
	stat.bytes = CH_QUEUE_PAGE + now->size;
	stat.capacity = chan->capacity;
	stat.waiting = ch_chan_waiting(chan);
	stat.sent = now->sent;
	stat.received = now->received;
	stat.expired = now->expired;
	stat.full = now->full;
	stat.lost = now->lost;
	ch_chan_unlock(chan);
	if (rc != CH_OK)
		return rc;
	if (name[strlen(name) - 1] == '!')
		stat.owner = ch_live_pid(walk->file, name, strlen(name));
	walk->ended = walk->each(walk->arg, &stat);
	return CH_OK;
}

int
ch_stat_file(struct ch_layer *layer, const char *glob,
    int (*each)(void *arg, const struct ch_channel_stat *stat), void *arg,
    struct ch_err *err)
{
	struct walk walk = {
		.file = ch_file(layer),
		.glob = glob,
		.visit = stat_channel,
		.each = each,
		.arg = arg,
		.err = err,
	};

	return walk_channels(&walk);
}

/* --- flushing ----------------------------------------------------------- */

/* A notice on its way through memory: this, the list, the text. */
struct notice {
	struct ch_entry entry;
	size_t size;
};

/* Append the notices of the queue to buf. */
static int
save_notices(const struct ch_queue *queue, struct ch_buf *buf,
    struct ch_err *err)
{
	const struct ch_record *record;
	struct notice notice;
	uint64_t at = 0;
	int rc;

	while ((rc = ch_queue_walk(queue, &at, &record, err)) == CH_OK &&
	    record) {
		if (record->kind == CH_MESSAGE)
			continue;
		notice = (struct notice){
			.entry = {
				.kind = record->kind,
				.list_len = record->list,
				.text_len = record->text,
				.deadline = record->deadline,
				.time = record->time,
			},
			.size = (size_t)record->list + record->text,
		};
		if (ch_buf_add(buf, &notice, sizeof(notice)) < 0 ||
		    ch_buf_add(buf, ch_record_list(record), notice.size) < 0)
			return ch_err_memory(err);
	}
	return rc;
}

/* Put them into the emptied queue, where they fitted before. */
static int
restore_notices(struct ch_chan *chan, const struct ch_buf *buf,
    struct ch_err *err)
{
	struct notice notice;
	size_t at = 0;
	int rc = CH_OK;

	while (rc == CH_OK && at < buf->len) {
		memcpy(&notice, buf->data + at, sizeof(notice));
		at += sizeof(notice);
		notice.entry.list = buf->data + at;
		notice.entry.text = notice.entry.list + notice.entry.list_len;
		rc = ch_chan_append(chan, &notice.entry, err);
		at += notice.size;
	}
	return rc;
}

/* An owner's notices are not messages, and stay. */
static int
empty(struct ch_chan *chan, struct ch_err *err)
{
	struct ch_buf notices = CH_BUF_INIT;
	int rc;

	rc = save_notices(&chan->queue, &notices, err);
	if (rc == CH_OK) {
		ch_queue_clear(&chan->queue);
		rc = ch_delay_clear(chan, err);
	}
	if (rc == CH_OK)
		rc = restore_notices(chan, &notices, err);
	if (rc == CH_OK)
		rc = ch_queue_commit(&chan->queue, err);
	ch_buf_release(&notices);
	return rc;
}

static int
flush_channel(struct walk *walk, const char *name, struct ch_err *err)
{
	struct ch_chan *chan;
	uint64_t n;
	int rc;

	rc = lock_channel(&chan, walk->file, name, err);
	if (rc == CH_REFUSED)
		return ch_chan_renew(walk->file, name, err);
	if (rc != CH_OK)
		return rc;
	n = chan->queue.now.pending + chan->queue.now.delayed;
	rc = empty(chan, err);
	ch_chan_unlock(chan);
	if (rc == CH_REFUSED)
		return ch_chan_renew(walk->file, name, err);
	if (rc != CH_OK)
		return rc;
	walk->count += n;
	if (atomic_load(&chan->queue.header->senders))
		ch_chan_ring_room(chan);
	return CH_OK;
}

static int
flush_group(void *arg, const char *name)
{
	struct walk *walk = arg;
	struct ch_err err = CH_ERR_INIT;

	if (ch_name_check(name, CH_TO_JOIN, NULL) != CH_OK ||
	    (walk->glob && !ch_name_matches(walk->glob, name)))
		return CH_OK;
	return keep_first(walk, ch_group_file_drop(&walk->file->base, name,
	    &err), &err);
}

int
ch_flush_file(struct ch_layer *layer, const char *glob, uint64_t *flushed,
    struct ch_err *err)
{
	struct walk walk = {
		.file = ch_file(layer),
		.glob = glob,
		.visit = flush_channel,
		.err = err,
	};
	int rc;

	rc = walk_channels(&walk);
	if (rc == walk.rc)
		rc = ch_dir_walk(walk.file->groups, 0, flush_group, &walk,
		    walk.rc == CH_OK ? err : NULL);
	if (flushed)
		*flushed = walk.count;
	return walk.rc != CH_OK ? walk.rc : rc;
}

/* --- sweeping ----------------------------------------------------------- */

static int
remove_channel(struct walk *walk, struct ch_chan *chan, struct ch_err *err)
{
	int rc = ch_chan_remove(chan, 0, err);

	walk->count += rc == CH_OK;
	return rc;
}

/* Under the lock: what was taken reaches the disk, space is given back. */
static int
tidy(struct walk *walk, struct ch_chan *chan, struct ch_err *err)
{
	struct ch_queue *queue = &chan->queue;
	const struct ch_slot *then =
	    &queue->header->slot[queue->generation & 1];
	uint64_t expired = queue->now.expired - then->expired;
	int rc = CH_OK;

	if (queue->now.taken)
		rc = ch_queue_sync(queue, err);
	else if (queue->now.earliest != then->earliest || expired)
		rc = ch_queue_commit(queue, err);
	if (rc == CH_OK)
		walk->count += expired;
	if (rc == CH_OK)
		rc = ch_chan_shrink(chan, err);
	return rc;
}

static int
sweep_channel(struct walk *walk, const char *name, struct ch_err *err)
{
	enum ch_life life = life_of(walk->file, name);
	const struct ch_slot *now;
	struct ch_chan *chan;
	int64_t unused;
	int rc;

	rc = lock_channel(&chan, walk->file, name, err);
	if (rc != CH_OK)
		return rc;
	now = &chan->queue.now;
	unused = chan->queue.clock - now->at;
	if (life == CH_LIFE_GONE && ch_delay_clear(chan, NULL) == CH_OK) {
		/* counts only if it goes, that is, if nobody listens to it */
		ch_queue_clear(&chan->queue);
		return remove_channel(walk, chan, err);
	}
	rc = tidy(walk, chan, err);
	if (rc == CH_OK && !now->used && !now->delayed &&
	    (strchr(name, '?') || unused >= walk->idle))
		return remove_channel(walk, chan, err);
	ch_chan_unlock(chan);
	/* expired messages have made room */
	if (rc == CH_OK && atomic_load(&chan->queue.header->senders))
		ch_chan_ring_room(chan);
	return rc;
}

/* A folder that was being made or removed when its process was killed. */
static int
sweep_orphan(void *arg, const char *name)
{
	const struct walk *walk = arg;
	struct stat st;

	if (!strncmp(name, ".new.", 5) &&
	    !fstatat(walk->file->channels, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    ch_clock_real() - (int64_t)st.st_ctime * 1000 >= ORPHAN_MS)
		ch_dir_remove(walk->file->channels, name);
	return CH_OK;
}

int
ch_sweep_file(struct ch_layer *layer, int64_t idle, uint64_t *removed,
    struct ch_err *err)
{
	struct walk walk = {
		.file = ch_file(layer),
		.visit = sweep_channel,
		.idle = idle,
		.err = err,
	};
	struct ch_err inner = CH_ERR_INIT;
	int rc;

	keep_first(&walk, ch_live_sweep(walk.file, &walk.count, &inner),
	    &inner);
	keep_first(&walk, ch_group_sweep(walk.file, &walk.count, &inner),
	    &inner);
	rc = walk_channels(&walk);
	if (rc == CH_OK)
		rc = ch_dir_walk(walk.file->channels, 1, sweep_orphan, &walk,
		    err);
	if (removed)
		*removed = walk.count;
	return rc;
}
