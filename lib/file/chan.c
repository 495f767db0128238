/* chan.c - a channel's folder, lock, queue and bells. */
#include "file/chan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/id.h"
#include "base/io.h"
#include "base/lock.h"
#include "file/bell.h"
#include "file/chans.h"
#include "file/delay.h"
#include "file/dir.h"

/* How often a folder may vanish between looking and opening. */
#define TRIES 100

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

void
ch_chan_shut(struct ch_chan *chan)
{
	ch_chans_stop_ringing(chan);
	ch_queue_unmap(&chan->queue);
	ch_io_close(&chan->live);
	ch_io_close(&chan->lock);
	chan->locked = 0;
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

		ch_chan_shut(chan);
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
		    ch_chans_evict(chan->file, chan))
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
	ch_chan_shut(chan);
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
		ch_chan_shut(chan);
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
	int closed = *keep < 0, rung;
	_Atomic uint32_t *count;

	rung = ch_bell_ring(dir, path.text, keep);
	if (closed && *keep >= 0)
		ch_chans_keep_ringing(chan);
	if (rung != 0)
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
	ring(chan, "bell", &chan->bell, offsetof(struct ch_header, waiting));
}

void
ch_chan_ring_room(struct ch_chan *chan)
{
	ring(chan, "room", &chan->room, offsetof(struct ch_header, senders));
}

uint32_t
ch_chan_waiting(struct ch_chan *chan)
{
	_Atomic uint32_t *waiting = &chan->queue.header->waiting;
	struct path bell = path_of(chan, "bell");

	/* who is counted has the bell open, as long as it lives */
	if (atomic_load(waiting) &&
	    ch_bell_heard(chan->file->channels, bell.text) == 0)
		atomic_store(waiting, 0);
	return atomic_load(waiting);
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
	ch_chan_shut(chan);
	if (!chan->pins)
		ch_chans_forget(chan);
	return rc;
}

int
ch_chan_renew(struct ch_file *file, const char *name, struct ch_err *err)
{
	const uint32_t removed = 1;
	struct ch_chan chan = { .file = file, .lock = -1, .live = -1,
		.bell = -1, .room = -1 };
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
