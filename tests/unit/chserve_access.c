/* The access log: its lines to the byte, and the file that takes them. */
#include "chserve/access.h"

#include "chserve/logfile.h"
#include "common/json.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOREVER (SIZE_MAX / 2)

static struct ch_buf line = CH_BUF_INIT;
static char dir[] = "/tmp/chserve_access.XXXXXX";
static char path[64], aside[64];

static const struct access_entry request = {
	.client = "192.0.2.7",
	.method = "GET",
	.target = "/a?b=c",
	.version = "HTTP/1.1",
	.host = "example.org",
	.referer = "http://example.org/",
	.agent = "test/1.0 (x; y)",
	.status = 200,
	.bytes = 13,
	.ms = 4,
	.time = 1795546800123, /* 2026-11-24 19:00:00.123 UTC */
};

static const char *
as(const struct access_entry *entry, enum access_format format)
{
	ch_buf_clear(&line);
	access_line(&line, entry, format, FOREVER);
	return line.data;
}

static void
test_combined(void)
{
	struct access_entry entry = request;

	is_str(as(&entry, ACCESS_COMBINED),
	    "192.0.2.7 - - [24/Nov/2026:19:00:00 +0000] "
	    "\"GET /a?b=c HTTP/1.1\" 200 13 "
	    "\"http://example.org/\" \"test/1.0 (x; y)\"\n",
	    "a request, combined");
	entry.user = "ann";
	entry.client = "2001:db8::1";
	entry.version = "HTTP/2.0";
	entry.status = 304;
	entry.bytes = 0;
	entry.referer = "";
	entry.agent = NULL;
	entry.time += 1000;
	is_str(as(&entry, ACCESS_COMBINED),
	    "2001:db8::1 - ann [24/Nov/2026:19:00:01 +0000] "
	    "\"GET /a?b=c HTTP/2.0\" 304 - \"-\" \"-\"\n",
	    "what is not there is a -");
	entry.event = "WSDISCONNECT";
	entry.status = 1001;
	entry.bytes = 5;
	is_str(as(&entry, ACCESS_COMBINED),
	    "2001:db8::1 - ann [24/Nov/2026:19:00:01 +0000] "
	    "\"WSDISCONNECT /a?b=c\" 1001 5 \"-\" \"-\"\n",
	    "the end of a WebSocket");
	entry = (struct access_entry){ .status = 400, .time = request.time };
	is_str(as(&entry, ACCESS_COMBINED),
	    "- - - [24/Nov/2026:19:00:00 +0000] \"-\" 400 - \"-\" \"-\"\n",
	    "what made no sense");
}

static void
test_json(void)
{
	struct access_entry entry = request;

	is_str(as(&entry, ACCESS_JSON),
	    "{\"time\":\"2026-11-24T19:00:00.123Z\",\"event\":\"HTTP\","
	    "\"client\":\"192.0.2.7\",\"method\":\"GET\","
	    "\"target\":\"/a?b=c\",\"version\":\"HTTP/1.1\","
	    "\"status\":200,\"bytes\":13,\"ms\":4,"
	    "\"host\":\"example.org\","
	    "\"referer\":\"http://example.org/\","
	    "\"agent\":\"test/1.0 (x; y)\"}\n",
	    "a request, JSON");
	entry = (struct access_entry){ .event = "WSCONNECT", .status = 101,
		.user = "ann", .ms = -1, .time = request.time };
	is_str(as(&entry, ACCESS_JSON),
	    "{\"time\":\"2026-11-24T19:00:00.123Z\","
	    "\"event\":\"WSCONNECT\",\"user\":\"ann\","
	    "\"status\":101,\"bytes\":0}\n",
	    "only what is known");
}

