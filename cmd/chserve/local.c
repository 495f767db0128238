/* Listening on a unix socket that has a path. */
#include "chserve/local.h"

#include "base/err.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_MS 5000 /* a stranger's lock on the directory stops nobody */
#define LOCK_LOOK_MS 20

static int
failed(const char *path, int os, struct ch_err *err)
{
	if (os == ENOENT || os == ENOTDIR)
		return ch_err_set(err, CH_UNAVAILABLE, "listen on unix:%s: %s",
		    path, strerror(os));
	return ch_err_os(err, os, "listen on unix:%s", path);
}

static void
set_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);
}

/* The directory of path, locked if that can be had; -1: it cannot. */
static int
lock_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[sizeof(((struct sockaddr_un *)0)->sun_path)] = ".";
	int64_t until = ch_clock() + LOCK_MS;
	int fd;

	if (slash == path)
		strcpy(name, "/");
	else if (slash)
		snprintf(name, sizeof(name), "%.*s", (int)(slash - path),
		    path);
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && ch_clock() < until)
		poll(NULL, 0, LOCK_LOOK_MS);
	return fd;
}

/* Take a dead socket out of the way; anything else that is there stays. */
static int
clear_way(const char *path, struct ch_err *err)
{
	struct sockaddr_un address;
	struct stat st;
	int fd, os = 0;

	if (lstat(path, &st))
		return errno == ENOENT ? CH_OK : failed(path, errno, err);
	if (!S_ISSOCK(st.st_mode))
		return ch_err_set(err, CH_CONFIG,
		    "listen on unix:%s: what is there is no socket", path);
	set_address(&address, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return failed(path, errno, err);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		os = errno;
	ch_io_close(&fd);
	if (os == EACCES || os == EPERM)
		return failed(path, os, err);
	if (os != ECONNREFUSED && os != ENOENT)
		return ch_err_set(err, CH_UNAVAILABLE,
		    "listen on unix:%s: another program listens there", path);
	if (unlink(path) && errno != ENOENT)
		return failed(path, errno, err);
	return CH_OK;
}

/* Through a descriptor, so that it is our socket whatever path becomes. */
static int
give_away(const char *path, const struct local_how *how,
    struct local_file *made)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), rc = -1;
	char name[32];
	struct stat st;

	if (fd < 0)
		return -1;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0) {
		made->dev = st.st_dev;
		made->ino = st.st_ino;
		rc = 0;
	}
	if (rc == 0 && (how->uid != (uid_t)-1 || how->gid != (gid_t)-1))
		rc = fchownat(fd, "", how->uid, how->gid, AT_EMPTY_PATH);
	if (rc == 0)
		rc = chmod(name, how->mode);
	ch_io_close(&fd);
	return rc;
}

static int
make(const char *path, const struct local_how *how, struct local_file *made)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	struct sockaddr_un address;
	mode_t mask;
	int rc;

	if (fd < 0)
		return -1;
	set_address(&address, path);
	mask = umask(0177);
	rc = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (rc == 0 && (give_away(path, how, made) || listen(fd, SOMAXCONN))) {
		rc = errno;
		local_remove(made, path);
		errno = rc;
		rc = -1;
	}
	if (rc)
		ch_io_close(&fd);
	return fd;
}

int
local_open(int *fd, struct local_file *made, const char *path,
    const struct local_how *how, struct ch_err *err)
{
	int lock = lock_directory(path);
	int rc = clear_way(path, err);

	memset(made, 0, sizeof(*made));
	*fd = -1;
	if (rc == CH_OK) {
		*fd = make(path, how, made);
		if (*fd < 0)
			rc = failed(path, errno, err);
	}
	ch_io_close(&lock);
	return rc;
}

void
local_look(struct local_file *file, const char *path)
{
	struct stat st;

	memset(file, 0, sizeof(*file));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		file->dev = st.st_dev;
		file->ino = st.st_ino;
	}
}

void
local_remove(const struct local_file *made, const char *path)
{
	struct local_file now;

	local_look(&now, path);
	if (made->ino && made->ino == now.ino && made->dev == now.dev)
		unlink(path);
}

/* --- owners --------------------------------------------------------------- */

/* A number that the system may take for an id; -1: none. */
static long long
id_of(const char *text)
{
	size_t n = strspn(text, "0123456789");

	if (!n || n > 10 || text[n] || strtoll(text, NULL, 10) >= UINT_MAX)
		return -1;
	return strtoll(text, NULL, 10);
}

static int
find_user(struct local_how *how, const char *name)
{
	const struct passwd *user = getpwnam(name);
	long long id = id_of(name);

	if (!user && id < 0)
		return -1;
	how->uid = user ? user->pw_uid : (uid_t)id;
	return 0;
}

static int
find_group(struct local_how *how, const char *name)
{
	const struct group *group = getgrnam(name);
	long long id = id_of(name);

	if (!group && id < 0)
		return -1;
	how->gid = group ? group->gr_gid : (gid_t)id;
	return 0;
}

int
local_owner(struct local_how *how, const char *text, struct ch_err *err)
{
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	char user[256];

	if (n >= sizeof(user) || (!n && (!colon || !colon[1])))
		return ch_err_set(err, CH_USAGE, "%s is not USER[:GROUP]",
		    text);
	memcpy(user, text, n);
	user[n] = '\0';
	if (n && find_user(how, user))
		return ch_err_set(err, CH_USAGE, "%s: no such user", user);
	if (colon && colon[1] && find_group(how, colon + 1))
		return ch_err_set(err, CH_USAGE, "%s: no such group",
		    colon + 1);
	return CH_OK;
}
