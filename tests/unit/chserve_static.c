/* Files under a root: which are found, and how they are answered. */
#include "chserve/static.h"

#include "base/io.h"

#include "store.h"

#define THEN 1000000000L

static struct head head;
static struct static_answer answer;

static void
parse(const char *method, const char *target, const char *fields)
{
	char text[2048];
	int n = snprintf(text, sizeof(text),
	    "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target, fields);

	head_release(&head);
	if (head_parse(&head, text, (size_t)n))
		ok(0, "%s is a request", target);
}

/* Look for a path by the head that was parsed last. */
static int
find_path(const char *path)
{
	ch_buf_release(&answer.fields);
	ch_io_close(&answer.fd);
	static_find(&answer, &head, path);
	return answer.status;
}

/* Ask for it; the status is checked. */
static void
asks(int want, const char *method, const char *target, const char *fields)
{
	parse(method, target, fields);
	is_int(find_path(head.path), want, "%s %.60s %s", method, target,
	    fields);
}

static void
finds(int want, const char *target, const char *fields)
{
	asks(want, "GET", target, fields);
}

/* Whether the answer has that field, or one that begins so. */
static int
has(const char *field)
{
	return answer.fields.data && strstr(answer.fields.data, field);
}

/* What is sent of the file. */
static const char *
body(void)
{
	static char text[64];
	ssize_t n = 0;

	if (answer.fd >= 0 && answer.len < (off_t)sizeof(text))
		n = pread(answer.fd, text, (size_t)answer.len, answer.at);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* A file with that text, changed so many seconds after THEN. */
static void
make(const char *name, const char *text, long age)
{
	const struct timespec at = { THEN + age, 1 }, times[] = { at, at };
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || ch_io_write(fd, text, strlen(text)) ||
	    futimens(fd, times) || close(fd))
		ok(0, "%s is made", name);
}

static void
test_files(void)
{
	finds(200, "/", "");
	is_str(body(), "index", "the index");
	ok(has("Content-Type: text/html; charset=utf-8\r\n"), "is HTML");
	ok(has("ETag: \"5-3b9aca00.1\"\r\n"), "has a strong tag");
	ok(has("Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n"), "a date");
	ok(has("Accept-Ranges: bytes\r\n"), "may be had in pieces");
	ok(!has("Vary"), "and does not vary");
	finds(200, "/index.html?x", "");
	finds(200, "/sub/a%20b.txt", "");
	asks(200, "HEAD", "/", "Range: bytes=1-2\r\n");
	is_int(answer.len, 5, "the length of a HEAD is the whole file's");
	asks(405, "POST", "/", "");
	ok(has("Allow: GET, HEAD\r\n"), "says what is allowed");
	asks(405, "OPTIONS", "/index.html", "");
	finds(200, "/empty", "");
	is_int(answer.len, 0, "an empty file is empty");
	is_int(answer.fd, -1, "and not left open");
	make("future", "x", 2000000000);
	finds(200, "/future", "");
	ok(has("Last-Modified: ") && !has("2065"), "a time to come is now");
}

static void
test_absent(void)
{
	static const char *const absent[] = { "/none", "/index.html/",
		"/index.html/x", "/none/", "/sub/", "/nothing", "//index.html",
		"/sub//a%20b.txt", "/.hidden", "/%2ehidden", "/sub/.hidden",
		"/.git/config", "/.", "/..", "/./index.html", "/../outside",
		"/%2e%2e/outside", "/..%2foutside", "/sub/../index.html",
		"/..%5coutside", "/out", "/up/outside", "/absolute", "/loop",
		"/dangling", "/proc/self/root/etc/passwd", "/fifo", "/null",
		"/sub/.well-known/x", "/.well-knownx/x",
		"/.well-known/.hidden" };
	char path[9000];
	size_t i;

	for (i = 0; i < sizeof(absent) / sizeof(*absent); i++) {
		finds(404, absent[i], "");
		is_int(answer.fd, -1, "nothing is open");
	}
	asks(404, "POST", "/none", "");
	asks(404, "POST", "/sub", "");
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[300] = '\0';
	finds(404, path, "");
	for (i = 0; i < 2000; i++)
		memcpy(path + 4 * i, "/abc", 4);
	path[8000] = '\0';
	head_release(&head);
	parse("GET", "/", "");
	head.path = path;
	is_int(find_path(head.path), 404, "a path longer than paths are");
	finds(200, "/inside", "");
	finds(200, "/.well-known/acme", "");
}

static void
test_directories(void)
{
	finds(301, "/d%20%c3%a4", "");
	ok(has("Location: d%20%C3%A4/\r\n"), "relative to the one asked for");
	finds(301, "/d%20%c3%a4/e:f?q=1", "");
	ok(has("Location: e%3Af/?q=1\r\n"), "with the query, no scheme");
	finds(404, "/sub", ""); /* it has no index */
	finds(200, "/d%20%c3%a4/", "");
	parse("GET", "/app/x", "");
	is_int(find_path(head.path + 4), 404, "below a mount point");
	parse("GET", "/app?q", "");
	is_int(find_path(""), 301, "the mount point itself");
	is_str(answer.fields.data, "Location: app/?q\r\n", "has its index");
}

static void
test_denied(void)
{
	make("secret", "x", 0);
	if (chmod("secret", 0) || (!getuid() && seteuid(65534)))
		bail("a file that cannot be read", NULL);
	finds(403, "/secret", "");
	if (seteuid(getuid()))
		bail("seteuid", NULL);
}

#define GZIP "Accept-Encoding: gzip\r\n"

static void
test_siblings(void)
{
	finds(200, "/app.js", "");
	is_str(body(), "plain", "the file itself, where nothing is asked");
	ok(has("Vary: Accept-Encoding\r\n"), "that varies");
	ok(!has("Content-Encoding"), "and is not compressed");
	finds(200, "/app.js", GZIP);
	is_str(body(), "gzipped", "the sibling");
	ok(has("Content-Encoding: gzip\r\n"), "is said to be one");
	ok(has("Vary: Accept-Encoding\r\n"), "varies");
	ok(has("Content-Type: text/javascript; charset=utf-8\r\n"),
	    "and has the type of the file");
	ok(has("ETag: \"7-3b9aca00.1-gzip\"\r\n"), "but a tag of its own");
	finds(304, "/app.js", GZIP "If-None-Match: \"7-3b9aca00.1-gzip\"\r\n");
	ok(has("Vary: Accept-Encoding\r\n"), "304 varies as well");
	finds(200, "/app.js", GZIP "If-None-Match: \"5-3b9aca00.1\"\r\n");
	finds(206, "/app.js", GZIP "Range: bytes=2-3\r\n");
	is_str(body(), "ip", "a piece of what is compressed");
	ok(has("Content-Range: bytes 2-3/7\r\n") &&
	    has("Content-Encoding: gzip\r\n"), "is said to be one");
	finds(200, "/app.js", "Accept-Encoding: gzip;q=0\r\n");
	is_str(body(), "plain", "not taken");
	finds(200, "/app.js", "Accept-Encoding: gzip;q=0.5, identity\r\n");
	is_str(body(), "plain", "not preferred");
	finds(200, "/app.js.gz", GZIP);
	ok(has("Content-Type: application/gzip\r\n") &&
	    !has("Content-Encoding"), "the sibling by its own name");
	finds(200, "/both.css", "Accept-Encoding: gzip, br\r\n");
	is_str(body(), "brotli", "the smaller one");
	finds(200, "/both.css", "Accept-Encoding: gzip, br;q=0.9\r\n");
	is_str(body(), "gzip", "the preferred one");
	finds(200, "/both.css", "Accept-Encoding: *\r\n");
	is_str(body(), "brotli", "any");
	finds(200, "/old.js", GZIP);
	is_str(body(), "new", "one that is older is none");
	ok(!has("Vary") && !has("Content-Encoding"), "in no way");
	finds(200, "/seconds.js", GZIP);
	is_str(body(), "gz", "out of an archive without nanoseconds");
	finds(200, "/picture.png", GZIP);
	is_str(body(), "png", "a picture has none");
	finds(200, "/out.js", GZIP);
	is_str(body(), "js", "nor one that leads out");
	finds(404, "/only.js", GZIP);
}

static void
make_siblings(void)
{
	const struct timespec whole[] = { { THEN, 0 }, { THEN, 0 } };

	make("app.js", "plain", 0);
	make("app.js.gz", "gzipped", 0);
	make("both.css", "css", 0);
	make("both.css.gz", "gzip", 0);
	make("both.css.br", "brotli", 0);
	make("old.js", "new", 0);
	make("old.js.gz", "old", -1);
	make("seconds.js", "js", 0);
	make("seconds.js.gz", "gz", 0);
	utimensat(AT_FDCWD, "seconds.js.gz", whole, 0);
	make("picture.png", "png", 0);
	make("picture.png.gz", "gz", 0);
	make("out.js", "js", 0);
	make("only.js.gz", "gz", 0);
}

static int
make_root(void)
{
	if (chdir(store_new()) || mkdir("root", 0755))
		return -1;
	make("outside", "secret", 0);
	if (chdir("root") || mkdir("sub", 0755) || mkdir(".git", 0755) ||
	    mkdir("d \xc3\xa4", 0755) || mkdir("d \xc3\xa4/e:f", 0755) ||
	    mkdir(".well-known", 0755) || mkdir("sub/.well-known", 0755) ||
	    symlink("../outside", "out") ||
	    symlink("../outside", "out.js.gz") ||
	    symlink("..", "up") || symlink("/etc/passwd", "absolute") ||
	    symlink("loop", "loop") || symlink("none", "dangling") ||
	    symlink("index.html", "inside") || symlink("/proc", "proc") ||
	    symlink("/dev/null", "null") || mkfifo("fifo", 0644))
		return -1;
	make("index.html", "index", 0);
	make("empty", "", 0);
	make("sub/a b.txt", "text", 0);
	make("d \xc3\xa4/index.html", "d", 0);
	make("d \xc3\xa4/e:f/index.html", "f", 0);
	make(".hidden", "x", 0);
	make("sub/.hidden", "x", 0);
	make(".git/config", "x", 0);
	make(".well-known/acme", "token", 0);
	make(".well-known/.hidden", "x", 0);
	make("sub/.well-known/x", "x", 0);
	make_siblings();
	return 0;
}

int
main(void)
{
	answer.fd = -1;
	finds(404, "/index.html", ""); /* without a root */
	if (make_root() || static_open(".", NULL) != CH_OK)
		bail("root", NULL);
	test_files();
	test_absent();
	test_directories();
	test_denied();
	test_siblings();
	static_close();
	ch_buf_release(&answer.fields);
	ch_io_close(&answer.fd);
	head_release(&head);
	return done_testing();
}
