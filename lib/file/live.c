/* live.c - owners of a "prefix!": the lock that says they live, their wills. */
#include "file/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/io.h"
#include "base/lock.h"
#include "file/chan.h"
#include "file/dir.h"
#include "file/group.h"
#include "file/will.h"

#define GONE ".gone."
#define NEW ".new."
#define KEEP_MS 3600000 /* how long tombstones and orphans stay */
#define TRIES 100

static const char magic[8] = "chlive\n";

enum state {
	OPEN = 1, /* its owner lives while it is locked */
	DYING,    /* its owner has died, a cleaner has begun */
	CLOSED    /* its owner left by ch_close: the wills are void */
};

/* A live file begins with this; the wills follow. */
struct head {
	char magic[8];
	uint32_t version;
	uint32_t state;
	int64_t pid;
	char unused[CH_WILLS_AT - 24];
};

struct owner {
	char name[CH_NAME_MAX + 1]; /* "p!" */
	int fd;
	struct ch_wills wills;
	struct owner *next;
};

struct ch_owned {
	struct owner *first;
};

/* The file's name for the prefix "p!": without the mark, behind `lead`. */
static const char *
path_of(char path[CH_NAME_MAX + 8], const char *lead, const char *name,
    size_t len)
{
	snprintf(path, CH_NAME_MAX + 8, "%s%.*s", lead, (int)(len - 1), name);
	return path;
}

static struct owner *
find_owner(const struct ch_file *file, const char *name, size_t len)
{
	struct owner *owner;

	if (!file->owned)
		return NULL;
	for (owner = file->owned->first; owner; owner = owner->next)
		if (!strncmp(owner->name, name, len) && !owner->name[len])
			return owner;
	return NULL;
}

static int
set_state(int fd, enum state state)
{
	uint32_t word = state;

	return pwrite(fd, &word, sizeof(word), offsetof(struct head, state)) ==
	    sizeof(word) ? 0 : -1;
}

static enum state
get_state(int fd)
{
	uint32_t word = 0;

	if (pread(fd, &word, sizeof(word), offsetof(struct head, state)) !=
	    sizeof(word))
		return DYING;
	return word;
}