/* What a client would write into the log. */
static void
test_forging(void)
{
	static const char evil[] =
	    "x\" 200 1 \"-\" \"-\"\n10.0.0.1 \\ \r\t\x1b[2J\x7f\xc2\x9b\xff";
	struct access_entry entry = request;
	struct ch_buf back = CH_BUF_INIT;
	struct json agent;

	entry.agent = evil;
	entry.user = "a b";
	entry.target = "/ \"";
	is_str(as(&entry, ACCESS_COMBINED),
	    "192.0.2.7 - a\\x20b [24/Nov/2026:19:00:00 +0000] "
	    "\"GET /\\x20\\x22 HTTP/1.1\" 200 13 "
	    "\"http://example.org/\" \"x\\x22 200 1 \\x22-\\x22 \\x22-"
	    "\\x22\\x0A10.0.0.1 \\x5C \\x0D\\x09\\x1B[2J\\x7F\\xC2\\x9B"
	    "\\xFF\"\n",
	    "combined: nothing ends a word");
	as(&entry, ACCESS_JSON);
	is_int(ch_message_check(line.data, line.len - 1, NULL), CH_OK,
	    "JSON: an object");
	agent = json_get(json_value(line.data, line.len), "agent", 5);
	json_bare(&back, agent);
	is_int(strncmp(back.data, evil, sizeof(evil) - 2), 0,
	    "JSON: the word comes back");
	is_str(back.data + sizeof(evil) - 2, "\\xFF",
	    "but for what is no UTF-8");
	ch_buf_release(&back);
}

