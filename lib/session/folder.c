/* folder.c - STATE/sessions, its files and its lock. */
#include "session/folder.h"

#include "base/err.h"
#include "base/id.h"
#include "base/io.h"
#include "base/lock.h"
#include "model/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "sessions"
#define LOCK "lock"
#define ASIDE ".new."
/* A file has its data, a user's name, all escaped at worst, and numbers. */
#define FILE_MAX (CH_SESSION_DATA_MAX + 6 * CH_SESSION_USER_MAX + 512)
#define CONFIG_MAX (1 << 20)

enum ch_folder_kind
ch_folder_kind(const char *name)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *mark = strchr(name, '!');

	if (strncmp(name, ASIDE, strlen(ASIDE)) == 0)
		return CH_FOLDER_LEFT;
	if (mark)
		return ch_name_check(name, CH_TO_SEND, NULL) == CH_OK ?
		    CH_FOLDER_CONNECTION : CH_FOLDER_OTHER;
	if (strlen(name) == CH_SESSION_ID &&
	    strspn(name, letters) == CH_SESSION_ID)
		return CH_FOLDER_SESSION;
	return CH_FOLDER_OTHER;
}

/* --- opening ------------------------------------------------------------ */

/* Who may read here may be anybody: so nobody else may. */
static int
check_owner(int dir, const char *state, struct ch_err *err)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return ch_err_os(err, errno, "look at %s/" FOLDER, state);
	if (st.st_uid != geteuid())
		return ch_err_set(err, CH_DENIED,
		    "%s/" FOLDER " belongs to another user (uid %u)", state,
		    (unsigned)st.st_uid);
	if (st.st_mode & 077)
		return ch_err_set(err, CH_DENIED,
		    "%s/" FOLDER " is not for its owner alone (mode %03o)",
		    state, (unsigned)(st.st_mode & 0777));
	return CH_OK;
}

/* Whether the store that we are in, if it is one, wants power loss survived. */
static int
is_durable(int state)
{
	int fd = openat(state, "config", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct ch_buf text = CH_BUF_INIT;
	struct ch_limits limits;
	int durable = 0;

	ch_limits_init(&limits);
	if (fd >= 0 && ch_io_slurp(fd, &text, CONFIG_MAX) == 0 && text.len &&
	    ch_limits_parse(&limits, text.data, text.len, NULL) == CH_OK)
		durable = limits.durable;
	ch_limits_release(&limits);
	ch_buf_release(&text);
	ch_io_close(&fd);
	return durable;
}

static int
open_folder(struct ch_sessions *sessions, const char *state, struct ch_err *err)
{
	int at = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), made, rc;

	if (at < 0)
		return ch_err_os(err, errno, "open %s", state);
	made = mkdirat(at, FOLDER, 0700) == 0;
	if (made || errno == EEXIST)
		sessions->dir = openat(at, FOLDER,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* a setgid directory above gives more than was asked for */
	if (sessions->dir >= 0 && made)
		fchmod(sessions->dir, 0700);
	rc = sessions->dir < 0 ?
	    ch_err_os(err, errno, "open %s/" FOLDER, state) :
	    check_owner(sessions->dir, state, err);
	sessions->durable = is_durable(at);
	ch_io_close(&at);
	return rc;
}

int
ch_sessions_open(struct ch_sessions **sessions, const char *state,
    int64_t patience, struct ch_err *err)
{
	struct ch_sessions *opened = calloc(1, sizeof(*opened));
	int rc;

	*sessions = NULL;
	if (!opened)
		return ch_err_memory(err);
	opened->dir = opened->lock = -1;
	opened->patience = patience;
	rc = open_folder(opened, state, err);
	if (rc == CH_OK) {
		opened->lock = openat(opened->dir, LOCK,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (opened->lock < 0)
			rc = ch_err_os(err, errno, "open %s/" FOLDER "/" LOCK,
			    state);
	}
	if (rc == CH_OK)
		*sessions = opened;
	else
		ch_sessions_close(opened);
	return rc;
}

void
ch_sessions_close(struct ch_sessions *sessions)
{
	if (!sessions)
		return;
	ch_record_release(&sessions->record);
	ch_io_close(&sessions->lock);
	ch_io_close(&sessions->dir);
	free(sessions);
}

/* --- the lock ----------------------------------------------------------- */

int
ch_folder_lock(struct ch_sessions *sessions, struct ch_err *err)
{
	int64_t now = ch_clock();

	return ch_lock_take(sessions->lock,
	    sessions->patience < CH_NEVER - now ? now + sessions->patience :
	    CH_NEVER, FOLDER "/" LOCK, err);
}

void
ch_folder_unlock(struct ch_sessions *sessions)
{
	ch_lock_drop(sessions->lock);
}

/* --- files -------------------------------------------------------------- */

static int
read_text(int fd, struct ch_buf *text, int64_t *seen)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || ch_io_slurp(fd, text, FILE_MAX) < 0)
		return -1;
	*seen = (int64_t)st.st_mtim.tv_sec * 1000 +
	    st.st_mtim.tv_nsec / 1000000;
	return 0;
}

int
ch_folder_read(struct ch_sessions *sessions, const char *name, int64_t *seen,
    struct ch_err *err)
{
	int fd = openat(sessions->dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct ch_buf text = CH_BUF_INIT;
	int rc;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return CH_NONE;
	if (fd < 0)
		return ch_err_os(err, errno, "open a session");
	if (name != sessions->id)
		snprintf(sessions->id, sizeof(sessions->id), "%s", name);
	if (read_text(fd, &text, seen) < 0 && errno != EFBIG)
		rc = ch_err_os(err, errno, "read a session");
	else
		rc = ch_record_parse(&sessions->record,
		    text.data ? text.data : "", text.len, err);
	ch_buf_release(&text);
	ch_io_close(&fd);
	return rc == CH_REFUSED ? CH_NONE : rc;
}

/* Write the file aside; 0, or -1 with errno and no file. */
static int
write_aside(struct ch_sessions *sessions, const char *aside,
    const struct ch_buf *text)
{
	int fd = openat(sessions->dir, aside,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return -1;
	rc = ch_io_write(fd, text->data, text->len);
	if (rc == 0 && sessions->durable)
		rc = fsync(fd);
	if (rc < 0)
		unlinkat(sessions->dir, aside, 0);
	ch_io_close(&fd);
	return rc;
}

int
ch_folder_write(struct ch_sessions *sessions, const char *name,
    struct ch_err *err)
{
	char aside[sizeof(ASIDE) + CH_ID_UNIQUE] = ASIDE;
	struct ch_buf text = CH_BUF_INIT;
	int rc = ch_record_format(&sessions->record, &text, err);

	ch_id_random(aside + strlen(ASIDE), CH_ID_UNIQUE);
	if (rc == CH_OK && (write_aside(sessions, aside, &text) < 0 ||
	    renameat(sessions->dir, aside, sessions->dir, name) < 0 ||
	    (sessions->durable && fsync(sessions->dir) < 0)))
		rc = ch_err_os(err, errno, "write a session");
	ch_buf_release(&text);
	return rc;
}

int
ch_folder_walk(struct ch_sessions *sessions,
    int (*each)(void *arg, const char *name), void *arg, struct ch_err *err)
{
	int fd = openat(sessions->dir, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int rc = CH_OK;

	if (!list) {
		rc = ch_err_os(err, errno, "read " FOLDER);
		ch_io_close(&fd);
		return rc;
	}
	while (rc == CH_OK && (entry = readdir(list)))
		rc = each(arg, entry->d_name);
	closedir(list);
	return rc;
}