/* Whether live/path is the file behind fd. */
static int
is_at(const struct ch_file *file, const char *path, int fd)
{
	struct stat here, there;

	return !fstat(fd, &here) &&
	    !fstatat(file->live, path, &there, AT_SYMLINK_NOFOLLOW) &&
	    here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* --- asking ------------------------------------------------------------- */

/* Of an open live file: ALIVE, DEAD, or NONE when it is no longer in place. */
static enum ch_life
life_of(const struct ch_file *file, const char *path, int fd)
{
	int owned = ch_lock_is_owned(fd);

	/* a cleaner holds the lock as well, but has left its word before */
	if (owned != 0 && get_state(fd) == OPEN)
		return CH_LIFE_ALIVE;
	return is_at(file, path, fd) ? CH_LIFE_DEAD : CH_LIFE_NONE;
}

enum ch_life
ch_live_ask(struct ch_file *file, const char *name, size_t len, int *fd)
{
	char path[CH_NAME_MAX + 8];
	enum ch_life life = CH_LIFE_NONE;
	int mine = -1, *at = fd ? fd : &mine, tries;

	if (find_owner(file, name, len))
		return CH_LIFE_ALIVE;
	path_of(path, "", name, len);
	for (tries = 0; life == CH_LIFE_NONE && tries < TRIES; tries++) {
		if (*at < 0)
			*at = ch_dir_file(file, file->live, path, O_RDONLY,
			    S_IFREG);
		if (*at < 0)
			break;
		life = life_of(file, path, *at);
		if (life == CH_LIFE_NONE || !fd)
			ch_io_close(at);
	}
	if (life != CH_LIFE_NONE)
		return life;
	/* whoever cannot tell leaves it alone */
	if (*at < 0 && errno != ENOENT && errno != EBADF && errno != ELOOP)
		return CH_LIFE_ALIVE;
	path_of(path, GONE, name, len);
	return faccessat(file->live, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ?
	    CH_LIFE_NONE : CH_LIFE_GONE;
}

/* The pid that the live file names, 0: none. */
static pid_t
pid_in(int fd)
{
	int64_t pid = 0;

	if (pread(fd, &pid, sizeof(pid), offsetof(struct head, pid)) !=
	    sizeof(pid))
		return 0;
	return (pid_t)pid;
}

pid_t
ch_live_pid(struct ch_file *file, const char *name, size_t len)
{
	pid_t pid = 0;
	int fd = -1;

	if (find_owner(file, name, len))
		return getpid();
	if (ch_live_ask(file, name, len, &fd) == CH_LIFE_ALIVE && fd >= 0)
		pid = pid_in(fd);
	ch_io_close(&fd);
	return pid;
}

/* --- cleaning ----------------------------------------------------------- */

/* The queue of a gone owner goes, whoever listens to it, and damaged or not. */
static int
remove_queue(struct ch_file *file, const char *name, struct ch_err *err)
{
	struct ch_chan *chan;
	size_t len = strlen(name);
	int rc;

	rc = ch_chan_get(&chan, file, name, len, CH_CHAN_FIND, err);
	if (rc == CH_OK)
		rc = ch_chan_lock(chan, err);
	if (rc == CH_REFUSED) {
		rc = ch_chan_renew(file, name, err);
		if (rc == CH_OK)
			rc = ch_chan_get(&chan, file, name, len, CH_CHAN_FIND,
			    err);
		if (rc == CH_OK)
			rc = ch_chan_lock(chan, err);
	}
	if (rc == CH_OK)
		rc = ch_chan_remove(chan, 1, err);
	return rc == CH_NONE ? CH_OK : rc;
}

static int
leave_tombstone(struct ch_file *file, const char *name, struct ch_err *err)
{
	char path[CH_NAME_MAX + 8];
	int fd;

	path_of(path, GONE, name, strlen(name));
	fd = ch_dir_file(file, file->live, path, O_WRONLY | O_CREAT, S_IFREG);
	if (fd < 0)
		return ch_err_os(err, errno, "live/%s", path);
	futimens(fd, NULL);
	ch_io_close(&fd);
	return CH_OK;
}

/*
 * All that an owner leaves behind, in an order in which a killed cleaner is
 * followed by another: the live file, which we have locked, goes last.
 */
static int
bury(struct ch_file *file, const char *name, int fd, struct ch_err *err)
{
	char path[CH_NAME_MAX + 8];
	int rc;

	rc = remove_queue(file, name, err);
	if (rc == CH_OK)
		rc = ch_group_forget(file, name, err);
	if (rc == CH_OK && get_state(fd) == DYING)
		rc = ch_wills_send(file, fd, err);
	if (rc == CH_OK)
		rc = leave_tombstone(file, name, err);
	if (rc != CH_OK)
		return rc;
	path_of(path, "", name, strlen(name));
	if (unlinkat(file->live, path, 0) < 0 && errno != ENOENT)
		return ch_err_os(err, errno, "live/%s", path);
	return CH_OK;
}

/* What we cannot read we do not clean; without a sound head there are no
 * wills, and after a power cut that is no surprise. */
static int
check_head(int fd, const char *path, struct ch_err *err)
{
	struct head head;
	ssize_t n = pread(fd, &head, sizeof(head), 0);

	if (n < 0)
		return ch_err_os(err, errno, "live/%s", path);
	if (n == sizeof(head) && !memcmp(head.magic, magic, sizeof(magic)) &&
	    head.version > 1)
		return ch_err_set(err, CH_REFUSED, "live/%s has version %u, "
		    "made by a newer program", path, head.version);
	return CH_OK;
}

#define LIVES 1

/*
 * Under the file's flock, so that nobody else is between locking it for life
 * and saying why: lock it, unless its owner LIVES, and bury what is in place.
 */
static int
clean_locked(struct ch_file *file, const char *name, const char *path, int fd,
    struct ch_err *err)
{
	int rc = ch_lock_own(fd);

	if (rc < 0)
		return ch_err_os(err, errno, "live/%s", path);
	if (rc == 0)
		return LIVES;
	if (!is_at(file, path, fd))
		return CH_OK;
	if (get_state(fd) == OPEN && set_state(fd, DYING) < 0)
		return ch_err_os(err, errno, "live/%s", path);
	return bury(file, name, fd, err);
}

/*
 * Clean up after the owner of `name` unless it LIVES. Where another cleaner is
 * at it, wait for its end, or leave it to that one.
 */
static int
clean(struct ch_file *file, const char *name, int wait, struct ch_err *err)
{
	char path[CH_NAME_MAX + 8];
	int fd, rc;

	path_of(path, "", name, strlen(name));
	fd = ch_dir_file(file, file->live, path, O_RDWR, S_IFREG);
	if (fd < 0)
		return errno == ENOENT ? CH_OK :
		    ch_err_os(err, errno, "live/%s", path);
	rc = check_head(fd, path, err);
	if (rc == CH_OK && wait)
		rc = ch_lock_take(fd, CH_NEVER, path, err);
	else if (rc == CH_OK && flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = LIVES;
	if (rc == CH_OK)
		rc = clean_locked(file, name, path, fd, err);
	ch_io_close(&fd);
	return rc;
}

int
ch_live_clean(struct ch_file *file, const char *name, size_t len,
    struct ch_err *err)
{
	char prefix[CH_NAME_MAX + 1];
	int rc;

	/* the order of locks: a live file's comes before a group's */
	if (ch_group_is_locked(file))
		return CH_OK;
	snprintf(prefix, sizeof(prefix), "%.*s", (int)len, name);
	rc = clean(file, prefix, 0, err);
	return rc == CH_FULL || rc == LIVES ? CH_OK : rc;
}

struct sweep {
	struct ch_file *file;
	uint64_t removed;
	int rc; /* the first failure */
	struct ch_err *err;
};

/* Tombstones, and what was being made when its maker was killed. */
static void
sweep_hidden(struct ch_file *file, const char *path)
{
	struct stat st;

	if (strncmp(path, GONE, strlen(GONE)) &&
	    strncmp(path, NEW, strlen(NEW)))
		return;
	if (fstatat(file->live, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    ch_clock_real() - (int64_t)st.st_mtime * 1000 < KEEP_MS)
		return;
	/* if its owner lives, it has the name that counts as well */
	unlinkat(file->live, path, 0);
}

static int
sweep_one(void *arg, const char *path)
{
	struct sweep *sweep = arg;
	struct ch_err err = CH_ERR_INIT;
	char name[CH_NAME_MAX + 1];
	int len, rc;

	if (*path == '.') {
		sweep_hidden(sweep->file, path);
		return 0;
	}
	len = snprintf(name, sizeof(name), "%s!", path);
	if (len < 0 || (size_t)len >= sizeof(name) ||
	    ch_live_ask(sweep->file, name, (size_t)len, NULL) != CH_LIFE_DEAD)
		return 0;
	rc = clean(sweep->file, name, 0, &err);
	if (rc == CH_OK)
		sweep->removed++;
	if (rc < 0 && rc != CH_FULL && sweep->rc == CH_OK) {
		sweep->rc = rc;
		if (sweep->err)
			*sweep->err = err;
	}
	return 0;
}

int
ch_live_sweep(struct ch_file *file, uint64_t *removed, struct ch_err *err)
{
	struct sweep sweep = { .file = file, .err = err };
	int rc;

	rc = ch_dir_walk(file->live, 1, sweep_one, &sweep, err);
	*removed += sweep.removed;
	return rc != CH_OK ? rc : sweep.rc;
}

/* --- owning ------------------------------------------------------------- */

/* A locked live file under a dot name: its descriptor, or a status. */
static int
make_file(struct ch_file *file, char *path, struct ch_err *err)
{
	struct head head = { .version = 1, .state = OPEN, .pid = getpid() };
	int fd, rc;

	memcpy(head.magic, magic, sizeof(magic));
	memcpy(path, NEW, sizeof(NEW));
	ch_id_random(path + strlen(NEW), CH_ID_UNIQUE);
	fd = ch_dir_file(file, file->live, path, O_RDWR | O_CREAT | O_EXCL,
	    S_IFREG);
	if (fd < 0)
		return ch_err_os(err, errno, "live/%s", path);
	errno = ENOSPC; /* what a short write means */
	if (pwrite(fd, &head, sizeof(head), 0) == sizeof(head) &&
	    ch_lock_own(fd) == 1)
		return fd;
	rc = ch_err_os(err, errno, "live/%s", path);
	unlinkat(file->live, path, 0);
	ch_io_close(&fd);
	return rc;
}

/* Give the file its name, once nobody else has it. */
static int
publish(struct ch_file *file, const char *made, const char *name,
    struct ch_err *err)
{
	char path[CH_NAME_MAX + 8];
	size_t len = strlen(name);
	int tries, rc;

	path_of(path, "", name, len);
	for (tries = 0; tries < TRIES; tries++) {
		if (!linkat(file->live, made, file->live, path, 0))
			return CH_OK;
		if (errno != EEXIST)
			return ch_err_os(err, errno, "live/%s", path);
		rc = clean(file, name, 1, err);
		if (rc == LIVES)
			return ch_err_set(err, CH_FULL,
			    "%s is owned by process %d", name,
			    (int)ch_live_pid(file, name, len));
		if (rc != CH_OK)
			return rc;
	}
	return ch_err_set(err, CH_UNAVAILABLE, "%s: live/%s is in the way",
	    name, path);
}

static int
remember(struct ch_file *file, const char *name, int fd)
{
	struct owner *owner = calloc(1, sizeof(*owner));

	if (!file->owned)
		file->owned = calloc(1, sizeof(*file->owned));
	if (!owner || !file->owned) {
		free(owner);
		return -1;
	}
	snprintf(owner->name, sizeof(owner->name), "%s", name);
	owner->fd = fd;
	ch_wills_init(&owner->wills, fd);
	owner->next = file->owned->first;
	file->owned->first = owner;
	return 0;
}

int
ch_live_own(struct ch_layer *layer, const char *prefix, struct ch_err *err)
{
	struct ch_file *file = ch_file(layer);
	char made[sizeof(NEW) + CH_ID_UNIQUE], path[CH_NAME_MAX + 8];
	int fd, rc;

	if (find_owner(file, prefix, strlen(prefix)))
		return CH_OK;
	fd = make_file(file, made, err);
	if (fd < 0)
		return fd;
	rc = publish(file, made, prefix, err);
	unlinkat(file->live, made, 0);
	if (rc == CH_OK && remember(file, prefix, fd) < 0) {
		unlinkat(file->live,
		    path_of(path, "", prefix, strlen(prefix)), 0);
		rc = ch_err_memory(err);
	}
	if (rc != CH_OK) {
		ch_io_close(&fd);
		return rc;
	}
	unlinkat(file->live, path_of(path, GONE, prefix, strlen(prefix)), 0);
	return CH_OK;
}

int
ch_live_will(struct ch_layer *layer, const char *channel, const char *to,
    const char *text, size_t len, struct ch_err *err)
{
	const char *mark = strchr(channel, '!');
	struct owner *owner = NULL;

	if (mark && mark[1])
		owner = find_owner(ch_file(layer), channel,
		    (size_t)(mark + 1 - channel));
	if (!owner)
		return ch_err_set(err, CH_USAGE,
		    "%s: a will is for the owner to leave", channel);
	if (!text)
		return ch_wills_clear(&owner->wills, mark + 1, err);
	return ch_wills_set(&owner->wills, mark + 1, to, text, len, err);
}

static void
free_owned(struct ch_file *file)
{
	struct owner *owner;

	if (!file->owned)
		return;
	while ((owner = file->owned->first)) {
		file->owned->first = owner->next;
		ch_wills_release(&owner->wills);
		ch_io_close(&owner->fd);
		free(owner);
	}
	free(file->owned);
	file->owned = NULL;
}

void
ch_live_release(struct ch_file *file)
{
	struct owner *owner;

	/* what fails here is left to the next cleaner, without the wills */
	for (owner = file->owned ? file->owned->first : NULL; owner;
	    owner = owner->next)
		if (set_state(owner->fd, CLOSED) == 0)
			bury(file, owner->name, owner->fd, NULL);
	free_owned(file);
}

void
ch_live_forget(struct ch_file *file)
{
	free_owned(file);
}
