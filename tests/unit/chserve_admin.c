/* The address for /metrics and /health: what it answers, byte by byte. */
#include "chserve/admin.h"
#include "chserve/loop.h"
#include "chserve/status.h"

#include "store.h"
#include "tap.h"

#include <sys/socket.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost:9\r\n\r\n"

static const struct policy policy = { .loopback = 1 };
static const struct event_peer from = { "127.0.0.1", 1, 0 };
static const struct event_peer to = { "127.0.0.1", 9, 0 };
static char answer[65536];

static int
visit(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds))
		bail("socketpair", NULL);
	admin_accepted(fds[0], &from, &to);
	loop_turn();
	return fds[1];
}

static void
say(int fd, const char *text)
{
	is_int(send(fd, text, strlen(text), MSG_NOSIGNAL),
	    (intmax_t)strlen(text), "asks");
	loop_turn();
}

/* What came, up to the end; -1: it has not ended. */
static int
hear(int fd)
{
	ssize_t n, all = 0;

	do {
		loop_turn();
		n = recv(fd, answer + all, sizeof(answer) - 1 - (size_t)all,
		    0);
		if (n > 0)
			all += n;
	} while (n > 0);
	answer[all] = '\0';
	return n == 0 ? 0 : -1;
}

static void
asks(const char *request, const char *status, const char *part)
{
	int fd = visit();

	say(fd, request);
	is_int(hear(fd), 0, "is answered");
	is_int(strncmp(answer, status, strlen(status)), 0, "with %.12s",
	    status);
	ok(strstr(answer, part), "and what belongs to it");
	close(fd);
	loop_turn();
}

static void
test_answers(void)
{
	asks(GET("/health"), "HTTP/1.1 200 OK\r\n", "\r\n\r\nok\n");
	asks(GET("/metrics"), "HTTP/1.1 200 OK\r\n",
	    "\nchserve_layer_up 1\n");
	asks(GET("/metrics?a=b"), "HTTP/1.1 200 OK\r\n",
	    "\r\nContent-Type: text/plain; version=0.0.4; "
	    "charset=utf-8\r\n");
	asks("HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n", "\r\nContent-Length: 3\r\n");
	is_str(strstr(answer, "\r\n\r\n"), "\r\n\r\n", "without a body");
	asks(GET("/"), "HTTP/1.1 404 Not Found\r\n", "\r\n\r\n404 Not");
	asks(GET("/metrics/"), "HTTP/1.1 404 Not Found\r\n", "404");
	asks("POST /metrics HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: 2\r\n\r\nhi",
	    "HTTP/1.1 405 Method Not Allowed\r\n", "\r\nAllow: GET, HEAD\r\n");
	asks("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
	    "HTTP/1.1 421 Misdirected Request\r\n", "421");
	asks("nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "400");
}

static void
test_slow(void)
{
	int fd = visit();

	say(fd, "GET /health HTTP/1.0\r\n");
	is_int(hear(fd), -1, "half a head is waited for");
	is_str(answer, "", "in silence");
	say(fd, "\r\n");
	is_int(hear(fd), 0, "the other half");
	ok(strstr(answer, "\r\n\r\nok\n"), "is answered");
	close(fd);
	loop_turn();
}

static void
test_crowd(void)
{
	int fds[16], extra, i;

	for (i = 0; i < 16; i++)
		fds[i] = visit();
	extra = visit();
	is_int(hear(extra), 0, "one too many is sent away");
	is_str(answer, "", "without a word");
	say(fds[0], GET("/health"));
	is_int(hear(fds[0]), 0, "the others are answered");
	for (i = 0; i < 16; i++)
		close(fds[i]);
	close(extra);
	loop_turn();
	extra = visit();
	say(extra, GET("/health"));
	is_int(hear(extra), 0, "and there is room again");
	close(extra);
	visit();
}

int
main(void)
{
	char own[CH_NAME_MAX + 1];
	struct ch_receiver *receiver;
	struct ch_layer *layer;

	store_new();
	layer = store_open();
	is_int(ch_own_random(layer, "x", own, NULL), CH_OK, "a server");
	receiver = listen_to(layer, own, 0);
	is_str(next_of(receiver, CH_NOW), "", "that listens");
	is_int(loop_open(NULL), CH_OK, "with a loop");
	status_open(layer, own);
	admin_open(&policy);
	test_answers();
	test_slow();
	test_crowd();
	admin_close();
	loop_close();
	ch_receiver_free(receiver);
	ch_close(layer);
	return done_testing();
}
