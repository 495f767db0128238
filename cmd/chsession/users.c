/* users.c - a file of names and hashed passwords. */
#include "chsession/users.h"

#include "base/err.h"
#include "base/io.h"
#include "base/lock.h"
#include "common/put.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 67108864
#define PATIENCE_MS 5000

/* --- the text ------------------------------------------------------------- */

/* A line of it. */
struct line {
	const char *text;
	size_t len;      /* without its end */
	size_t name_len; /* len: there is no colon */
};

/* The line that starts at *at, which moves to the next; 0: the end. */
static int
next_line(struct line *line, const char **at, const char *end)
{
	const char *stop, *colon;

	if (*at == end)
		return 0;
	line->text = *at;
	stop = memchr(*at, '\n', (size_t)(end - *at));
	*at = stop ? stop + 1 : end;
	if (!stop)
		stop = end;
	line->len = (size_t)(stop - line->text);
	colon = memchr(line->text, ':', line->len);
	line->name_len = colon ? (size_t)(colon - line->text) : line->len;
	return 1;
}

static int
is_of(const struct line *line, const char *name)
{
	return line->name_len < line->len && *line->text != '#' &&
	    (!name || (strlen(name) == line->name_len &&
		memcmp(line->text, name, line->name_len) == 0));
}

static struct users_hash
hash_of(const struct line *line)
{
	struct users_hash hash = { line->text + line->name_len + 1, 0 };
	const char *end = line->text + line->len;

	while (hash.text + hash.len < end && hash.text[hash.len] != ':' &&
	    hash.text[hash.len] != '\r')
		hash.len++;
	return hash;
}

static struct users_hash
find(const char *text, size_t len, const char *name)
{
	struct users_hash hash = { NULL, 0 };
	const char *at = text;
	struct line line;

	while (!hash.text && next_line(&line, &at, text + len))
		if (is_of(&line, name))
			hash = hash_of(&line);
	return hash;
}

struct users_hash
users_find(const char *text, size_t len, const char *name)
{
	return find(text, len, name);
}

struct users_hash
users_first(const char *text, size_t len)
{
	return find(text, len, NULL);
}

void
users_change(struct ch_buf *to, const char *text, size_t len,
    const char *name, const char *hash)
{
	struct users_hash old = users_find(text, len, name);
	size_t before = old.text ? (size_t)(old.text - text) : len;

	put_bytes(to, text, before);
	if (!old.text) {
		if (len && text[len - 1] != '\n')
			put_char(to, '\n');
		put_format(to, "%s:%s\n", name, hash);
		return;
	}
	put_string(to, hash);
	put_bytes(to, old.text + old.len, len - before - old.len);
}

/* --- the file ------------------------------------------------------------- */

int
users_read(struct ch_buf *text, const char *file, struct ch_err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), rc = CH_OK;

	if (fd < 0 || ch_io_slurp(fd, text, FILE_MAX))
		rc = ch_err_os(err, errno, "%s", file);
	ch_io_close(&fd);
	return rc;
}

/* As the file that it is to replace. */
static int
take_after(int fd, const char *file)
{
	struct stat st;

	if (stat(file, &st) < 0)
		return errno == ENOENT ? fchmod(fd, 0600) : -1;
	if (fchown(fd, st.st_uid, st.st_gid) < 0)
		return -1;
	return fchmod(fd, st.st_mode & 07777);
}

/* Beside the file, then in its place. */
static int
replace(const char *file, const struct ch_buf *text, struct ch_err *err)
{
	char name[PATH_MAX];
	int fd, rc = CH_OK;

	if (snprintf(name, sizeof(name), "%s.XXXXXX", file) >= PATH_MAX)
		return ch_err_os(err, ENAMETOOLONG, "%s", file);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return ch_err_os(err, errno, "%s", name);
	if (take_after(fd, file) || ch_io_write(fd, text->data, text->len) ||
	    fsync(fd) || rename(name, file)) {
		rc = ch_err_os(err, errno, "%s", file);
		unlink(name);
	}
	ch_io_close(&fd);
	return rc;
}

/* The lock on the directory is for those who change a file in it. */
static int
lock(const char *file, int *fd, struct ch_err *err)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", file);
	*fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return ch_err_os(err, errno, "%s", file);
	return ch_lock_take(*fd, ch_clock() + PATIENCE_MS, file, err);
}

int
users_set(const char *file, const char *name, const char *hash,
    struct ch_err *err)
{
	struct ch_buf before = CH_BUF_INIT, after = CH_BUF_INIT;
	char path[PATH_MAX];
	int fd, rc;

	if (!realpath(file, path))
		snprintf(path, sizeof(path), "%s", file);
	rc = lock(path, &fd, err);
	if (rc == CH_OK && access(path, F_OK) == 0)
		rc = users_read(&before, path, err);
	if (rc == CH_OK) {
		users_change(&after, before.data ? before.data : "",
		    before.len, name, hash);
		rc = replace(path, &after, err);
	}
	ch_io_close(&fd);
	ch_buf_release(&before);
	ch_buf_release(&after);
	return rc;
}
