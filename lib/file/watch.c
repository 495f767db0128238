/*
 * watch.c - seeing what passes through a channel, taking nothing.
 *
 * A watcher never touches the bell: it is counted in the header, and senders
 * then touch the channel's watch file, which each watcher follows by inotify.
 * It keeps its place in the bytes ever appended, and reads on from there, also
 * what was taken since, as long as the ring has not come round.
 */
#include "file/sub.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"

static int
follow_file(struct ch_sub *sub, int inotify, struct ch_err *err)
{
	struct ch_chan *chan = sub->chan;
	char path[64];

	sub->watch = ch_chan_open(chan, "watch", O_RDWR | O_CREAT, S_IFREG);
	if (sub->watch < 0)
		return ch_err_os(err, errno, "watch channel %s", chan->name);
	if (flock(sub->watch, LOCK_SH) == 0) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", sub->watch);
		sub->wd = inotify_add_watch(inotify, path, IN_ATTRIB);
		if (sub->wd >= 0)
			return CH_OK;
	}
	ch_err_set(err, CH_UNAVAILABLE, "watch channel %s: %s", chan->name,
	    strerror(errno));
	ch_io_close(&sub->watch);
	return CH_UNAVAILABLE;
}

int
ch_watch_start(struct ch_sub *sub, int inotify, struct ch_err *err)
{
	struct ch_chan *chan = sub->chan;
	const struct ch_slot *now = &chan->queue.now;
	int again, rc;

	again = sub->opened != 0 || sub->is_new;
	ch_io_close(&sub->watch);
	chan->how = CH_CHAN_MAKE;
	rc = ch_chan_lock(chan, err);
	if (rc != CH_OK)
		return rc;
	sub->opened = chan->opened;
	rc = follow_file(sub, inotify, err);
	if (rc == CH_OK) {
		atomic_fetch_add(&chan->queue.header->watchers, 1);
		/* a folder made since is seen from its beginning */
		sub->total = again ? 0 : now->total;
		sub->seen = again ? 1 : now->next;
		sub->epoch = again ? 0 : now->epoch;
		sub->part = 0;
	}
	ch_chan_unlock(chan);
	return rc;
}

/* Hand out one record, or as many of its members as there is room for. */
static int
see_record(struct ch_sub *sub, const struct ch_record *record,
    struct ch_out *out, struct ch_err *err)
{
	const char *list = ch_record_list(record), *part;
	size_t at = sub->part, len;
	int rc;

	if (record->kind != CH_MESSAGE && !out->notices)
		return CH_OK;
	if (!record->list)
		return ch_out_add(out, sub->chan, record, NULL, 0, err);
	while (ch_part_next(list, record->list, &at, &part, &len)) {
		if (out->got == out->max)
			return CH_NONE;
		rc = ch_out_add(out, sub->chan, record, part, len, err);
		if (rc != CH_OK)
			return rc;
		sub->part = at;
	}
	sub->part = 0;
	return CH_OK;
}

int
ch_watch_see(struct ch_sub *sub, struct ch_out *out, uint64_t *missed,
    struct ch_err *err)
{
	struct ch_chan *chan = sub->chan;
	const struct ch_slot *now = &chan->queue.now;
	const struct ch_record *record;
	uint64_t at, before;
	int rc;

	rc = ch_chan_lock(chan, err);
	if (rc != CH_OK)
		return rc;
	if (sub->opened != chan->opened) {
		ch_chan_unlock(chan);
		return CH_NONE;
	}
	if (ch_queue_since(&chan->queue, sub->total, sub->epoch, &at) < 0)
		sub->part = 0;
	while (rc == CH_OK && ch_out_has_room(out)) {
		before = at;
		rc = ch_queue_walk(&chan->queue, &at, &record, err);
		if (rc == CH_REFUSED && (int64_t)before < 0) {
			/* overwritten by one who did not commit */
			at = 0;
			rc = CH_OK;
			continue;
		}
		if (rc != CH_OK || !record)
			break;
		if (record->seq > sub->seen)
			*missed += record->seq - sub->seen;
		sub->seen = record->seq;
		if (!ch_queue_is_expired(&chan->queue, record))
			rc = see_record(sub, record, out, err);
		if (rc == CH_NONE) {
			at = before;
			rc = CH_OK;
			break;
		}
		sub->seen = record->seq + 1;
	}
	sub->total = now->total - (now->used - at);
	sub->epoch = now->epoch;
	ch_chan_unlock(chan);
	return rc;
}

void
ch_watch_stop(struct ch_sub *sub)
{
	struct ch_chan *chan = sub->chan;
	_Atomic uint32_t *watchers;
	uint32_t n;

	chan->how = CH_CHAN_FIND;
	if (ch_chan_lock(chan, NULL) == CH_OK) {
		watchers = &chan->queue.header->watchers;
		n = atomic_load(watchers);
		if (n && sub->opened == chan->opened)
			atomic_store(watchers, n - 1);
		ch_chan_unlock(chan);
	}
	ch_io_close(&sub->watch);
}