static void
test_limit(void)
{
	char words[2000], fine[2000];
	struct access_entry entry = request;
	int format;

	memset(words, '"', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	entry.client = entry.user = entry.method = entry.target =
	    entry.version = entry.host = entry.referer = entry.agent = words;
	for (format = ACCESS_COMBINED; format <= ACCESS_JSON; format++) {
		ch_buf_clear(&line);
		access_line(&line, &entry, (enum access_format)format, 400);
		ok(line.len < PIPE_BUF && line.len > 2000,
		    "a short line of long words: %zu", line.len);
		is_int(line.data[line.len - 1], '\n', "a whole one");
	}
	for (size_t i = 0; i < sizeof(fine); i++)
		fine[i] = "\xe2\x82\xac"[i % 3];
	fine[sizeof(fine) - 1 - (sizeof(fine) - 1) % 3] = '\0';
	entry.agent = fine;
	ch_buf_clear(&line);
	access_line(&line, &entry, ACCESS_JSON, 400);
	is_int(ch_message_check(line.data, line.len - 1, NULL), CH_OK,
	    "no character is cut");
	memset(fine, '\x97', sizeof(fine) - 1);
	fine[sizeof(fine) - 1] = '\0';
	ch_buf_clear(&line);
	access_line(&line, &entry, ACCESS_JSON, 400);
	ok(line.len < PIPE_BUF, "nor is what is no character longer: %zu",
	    line.len);
}

/* --- the file ------------------------------------------------------------- */

/* What is in a file; it is then empty. */
static char *
slurp(const char *name)
{
	static char text[200000];
	int fd = open(name, O_RDWR | O_NONBLOCK);
	ssize_t n, all = 0;

	while ((n = read(fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	text[all] = '\0';
	if (ftruncate(fd, 0))
		errno = 0; /* a fifo */
	close(fd);
	return text;
}

static size_t
count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static void
test_file(void)
{
	struct stat st;

	is_int(access_is_open(), 0, "no log");
	access_log(&request);
	is_int(access_open(path, ACCESS_COMBINED, NULL), CH_OK, "a file");
	is_int(access_is_open(), 1, "a log");
	is_int(stat(path, &st), 0, "it is there");
	is_int(st.st_mode & 07, 0, "and nobody else's");
	access_log(&request);
	access_log(&request);
	logfile_flush();
	is_int(count_lines(slurp(path)), 2, "two lines");
	access_log(&request);
	rename(path, aside);
	access_log(&request);
	is_int(access_reopen(NULL), CH_OK, "opened again");
	access_log(&request);
	logfile_flush();
	is_int(count_lines(slurp(aside)), 2, "the old file has the old ones");
	is_int(count_lines(slurp(path)), 1, "the new file has the new one");
	rename(path, aside);
	mkdir(path, 0700);
	is_int(access_reopen(NULL), CH_IO, "a directory is in its place");
	access_log(&request);
	access_close();
	is_int(count_lines(slurp(aside)), 1, "it goes on with the old file");
	is_int(access_open(path, ACCESS_JSON, NULL), CH_IO, "no file");
	is_int(access_is_open(), 0, "no log");
	rmdir(path);
	unlink(aside);
}

/* Lines of several processes, some long, never run into each other. */
static void
test_together(int fifo)
{
	static char agent[3000];
	struct access_entry entry = request;
	char *text, *at;
	int status, whole = 1, i;
	pid_t pid[2];

	memset(agent, 'a', sizeof(agent) - 1);
	entry.agent = agent;
	if (fifo)
		mkfifo(path, 0600);
	for (int p = 0; p < 2; p++) {
		fflush(stdout);
		pid[p] = fork();
		if (pid[p])
			continue;
		access_open(path, ACCESS_COMBINED, NULL);
		for (i = 0; i < 20; i++)
			access_log(i % 2 ? &entry : &request);
		logfile_flush();
		_exit(0);
	}
	if (fifo) /* the reader comes late, or never */
		access_open(path, ACCESS_COMBINED, NULL);
	for (int p = 0; p < 2; p++)
		waitpid(pid[p], &status, 0);
	text = slurp(path);
	for (at = text; *at; at = strchr(at, '\n') + 1)
		whole = whole && strncmp(at, "192.0.2.7 - - [", 15) == 0;
	ok(whole, "every line begins as it should%s", fifo ? ", fifo" : "");
	if (!fifo)
		is_int(count_lines(text), 40, "and all are there");
	access_close();
	unlink(path);
}

/* Standard output is a socket, as systemd's journal gives; nobody reads. */
static void
test_socket(void)
{
	static char text[4000000];
	ssize_t n, all = 0;
	int fds[2], status, i;
	pid_t pid;

	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		dup2(fds[1], 1);
		close(fds[0]);
		access_open("-", ACCESS_COMBINED, NULL);
		for (i = 0; i < 10000; i++)
			access_log(&request);
		logfile_flush();
		_exit(0);
	}
	close(fds[1]);
	waitpid(pid, &status, 0);
	is_int(status, 0, "it does not wait for us");
	while ((n = read(fds[0], text + all, 8192)) > 0)
		all += n;
	text[all] = '\0';
	ok(count_lines(text) > 100, "what the socket took is there: %zu",
	    count_lines(text));
	is_int(text[all - 1], '\n', "whole lines");
	close(fds[0]);
}

static void
test_full(void)
{
	char *text;
	int i;

	mkfifo(path, 0600);
	is_int(access_open(path, ACCESS_JSON, NULL), CH_OK,
	    "a fifo that nobody reads");
	for (i = 0; i < 20000; i++)
		access_log(&request);
	logfile_flush();
	text = slurp(path);
	ok(count_lines(text) > 100, "it took what it could: %zu",
	    count_lines(text));
	is_int(text[strlen(text) - 1], '\n', "whole lines");
	logfile_flush();
	text = slurp(path);
	ok(count_lines(text) > 100, "then it goes on: %zu",
	    count_lines(text));
	access_close();
	unlink(path);
}

/* As on a full disk: an error is said, lines wait, and get there later. */
static void
test_disk(void)
{
	is_int(symlink("/dev/full", path), 0, "a full disk");
	is_int(access_open(path, ACCESS_COMBINED, NULL), CH_OK, "is opened");
	access_log(&request);
	logfile_flush();
	unlink(path);
	is_int(access_reopen(NULL), CH_OK, "another disk");
	logfile_flush();
	is_int(count_lines(slurp(path)), 1, "has the line");
	access_close();
	unlink(path);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	setenv("TZ", "UTC", 1);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/log", dir);
	snprintf(aside, sizeof(aside), "%s/log.1", dir);
	test_combined();
	test_json();
	test_forging();
	test_limit();
	test_file();
	test_together(0);
	test_together(1);
	test_socket();
	test_full();
	test_disk();
	ch_buf_release(&line);
	rmdir(dir);
	return done_testing();
}
