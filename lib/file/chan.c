/* chan.c - a channel's folder, lock and queue, and which of them are open. */
#include "file/chan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/io.h"
#include "file/bell.h"
#include "file/delay.h"
#include "file/dir.h"
#include "file/lock.h"

#define BUCKETS 64 /* at first; a power of two */
/* How often a folder may vanish between looking and opening. */
#define TRIES 100

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

/* Room for "NAME/delayed", the longest path in the store. */
struct path {
	char text[CH_NAME_MAX + 16];
};

static struct path
path_of(const struct ch_chan *chan, const char *what)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "%s/%s", chan->name, what);
	return path;
}

/* --- the cache ----------------------------------------------------------- */

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

static void
stop_ringing(struct ch_chan *chan)
{
	struct ch_chans *chans = chan->file->chans;
	unsigned i;

	ch_io_close(&chan->bell);
	for (i = 0; chans && i < RINGING; i++)
		if (chans->ringing[i] == chan)
			chans->ringing[i] = NULL;
}

/* The bell was opened to ring: it takes the place of another. */
static void
keep_ringing(struct ch_chan *chan)
{
	struct ch_chans *chans = chan->file->chans;
	unsigned at = chans->ring_next++ % RINGING;

	if (chans->ringing[at])
		ch_io_close(&chans->ringing[at]->bell);
	chans->ringing[at] = chan;
}

