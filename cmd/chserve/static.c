/*
 * Files under the root.
 *
 * A path is opened by openat2(2) beneath the root, so neither `..` nor a
 * symbolic link leads out of it, whatever changes meanwhile. Names that start
 * with a dot are not there.
 */
#include "chserve/static.h"

#include "base/err.h"
#include "base/io.h"
#include "common/put.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define INDEX "index.html"
#define HTTP_DATE "%a, %d %b %Y %H:%M:%S GMT"

static int root_fd = -1;

static const struct {
	const char *suffix, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".htm", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".map", "application/json" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".md", "text/plain; charset=utf-8" },
	{ ".csv", "text/csv; charset=utf-8" },
	{ ".xml", "application/xml" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".jpeg", "image/jpeg" },
	{ ".gif", "image/gif" },
	{ ".webp", "image/webp" },
	{ ".avif", "image/avif" },
	{ ".ico", "image/x-icon" },
	{ ".woff", "font/woff" },
	{ ".woff2", "font/woff2" },
	{ ".ttf", "font/ttf" },
	{ ".otf", "font/otf" },
	{ ".mp3", "audio/mpeg" },
	{ ".ogg", "audio/ogg" },
	{ ".wav", "audio/wav" },
	{ ".mp4", "video/mp4" },
	{ ".webm", "video/webm" },
	{ ".pdf", "application/pdf" },
	{ ".wasm", "application/wasm" },
	{ ".zip", "application/zip" },
	{ ".gz", "application/gzip" },
};

static const char *
type_of(const char *path)
{
	const char *suffix = strrchr(path, '.');
	size_t i;

	for (i = 0; suffix && i < sizeof(types) / sizeof(*types); i++)
		if (strcasecmp(types[i].suffix, suffix) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* Open what is at the path beneath the root; -1 with errno. */
static int
open_beneath(const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root_fd, *path ? path : ".", &how,
	    sizeof(how));
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

/* Each part of the path must be there, and not begin with a dot. */
static int
is_plain(const char *path)
{
	size_t n;

	for (; *path == '/'; path += n) {
		n = strcspn(++path, "/");
		if (*path == '.' || (!n && *path))
			return 0;
	}
	return 1;
}

static void
http_date(time_t time, char text[64])
{
	struct tm tm;

	gmtime_r(&time, &tm);
	strftime(text, 64, HTTP_DATE, &tm);
}

/* If-None-Match decides, else If-Modified-Since. */
static int
is_unchanged(const struct head *head, const char *etag, const struct stat *st)
{
	const char *match = head_get(head, "if-none-match");
	const char *since = head_get(head, "if-modified-since");
	struct tm tm;

	if (match)
		return strcmp(match, "*") == 0 || strstr(match, etag) != NULL;
	memset(&tm, 0, sizeof(tm));
	return since && strptime(since, HTTP_DATE, &tm) &&
	    st->st_mtime <= timegm(&tm);
}

/*
 * One range of bytes (RFC 9110, section 14): 206 with at and len set, 416, or
 * 200 where there is none, several, or something else.
 */
static int
find_range(const char *range, off_t size, off_t *at, off_t *len)
{
	char *end;
	long long first, last = size - 1;

	*at = 0;
	*len = size;
	if (!range || strncmp(range, "bytes=", 6) != 0 || strchr(range, ','))
		return 200;
	range += 6;
	if (*range == '-') {
		first = strtoll(range + 1, &end, 10);
		if (end == range + 1 || *end || range[1] == '-')
			return 200;
		if (first == 0)
			return 416;
		first = first < size ? size - first : 0;
	} else {
		first = strtoll(range, &end, 10);
		if (end == range || *end++ != '-' || first < 0)
			return 200;
		if (*end)
			last = strtoll(end, &end, 10);
		if (*end || last < first)
			return first >= size && !*end ? 416 : 200;
	}
	if (first >= size)
		return 416;
	if (last >= size)
		last = size - 1;
	*at = first;
	*len = last - first + 1;
	return 206;
}

static void
describe(struct static_answer *answer, const struct head *head,
    const struct stat *st, const char *path)
{
	const char *range = head_get(head, "range");
	const char *if_range = head_get(head, "if-range");
	char etag[64], date[64];

	snprintf(etag, sizeof(etag), "\"%llx-%llx.%lx\"",
	    (unsigned long long)st->st_size, (unsigned long long)st->st_mtime,
	    st->st_mtim.tv_nsec);
	http_date(st->st_mtime, date);
	put_format(&answer->fields,
	    "ETag: %s\r\nLast-Modified: %s\r\nCache-Control: no-cache\r\n",
	    etag, date);
	answer->len = 0;
	if (is_unchanged(head, etag, st)) {
		answer->status = 304;
		return;
	}
	if (if_range && strcmp(if_range, etag) != 0)
		range = NULL;
	answer->status = find_range(range, st->st_size, &answer->at,
	    &answer->len);
	if (answer->status == 416) {
		answer->len = 0;
		put_format(&answer->fields, "Content-Range: bytes */%lld\r\n",
		    (long long)st->st_size);
		return;
	}
	if (answer->status == 206)
		put_format(&answer->fields,
		    "Content-Range: bytes %lld-%lld/%lld\r\n",
		    (long long)answer->at,
		    (long long)(answer->at + answer->len - 1),
		    (long long)st->st_size);
	put_format(&answer->fields,
	    "Content-Type: %s\r\nAccept-Ranges: bytes\r\n"
	    "X-Content-Type-Options: nosniff\r\n", type_of(path));
}

/* A directory has its index behind a slash, for the links in it. */
static void
redirect(struct static_answer *answer, const char *path, const char *query)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

	answer->status = 301;
	put_string(&answer->fields, "Location: ");
	for (; *path; path++)
		if (strchr(safe, *path))
			put_char(&answer->fields, *path);
		else
			put_format(&answer->fields, "%%%02X",
			    (unsigned char)*path);
	put_format(&answer->fields, "/%s%s\r\n", *query ? "?" : "", query);
}

/* What is at the path; with a slash at its end, the index there. */
static int
open_file(const char *path, struct stat *st)
{
	char name[PATH_MAX];
	size_t n = strlen(path);
	int fd;

	if (root_fd < 0 || !is_plain(path) ||
	    n + sizeof(INDEX) > sizeof(name))
		return -1;
	memcpy(name, path, n + 1);
	if (name[n - 1] == '/')
		memcpy(name + n, INDEX, sizeof(INDEX));
	fd = open_beneath(name + 1);
	if (fd >= 0 && fstat(fd, st))
		ch_io_close(&fd);
	return fd;
}

void
static_find(struct static_answer *answer, const struct head *head)
{
	const char *path = head->path;
	struct stat st;

	memset(answer, 0, sizeof(*answer));
	answer->status = 404;
	answer->fd = open_file(path, &st);
	if (answer->fd < 0)
		return;
	if (S_ISREG(st.st_mode) && strcmp(head->method, "GET") != 0 &&
	    strcmp(head->method, "HEAD") != 0) {
		answer->status = 405;
		put_string(&answer->fields, "Allow: GET, HEAD\r\n");
	} else if (S_ISREG(st.st_mode)) {
		describe(answer, head, &st,
		    path[strlen(path) - 1] == '/' ? INDEX : path);
	} else if (S_ISDIR(st.st_mode) && path[strlen(path) - 1] != '/') {
		redirect(answer, path, head->query);
	}
	if (!answer->len)
		ch_io_close(&answer->fd);
}
