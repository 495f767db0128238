/*
 * Files under the root.
 *
 * A path is opened by openat2(2) beneath the root, so neither `..` nor a
 * symbolic link leads out of it, whatever changes meanwhile. Names that start
 * with a dot are not there, but for /.well-known, where certificates are asked
 * for. A compressed sibling, app.js.gz beside app.js, is looked for only where
 * the type of the file is worth it: that costs a system call.
 */
#include "chserve/static.h"

#include "chserve/coding.h"
#include "chserve/describe.h"

#include "base/err.h"
#include "base/io.h"
#include "common/put.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INDEX "index.html"
#define WELL_KNOWN ".well-known"
#define TRIES 3 /* of an open that a rename got in the way of */

/* Compressed siblings, the one that is smaller first. */
static const struct sibling {
	const char *coding, *suffix;
} siblings[] = {
	{ "br", ".br" },
	{ "gzip", ".gz" },
};

static int root_fd = -1;

/* Open what is at the path beneath the root; -1 with errno. */
static int
open_beneath(const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	int fd = -1, i;

	for (i = 0; i < TRIES; i++) {
		fd = (int)syscall(SYS_openat2, root_fd, *path ? path : ".",
		    &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int
static_open(const char *root, struct ch_err *err)
{
	int fd;

	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return ch_err_set(err, errno == EACCES ? CH_DENIED : CH_CONFIG,
		    "root %s: %s", root, strerror(errno));
	fd = open_beneath("");
	if (fd < 0)
		return ch_err_os(err, errno, "root %s", root);
	ch_io_close(&fd);
	return CH_OK;
}

void
static_close(void)
{
	ch_io_close(&root_fd);
}

int
static_has(const char *root, const char *path)
{
	char *whole_root = realpath(root, NULL);
	char *whole_path = realpath(path, NULL);
	size_t n = whole_root ? strlen(whole_root) : 0;
	int has = whole_root && whole_path &&
	    strncmp(whole_path, whole_root, n) == 0 &&
	    (whole_path[n] == '/' || !whole_path[n] || n == 1);

	free(whole_root);
	free(whole_path);
	return has;
}

/* No part of the path may be empty or begin with a dot. */
static int
is_plain(const char *path)
{
	const char *start = path;
	size_t n;

	for (; *path == '/'; path += n) {
		n = strcspn(++path, "/");
		if (*path == '.' && path == start + 1 &&
		    n == sizeof(WELL_KNOWN) - 1 &&
		    strncmp(path, WELL_KNOWN, n) == 0)
			continue;
		if (*path == '.' || (!n && *path))
			return 0;
	}
	return 1;
}

/* What a file that cannot be opened is answered with. */
static int
status_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EIO:
	case EAGAIN:
		return 503;
	}
	return 404;
}

/* --- finding -------------------------------------------------------------- */

/* Open path + suffix; 0 with st filled, or the status. */
static int
open_file(const char *path, const char *suffix, int *fd, struct stat *st)
{
	char name[PATH_MAX];
	size_t n = strlen(path), more = strlen(suffix);
	int status = 0;

	*fd = -1;
	if (n + more >= sizeof(name))
		return 404;
	memcpy(name, path, n);
	memcpy(name + n, suffix, more + 1);
	*fd = open_beneath(name + 1);
	if (*fd < 0 || fstat(*fd, st))
		status = status_of(errno);
	if (status)
		ch_io_close(fd);
	return status;
}

static int
is_older(const struct stat *a, const struct stat *b)
{
	if (a->st_mtime != b->st_mtime)
		return a->st_mtime < b->st_mtime;
	return a->st_mtim.tv_nsec && /* 0: an archive kept the seconds only */
	    a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* Take the sibling that the client likes best, if it likes one. */
static void
find_siblings(struct found *found, const struct head *head, const char *path)
{
	int best = coding_quality(head, "identity", 1), quality, fd;
	const struct sibling *end = siblings +
	    sizeof(siblings) / sizeof(*siblings), *sibling;
	struct stat plain = found->st, st;

	for (sibling = siblings; sibling < end; sibling++) {
		if (open_file(path, sibling->suffix, &fd, &st))
			continue;
		quality = 0;
		if (S_ISREG(st.st_mode) && !is_older(&st, &plain)) {
			found->varies = 1;
			quality = coding_quality(head, sibling->coding, 0);
		}
		if (quality > best ||
		    (quality && quality == best && !found->coding)) {
			ch_io_close(&found->fd);
			found->fd = fd;
			found->st = st;
			found->coding = sibling->coding;
			best = quality;
		} else {
			ch_io_close(&fd);
		}
	}
}

/* --- answering ------------------------------------------------------------ */

/*
 * A directory has its index behind a slash, for the links in it. The place is
 * told relative to the one asked for, of which a proxy may have taken a part.
 */
static void
redirect(struct static_answer *answer, const char *path, const char *query)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	answer->status = 301;
	put_string(&answer->fields, "Location: ");
	for (path = strrchr(path, '/') + 1; *path; path++)
		if (strchr(safe, *path))
			put_char(&answer->fields, *path);
		else
			put_format(&answer->fields, "%%%02X",
			    (unsigned char)*path);
	put_format(&answer->fields, "/%s%s\r\n", *query ? "?" : "", query);
}

static int
is_reading(const struct head *head)
{
	return strcmp(head->method, "GET") == 0 ||
	    strcmp(head->method, "HEAD") == 0;
}

/* Answer for a directory asked for without a slash: the place of its index. */
static void
find_directory(struct static_answer *answer, const struct head *head,
    const char *path)
{
	struct stat st;
	int fd;

	answer->status = 404;
	if (!is_reading(head) || open_file(path, "/" INDEX, &fd, &st))
		return;
	if (S_ISREG(st.st_mode))
		redirect(answer, head->path, head->query);
	ch_io_close(&fd);
}

/* Answer with the file that is open. */
static void
answer_file(struct static_answer *answer, const struct head *head,
    const char *path, struct found *found)
{
	found->type = type_of(path);
	if (found->type->packs)
		find_siblings(found, head, path);
	answer->status = describe_file(&answer->fields, head, found,
	    &answer->at, &answer->len);
	answer->fd = found->fd;
	if (!answer->len)
		ch_io_close(&answer->fd);
}

static void
find_file(struct static_answer *answer, const struct head *head,
    const char *path)
{
	struct found found = { .coding = NULL };

	answer->status = open_file(path, "", &found.fd, &found.st);
	if (answer->status)
		return;
	if (S_ISREG(found.st.st_mode) && is_reading(head)) {
		answer_file(answer, head, path, &found);
		return;
	}
	ch_io_close(&found.fd);
	if (S_ISREG(found.st.st_mode)) {
		answer->status = 405;
		put_string(&answer->fields, "Allow: GET, HEAD\r\n");
	} else if (S_ISDIR(found.st.st_mode)) {
		find_directory(answer, head, path);
	} else {
		answer->status = 404;
	}
}

void
static_find(struct static_answer *answer, const struct head *head,
    const char *path)
{
	size_t n = strlen(path);
	char index[PATH_MAX];

	memset(answer, 0, sizeof(*answer));
	answer->status = 404;
	answer->fd = -1;
	if (root_fd < 0 || !is_plain(path) ||
	    n + sizeof(INDEX) > sizeof(index))
		return;
	if (!n) {
		find_directory(answer, head, path);
	} else if (path[n - 1] != '/') {
		find_file(answer, head, path);
	} else {
		memcpy(index, path, n);
		memcpy(index + n, INDEX, sizeof(INDEX));
		find_file(answer, head, index);
	}
}
