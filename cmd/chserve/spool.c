/* Files for bodies and uploads. */
#include "chserve/spool.h"

#include "base/err.h"
#include "base/id.h"
#include "base/io.h"
#include "common/json.h"
#include "common/say.h"
#include "common/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK "lock" /* no other file's name: those are longer */
#define TRIES 16

static char *folder; /* STATE/spool, absolute; NULL: not open */

/* Our directory in it. */
static char mine[CH_ID_UNIQUE + 1];
static int mine_dir = -1; /* -1: not made yet */
static int mine_lock = -1;

static int
open_dir(int at, const char *path)
{
	return openat(at, path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* STATE/spool, made where it is not; nobody else may have a hand in it. */
static int
open_folder(void)
{
	struct stat st;
	int fd;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = open_dir(AT_FDCWD, folder);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -1;
	if (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	errno = EPERM;
	ch_io_close(&fd);
	return -1;
}

/* --- removing ------------------------------------------------------------ */

/* All files but the lock: whoever is killed here leaves it to the next. */
static void
remove_files(int dir)
{
	int fd = open_dir(dir, ".");
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!list) {
		ch_io_close(&fd);
		return;
	}
	while ((entry = readdir(list)))
		if (strcmp(entry->d_name, LOCK) != 0)
			unlinkat(dir, entry->d_name, 0);
	closedir(list);
}

/*
 * Remove the directory if nobody lives there. Its maker may be at any step:
 * whatever we take away from under it, it starts anew with another name.
 */
static void
remove_dead(int at, const char *name)
{
	int dir = open_dir(at, name), lock;

	if (dir < 0)
		return;
	lock = openat(dir, LOCK,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) {
		remove_files(dir);
		unlinkat(dir, LOCK, 0);
		unlinkat(at, name, AT_REMOVEDIR);
	} else if (lock < 0 && errno == ENOENT) {
		unlinkat(at, name, AT_REMOVEDIR); /* if it is empty */
	}
	ch_io_close(&lock); /* not before: its maker must not get it */
	ch_io_close(&dir);
}

/* Whether it is a name as we give them. */
static int
is_ours(const char *name)
{
	return strlen(name) == CH_ID_UNIQUE && !strchr(name, '.');
}

void
spool_sweep(void)
{
	struct dirent *entry;
	DIR *list;
	int fd;

	fd = folder ? open_folder() : -1;
	list = fd < 0 ? NULL : fdopendir(fd);
	if (!list) {
		ch_io_close(&fd);
		return;
	}
	while ((entry = readdir(list)))
		if (is_ours(entry->d_name) && strcmp(entry->d_name, mine) != 0)
			remove_dead(fd, entry->d_name);
	closedir(list);
}

/* --- our directory ------------------------------------------------------- */

static void
forget_mine(void)
{
	ch_io_close(&mine_dir);
	ch_io_close(&mine_lock);
	*mine = '\0';
}

/* Whether the lock that we hold is the one that others find. */
static int
is_in_place(void)
{
	struct stat held, found;

	return fstat(mine_lock, &held) == 0 &&
	    fstatat(mine_dir, LOCK, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_ino == found.st_ino && held.st_dev == found.st_dev;
}

/* One try: 0, 1 when a sweeper took it for dead, -1 with errno. */
static int
try_mine(int at)
{
	ch_id_random(mine, CH_ID_UNIQUE);
	if (mkdirat(at, mine, 0700) < 0)
		return errno == EEXIST ? 1 : -1;
	mine_dir = open_dir(at, mine);
	if (mine_dir >= 0)
		mine_lock = openat(mine_dir, LOCK,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (mine_dir < 0 || mine_lock < 0)
		return errno == ENOENT ? 1 : -1;
	if (flock(mine_lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 1 : -1;
	return is_in_place() ? 0 : 1;
}

static int
make_mine(void)
{
	int at = open_folder(), tries, rc = 1;

	if (at < 0)
		return -1;
	for (tries = 0; rc > 0 && tries < TRIES; tries++) {
		rc = try_mine(at);
		if (rc)
			forget_mine();
	}
	ch_io_close(&at);
	return rc ? -1 : 0;
}

static void
remove_mine(void)
{
	int at;

	if (mine_dir < 0)
		return;
	remove_files(mine_dir);
	unlinkat(mine_dir, LOCK, 0);
	at = open_folder();
	if (at >= 0)
		unlinkat(at, mine, AT_REMOVEDIR);
	ch_io_close(&at);
	forget_mine();
}

/* --- opening and closing ------------------------------------------------- */

static void
caught(int signo)
{
	(void)signo;
}

/* A handler, not SIG_IGN: what we start shall not inherit it. */
static void
catch_limit(void)
{
	struct sigaction action = { .sa_handler = caught,
		.sa_flags = SA_RESTART };

	sigaction(SIGXFSZ, &action, NULL);
}

/* Whether the folder can be had, and said in a message. */
static int
check_folder(struct ch_err *err)
{
	int at = open_folder();

	if (at < 0)
		return ch_err_os(err, errno, "spool %s", folder);
	ch_io_close(&at);
	if (json_utf8(folder, strlen(folder)) != strlen(folder))
		return ch_err_set(err, CH_CONFIG, "spool %s: is not UTF-8",
		    folder);
	return CH_OK;
}

int
spool_open(const char *state, struct ch_err *err)
{
	char *path;
	int rc = state_make(state, err);

	if (rc != CH_OK)
		return rc;
	path = realpath(state, NULL);
	if (!path)
		return ch_err_os(err, errno, "state %s", state);
	spool_close();
	if (asprintf(&folder, "%s/spool", path) < 0)
		say_memory();
	free(path);
	rc = check_folder(err);
	if (rc != CH_OK) {
		free(folder);
		folder = NULL;
		return rc;
	}
	catch_limit();
	spool_sweep();
	return CH_OK;
}

void
spool_close(void)
{
	if (folder)
		remove_mine();
	free(folder);
	folder = NULL;
}

/* --- files --------------------------------------------------------------- */

static int
make_file(const char *name)
{
	return openat(mine_dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

int
spool_new(struct spool *spool)
{
	char name[CH_ID_UNIQUE + 1];

	if (!folder) {
		errno = ENOENT;
		return -1;
	}
	ch_id_random(name, CH_ID_UNIQUE);
	if (mine_dir < 0 && make_mine() < 0)
		return -1;
	spool->fd = make_file(name);
	if (spool->fd < 0 && errno == ENOENT) {
		/* somebody removed our directory */
		forget_mine();
		spool->fd = make_mine() < 0 ? -1 : make_file(name);
	}
	if (spool->fd < 0)
		return -1;
	spool->size = 0;
	if (asprintf(&spool->path, "%s/%s/%s", folder, mine, name) < 0)
		say_memory();
	return 0;
}

int
spool_write(struct spool *spool, const void *bytes, size_t n)
{
	if (ch_io_write(spool->fd, bytes, n) < 0)
		return -1;
	spool->size += (off_t)n;
	return 0;
}

int
spool_done(struct spool *spool)
{
	int fd = spool->fd;

	spool->fd = -1;
	return fd < 0 || close(fd) == 0 || errno == EINTR ? 0 : -1;
}

void
spool_release(struct spool *spool)
{
	if (spool->path)
		unlink(spool->path);
	ch_io_close(&spool->fd);
	free(spool->path);
	*spool = (struct spool)SPOOL_INIT;
}

int
spool_status(int os)
{
	switch (os) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return 507;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		return 500;
	}
}
