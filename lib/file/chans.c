/* chans.c - which channels are open, by name and by last use. */
#include "file/chans.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/io.h"

#define BUCKETS 64 /* at first; a power of two */

/*
 * Bells that stay open to ring: opening one costs as much as all the rest of a
 * send. There are few, so that a channel is one descriptor for a sender.
 */
#define RINGING 8

struct ch_chans {
	struct ch_chan *ringing[RINGING];
	unsigned ring_next;
	struct ch_chan **bucket; /* by the name's hash */
	size_t nbuckets;
	struct ch_chan *newest, *oldest;
	size_t open, limit;
};

int
ch_chans_new(struct ch_file *file, struct ch_err *err)
{
	struct rlimit files = { .rlim_cur = 1024 };
	struct ch_chans *chans = calloc(1, sizeof(*chans));

	if (chans)
		chans->bucket = calloc(BUCKETS, sizeof(*chans->bucket));
	if (!chans || !chans->bucket) {
		free(chans);
		return ch_err_memory(err);
	}
	chans->nbuckets = BUCKETS;
	getrlimit(RLIMIT_NOFILE, &files);
	/* each has one or two descriptors, and others need some as well */
	chans->limit = files.rlim_cur > 128 ? (files.rlim_cur - 64) / 3 : 16;
	file->chans = chans;
	return CH_OK;
}

void
ch_chans_stop_ringing(struct ch_chan *chan)
{
	struct ch_chans *chans = chan->file->chans;
	unsigned i;

	ch_io_close(&chan->bell);
	ch_io_close(&chan->room);
	for (i = 0; chans && i < RINGING; i++)
		if (chans->ringing[i] == chan)
			chans->ringing[i] = NULL;
}

void
ch_chans_keep_ringing(struct ch_chan *chan)
{
	struct ch_chans *chans = chan->file->chans;
	unsigned i, at;

	for (i = 0; i < RINGING; i++)
		if (chans->ringing[i] == chan)
			return;
	at = chans->ring_next++ % RINGING;
	if (chans->ringing[at])
		ch_chans_stop_ringing(chans->ringing[at]);
	chans->ringing[at] = chan;
}

static void
unlink_use(struct ch_chans *chans, struct ch_chan *chan)
{
	if (chan->newer)
		chan->newer->older = chan->older;
	else
		chans->newest = chan->older;
	if (chan->older)
		chan->older->newer = chan->newer;
	else
		chans->oldest = chan->newer;
	chan->newer = chan->older = NULL;
}

static void
link_use(struct ch_chans *chans, struct ch_chan *chan)
{
	chan->older = chans->newest;
	chan->newer = NULL;
	if (chans->newest)
		chans->newest->newer = chan;
	chans->newest = chan;
	if (!chans->oldest)
		chans->oldest = chan;
}

static struct ch_chan **
bucket_of(struct ch_chans *chans, const char *name, size_t len)
{
	return &chans->bucket[ch_hash(name, len, 0) & (chans->nbuckets - 1)];
}

/* Twice the buckets; without memory for them the chains grow longer. */
static void
widen(struct ch_chans *chans)
{
	struct ch_chan **old = chans->bucket, **bucket, *chan, *next;
	size_t i, n = chans->nbuckets;

	bucket = calloc(2 * n, sizeof(*bucket));
	if (!bucket)
		return;
	chans->bucket = bucket;
	chans->nbuckets = 2 * n;
	for (i = 0; i < n; i++)
		for (chan = old[i]; chan; chan = next) {
			next = chan->next;
			bucket = bucket_of(chans, chan->name,
			    strlen(chan->name));
			chan->next = *bucket;
			*bucket = chan;
		}
	free(old);
}

void
ch_chans_forget(struct ch_chan *chan)
{
	struct ch_chans *chans = chan->file->chans;
	struct ch_chan **at = bucket_of(chans, chan->name,
	    strlen(chan->name));

	while (*at != chan)
		at = &(*at)->next;
	*at = chan->next;
	unlink_use(chans, chan);
	chans->open--;
	ch_chan_shut(chan);
	free(chan);
}

void
ch_chans_free(struct ch_file *file)
{
	if (!file->chans)
		return;
	while (file->chans->newest)
		ch_chans_forget(file->chans->newest);
	free(file->chans->bucket);
	free(file->chans);
	file->chans = NULL;
}

int
ch_chans_evict(struct ch_file *file, const struct ch_chan *keep)
{
	struct ch_chan *chan;

	for (chan = file->chans->oldest; chan; chan = chan->newer) {
		if (chan->pins || chan->locked || chan == keep)
			continue;
		ch_chans_forget(chan);
		return 1;
	}
	return 0;
}

void
ch_chan_pin(struct ch_chan *chan)
{
	chan->pins++;
}

void
ch_chan_unpin(struct ch_chan *chan)
{
	chan->pins--;
}

/* A place in the cache for one that is not open; NULL: no memory. */
static struct ch_chan *
add(struct ch_file *file, const char *name, size_t len)
{
	struct ch_chans *chans = file->chans;
	struct ch_chan *chan, **bucket;

	while (chans->open >= chans->limit && ch_chans_evict(file, NULL))
		;
	if (chans->open >= chans->nbuckets)
		widen(chans);
	chan = calloc(1, sizeof(*chan));
	if (!chan)
		return NULL;
	chan->file = file;
	chan->lock = chan->live = chan->bell = chan->room = -1;
	memcpy(chan->name, name, len);
	ch_limits_for(&file->base.limits, chan->name, &chan->capacity,
	    &chan->expiry);
	bucket = bucket_of(chans, name, len);
	chan->next = *bucket;
	*bucket = chan;
	chans->open++;
	link_use(chans, chan);
	return chan;
}

int
ch_chan_get(struct ch_chan **found, struct ch_file *file, const char *name,
    size_t len, enum ch_chan_how how, struct ch_err *err)
{
	struct ch_chans *chans = file->chans;
	struct ch_chan *chan = *bucket_of(chans, name, len);

	while (chan && (strncmp(chan->name, name, len) || chan->name[len]))
		chan = chan->next;
	if (!chan) {
		chan = add(file, name, len);
	} else if (chan != chans->newest) {
		unlink_use(chans, chan);
		link_use(chans, chan);
	}
	*found = chan;
	if (!chan)
		return ch_err_memory(err);
	chan->how = how;
	return CH_OK;
}