static void
shut(struct ch_chan *chan)
{
	stop_ringing(chan);
	ch_queue_unmap(&chan->queue);
	ch_io_close(&chan->live);
	ch_io_close(&chan->lock);
	chan->locked = 0;
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

static void
forget(struct ch_chan *chan)
{
	struct ch_chans *chans = chan->file->chans;
	struct ch_chan **at = bucket_of(chans, chan->name,
	    strlen(chan->name));

	while (*at != chan)
		at = &(*at)->next;
	*at = chan->next;
	unlink_use(chans, chan);
	chans->open--;
	shut(chan);
	free(chan);
}

void
ch_chans_free(struct ch_file *file)
{
	if (!file->chans)
		return;
	while (file->chans->newest)
		forget(file->chans->newest);
	free(file->chans->bucket);
	free(file->chans);
	file->chans = NULL;
}

/* Close the one that was not used for longest; 0 when all are in use. */
static int
evict(struct ch_chans *chans, const struct ch_chan *keep)
{
	struct ch_chan *chan;

	for (chan = chans->oldest; chan; chan = chan->newer) {
		if (chan->pins || chan->locked || chan == keep)
			continue;
		forget(chan);
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

/* --- the folder ---------------------------------------------------------- */

static int
make_files(const struct ch_chan *chan, int dir, struct ch_err *err)
{
	const struct ch_file *file = chan->file;
	int lock, queue, rc;

	lock = ch_dir_file(file, dir, "lock", O_RDONLY | O_CREAT | O_EXCL,
	    S_IFREG);
	if (lock < 0)
		return ch_err_os(err, errno, "make the lock of %s",
		    chan->name);
	ch_io_close(&lock);
	if (ch_dir_mkfifo(file, dir, "bell") < 0 ||
	    ch_dir_mkfifo(file, dir, "room") < 0)
		return ch_err_os(err, errno, "make the bells of %s",
		    chan->name);
	queue = ch_dir_file(file, dir, "queue", O_RDWR | O_CREAT | O_EXCL,
	    S_IFREG);
	if (queue < 0)
		return ch_err_os(err, errno, "make the queue of %s",
		    chan->name);
	rc = ch_queue_make(queue, chan->name, err);
	if (rc == CH_OK && file->base.limits.durable &&
	    (fsync(queue) < 0 || fsync(dir) < 0))
		rc = ch_err_os(err, errno, "sync the queue of %s", chan->name);
	ch_io_close(&queue);
	return rc;
}

/* Furnish a folder under another name, and rename it into place. */
static int
make_folder(const struct ch_chan *chan, struct ch_err *err)
{
	const struct ch_file *file = chan->file;
	char aside[CH_ID_UNIQUE + 8] = ".new.";
	int dir = -1, rc;

	ch_id_random(aside + 5, CH_ID_UNIQUE);
	if (ch_dir_mkdir(file, file->channels, aside) == 0)
		dir = openat(file->channels, aside,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return ch_err_os(err, errno, "make channel %s", chan->name);
	rc = make_files(chan, dir, err);
	if (rc == CH_OK && renameat(file->channels, aside, file->channels,
	        chan->name) == 0) {
		if (file->base.limits.durable)
			fsync(file->channels);
	} else {
		if (rc == CH_OK && errno != EEXIST && errno != ENOTEMPTY)
			rc = ch_err_os(err, errno, "make channel %s",
			    chan->name);
		ch_dir_remove(file->channels, aside);
	}
	ch_io_close(&dir);
	return rc;
}

/*
 * Open lock and queue in the folder. CH_NONE with errno: it is not there, or
 * going.
 */
static int
open_files(struct ch_chan *chan, int dir, struct ch_err *err)
{
	int queue, rc;

	chan->lock = ch_dir_file(chan->file, dir, "lock", O_RDONLY, S_IFREG);
	if (chan->lock < 0)
		return CH_NONE;
	queue = ch_dir_file(chan->file, dir, "queue", O_RDWR, S_IFREG);
	if (queue < 0)
		return CH_NONE;
	chan->queue.durable = chan->file->base.limits.durable;
	rc = ch_queue_map(&chan->queue, queue, chan->name, err);
	ch_io_close(&queue);
	return rc;
}

static int
try_open(struct ch_chan *chan, struct ch_err *err)
{
	int dir, rc = CH_NONE;

	dir = ch_chan_dir(chan);
	if (dir >= 0)
		rc = open_files(chan, dir, err);
	ch_io_close(&dir);
	if (rc != CH_OK) {
		int os = errno;

		shut(chan);
		errno = os;
	}
	return rc;
}

static int
open_chan(struct ch_chan *chan, struct ch_err *err)
{
	int rc, tries;

	for (tries = 0; tries < TRIES; tries++) {
		rc = try_open(chan, err);
		if (rc == CH_OK)
			chan->opened++;
		if (rc != CH_NONE)
			return rc;
		if ((errno == EMFILE || errno == ENFILE) &&
		    evict(chan->file->chans, chan))
			continue;
		if (errno == EBADF || errno == ELOOP || errno == ENOTDIR)
			return ch_err_set(err, CH_REFUSED,
			    "channel %s is damaged: a file of another kind "
			    "is in its place", chan->name);
		if (errno != ENOENT)
			return ch_err_os(err, errno, "open channel %s",
			    chan->name);
		if (chan->how == CH_CHAN_FIND) {
			if (faccessat(chan->file->channels, chan->name, F_OK,
			        AT_SYMLINK_NOFOLLOW) < 0)
				return ch_err_set(err, CH_NONE,
				    "there is no channel %s", chan->name);
			continue;
		}
		rc = make_folder(chan, err);
		if (rc != CH_OK)
			return rc;
	}
	return ch_err_set(err, CH_REFUSED,
	    "channel %s is damaged: its lock or queue is missing", chan->name);
}

int
ch_chan_dir(const struct ch_chan *chan)
{
	return openat(chan->file->channels, chan->name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
ch_chan_open(const struct ch_chan *chan, const char *name, int flags,
    mode_t type)
{
	int dir = ch_chan_dir(chan), fd;

	if (dir < 0)
		return -1;
	fd = ch_dir_file(chan->file, dir, name, flags, type);
	ch_io_close(&dir);
	return fd;
}

/* A place in the cache for one that is not open; NULL: no memory. */
static struct ch_chan *
add(struct ch_file *file, const char *name, size_t len)
{
	struct ch_chans *chans = file->chans;
	struct ch_chan *chan, **bucket;

	while (chans->open >= chans->limit && evict(chans, NULL))
		;
	if (chans->open >= chans->nbuckets)
		widen(chans);
	chan = calloc(1, sizeof(*chan));
	if (!chan)
		return NULL;
	chan->file = file;
	chan->lock = chan->live = chan->bell = -1;
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

/* --- the lock ------------------------------------------------------------ */

static int
load(struct ch_chan *chan, struct ch_err *err)
{
	int rc, fd;

	rc = ch_queue_load(&chan->queue, chan->file->boot, err);
	while (rc == CH_NONE) {
		fd = ch_chan_open(chan, "queue", O_RDWR, S_IFREG);
		if (fd < 0)
			return ch_err_os(err, errno, "open the queue of %s",
			    chan->name);
		rc = ch_queue_follow(&chan->queue, fd, err);
		ch_io_close(&fd);
		if (rc == CH_OK)
			rc = ch_queue_load(&chan->queue, chan->file->boot,
			    err);
	}
	return rc;
}

/*
 * The folder goes in one step, by another name; who is killed between that
 * and emptying it leaves what a sweep takes away.
 */
static int
remove_folder(struct ch_file *file, const char *name, struct ch_err *err)
{
	char aside[CH_ID_UNIQUE + 8] = ".new.";

	ch_id_random(aside + 5, CH_ID_UNIQUE);
	if (renameat(file->channels, name, file->channels, aside) < 0)
		return ch_err_os(err, errno, "remove channel %s", name);
	ch_dir_remove(file->channels, aside);
	return CH_OK;
}

/* A marked folder that is still in place had its remover killed. */
static int
finish_removal(struct ch_chan *chan, struct ch_err *err)
{
	struct path lock = path_of(chan, "lock");
	struct stat here, there;
	int rc = CH_OK;

	if (!fstat(chan->lock, &here) &&
	    !fstatat(chan->file->channels, lock.text, &there,
	        AT_SYMLINK_NOFOLLOW) &&
	    here.st_ino == there.st_ino && here.st_dev == there.st_dev)
		rc = remove_folder(chan->file, chan->name, err);
	shut(chan);
	return rc;
}

int
ch_chan_lock(struct ch_chan *chan, struct ch_err *err)
{
	int rc;

	for (;;) {
		if (chan->lock < 0) {
			rc = open_chan(chan, err);
			if (rc != CH_OK)
				return rc;
		}
		rc = ch_lock_take(chan->lock, chan->file->base.patience,
		    chan->name, err);
		if (rc != CH_OK)
			return rc;
		if (!atomic_load(&chan->queue.header->removed))
			break;
		rc = finish_removal(chan, err);
		if (rc != CH_OK)
			return rc;
	}
	rc = load(chan, err);
	if (rc != CH_OK) {
		/* a queue that was renewed is found by opening it again */
		shut(chan);
		return rc;
	}
	chan->locked = 1;
	if (ch_delay_is_due(chan))
		rc = ch_delay_move(chan, err);
	if (rc != CH_OK)
		ch_chan_unlock(chan);
	return rc;
}

void
ch_chan_unlock(struct ch_chan *chan)
{
	chan->locked = 0;
	ch_lock_drop(chan->lock);
}

int
ch_chan_append(struct ch_chan *chan, const struct ch_entry *entry,
    struct ch_err *err)
{
	int rc, fd;

	rc = ch_queue_append(&chan->queue, entry);
	if (rc != CH_NONE)
		return rc;
	fd = ch_chan_open(chan, "queue", O_RDWR, S_IFREG);
	if (fd < 0)
		return ch_err_os(err, errno, "open the queue of %s",
		    chan->name);
	rc = ch_queue_grow(&chan->queue, fd, ch_queue_need(entry), err);
	ch_io_close(&fd);
	if (rc == CH_OK)
		rc = ch_queue_append(&chan->queue, entry);
	return rc == CH_NONE ? ch_err_set(err, CH_REFUSED,
	    "a message is too large for the queue of %s", chan->name) : rc;
}

int
ch_chan_shrink(struct ch_chan *chan, struct ch_err *err)
{
	int fd, rc;

	if (!ch_queue_is_loose(&chan->queue))
		return CH_OK;
	fd = ch_chan_open(chan, "queue", O_RDWR, S_IFREG);
	if (fd < 0)
		return ch_err_os(err, errno, "open the queue of %s",
		    chan->name);
	rc = ch_queue_shrink(&chan->queue, fd, err);
	ch_io_close(&fd);
	return rc;
}

/* --- bells --------------------------------------------------------------- */

/*
 * Ring; when nobody has the bell open any more, whoever counted himself was
 * killed: the count goes to 0, under the lock and after trying once more.
 */
static void
ring(struct ch_chan *chan, const char *name, int *keep, size_t counter)
{
	struct path path = path_of(chan, name);
	int dir = chan->file->channels, mine = !chan->locked;
	_Atomic uint32_t *count;

	if (ch_bell_ring(dir, path.text, keep) != 0)
		return;
	if (mine && ch_chan_lock(chan, NULL) != CH_OK)
		return;
	count = (_Atomic uint32_t *)(void *)
	    ((char *)chan->queue.header + counter);
	if (ch_bell_ring(dir, path.text, NULL) == 0)
		atomic_store(count, 0);
	if (mine)
		ch_chan_unlock(chan);
}

void
ch_chan_ring(struct ch_chan *chan)
{
	int closed = chan->bell < 0;

	ring(chan, "bell", &chan->bell, offsetof(struct ch_header, waiting));
	if (closed && chan->bell >= 0)
		keep_ringing(chan);
}

void
ch_chan_ring_room(struct ch_chan *chan)
{
	ring(chan, "room", NULL, offsetof(struct ch_header, senders));
}

void
ch_chan_touch(struct ch_chan *chan)
{
	struct path path = path_of(chan, "watch");

	utimensat(chan->file->channels, path.text, NULL, 0);
}

/* --- removing ------------------------------------------------------------ */

/* Watchers share the watch file's lock; one that was killed holds none. */
static int
is_watched(struct ch_chan *chan)
{
	int fd, watched;

	if (!atomic_load(&chan->queue.header->watchers))
		return 0;
	fd = ch_chan_open(chan, "watch", O_RDONLY, S_IFREG);
	if (fd < 0)
		return 0;
	watched = flock(fd, LOCK_EX | LOCK_NB) < 0;
	ch_io_close(&fd);
	if (!watched)
		atomic_store(&chan->queue.header->watchers, 0);
	return watched;
}

static int
is_needed(struct ch_chan *chan)
{
	const struct ch_slot *now = &chan->queue.now;
	struct path bell = path_of(chan, "bell"), room = path_of(chan, "room");
	int dir = chan->file->channels;

	return now->used || now->delayed || is_watched(chan) ||
	    ch_bell_heard(dir, bell.text) != 0 ||
	    ch_bell_heard(dir, room.text) != 0;
}

int
ch_chan_remove(struct ch_chan *chan, int force, struct ch_err *err)
{
	struct path bell = path_of(chan, "bell"), room = path_of(chan, "room");
	int rc;

	if (!force && is_needed(chan)) {
		ch_chan_unlock(chan);
		return CH_NONE;
	}
	atomic_store(&chan->queue.header->removed, 1);
	ch_bell_ring(chan->file->channels, bell.text, NULL);
	ch_bell_ring(chan->file->channels, room.text, NULL);
	ch_chan_touch(chan);
	rc = remove_folder(chan->file, chan->name, err);
	shut(chan);
	if (!chan->pins)
		forget(chan);
	return rc;
}

int
ch_chan_renew(struct ch_file *file, const char *name, struct ch_err *err)
{
	const uint32_t removed = 1;
	struct ch_chan chan = { .file = file, .lock = -1, .live = -1,
		.bell = -1 };
	struct path bell, room;
	struct stat st;
	int queue, rc = CH_OK;

	snprintf(chan.name, sizeof(chan.name), "%s", name);
	chan.lock = ch_chan_open(&chan, "lock", O_RDONLY, S_IFREG);
	if (chan.lock >= 0)
		rc = ch_lock_take(chan.lock, file->base.patience, name, err);
	if (rc != CH_OK) {
		ch_io_close(&chan.lock);
		return rc;
	}
	queue = ch_chan_open(&chan, "queue", O_RDWR, S_IFREG);
	if (queue >= 0 && fstat(queue, &st) == 0 &&
	    st.st_size >= CH_QUEUE_PAGE &&
	    pwrite(queue, &removed, sizeof(removed),
	        offsetof(struct ch_header, removed)) < 0)
		rc = ch_err_os(err, errno, "mark the queue of %s", name);
	ch_io_close(&queue);
	bell = path_of(&chan, "bell");
	room = path_of(&chan, "room");
	ch_bell_ring(file->channels, bell.text, NULL);
	ch_bell_ring(file->channels, room.text, NULL);
	if (rc == CH_OK)
		rc = remove_folder(file, name, err);
	ch_io_close(&chan.lock);
	return rc;
}
