/* room.c - waiting until a full channel has room again. */
#include "file/room.h"

#include <errno.h>
#include <poll.h>

#include "base/err.h"
#include "base/io.h"
#include "file/bell.h"
#include "file/chan.h"
#include "model/name.h"

/* The sleeper's look, in ms; as for receivers. */
#define LOOK 30000

/*
 * Lock, open the room bell, and see: with room, CH_OK; without, we are
 * counted, the bell is drained, and *wake is when the next message expires.
 */
static int
fall_asleep(struct ch_file *file, const char *name, size_t len, int *bell,
    int64_t *wake, struct ch_err *err)
{
	struct ch_chan *chan;
	struct ch_slot *now;
	int rc, dir;

	rc = ch_chan_get(&chan, file, name, len, CH_CHAN_MAKE, err);
	if (rc == CH_OK)
		rc = ch_chan_lock(chan, err);
	if (rc != CH_OK)
		return rc;
	dir = ch_chan_dir(chan);
	if (dir >= 0)
		*bell = ch_bell_listen(file, dir, "room");
	ch_io_close(&dir);
	if (*bell < 0)
		rc = ch_err_os(err, errno, "wait for room in %s", chan->name);
	if (rc == CH_OK)
		rc = ch_queue_expire(&chan->queue, err);
	now = &chan->queue.now;
	if (rc == CH_OK && now->pending + now->delayed >= chan->capacity) {
		atomic_fetch_add(&chan->queue.header->senders, 1);
		ch_bell_drain(*bell);
		*wake = ch_slot_boottime(now->earliest, now->base);
		rc = CH_FULL;
	}
	ch_chan_unlock(chan);
	return rc;
}

static void
wake_up(struct ch_file *file, const char *name, size_t len)
{
	struct ch_chan *chan;
	_Atomic uint32_t *senders;
	uint32_t n;

	if (ch_chan_get(&chan, file, name, len, CH_CHAN_FIND, NULL) != CH_OK ||
	    ch_chan_lock(chan, NULL) != CH_OK)
		return;
	senders = &chan->queue.header->senders;
	n = atomic_load(senders);
	if (n)
		atomic_store(senders, n - 1);
	ch_chan_unlock(chan);
}

int
ch_room_wait(struct ch_layer *layer, const char *channel, int64_t deadline,
    struct ch_err *err)
{
	struct ch_file *file = ch_file(layer);
	size_t len = ch_name_queue_len(channel);
	int64_t now, wake = CH_NEVER, end;
	struct pollfd room = { .fd = -1, .events = POLLIN };
	int rc;

	pthread_mutex_lock(&layer->mutex);
	rc = fall_asleep(file, channel, len, &room.fd, &wake, err);
	pthread_mutex_unlock(&layer->mutex);
	if (rc == CH_FULL) {
		now = ch_clock();
		end = deadline <= wake ? deadline : wake + 1;
		if (end > now + LOOK)
			end = now + LOOK;
		poll(&room, 1, end > now ? (int)(end - now) : 0);
		pthread_mutex_lock(&layer->mutex);
		wake_up(file, channel, len);
		pthread_mutex_unlock(&layer->mutex);
		rc = ch_clock() >= deadline ? ch_err_set(err, CH_TIMEOUT,
		    "no room in %s before the deadline", channel) : CH_OK;
	}
	ch_io_close(&room.fd);
	return rc;
}
