/* Connections: who is dropped for one more, where there are too many. */
#include "chserve/conn.h"

#include "chserve/serve.h"

#include "base/io.h"

#include "../tap.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST "HEAD /console HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define MANY 200   /* requests: more than are answered in one turn */
#define PATIENT 150 /* ms: longer than anybody may owe a head */

static struct event_peer from = { .local = 1 };
static struct conn_settings settings;
static struct serve_settings serving = { .root_path = "",
	.pages = { .console = 1 } };

/* A client of ours is connected; its end. */
static int
come(void)
{
	int fds[2];

	if (socketpair(AF_UNIX,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds))
		return -1;
	conn_accepted(fds[1], &from, &from);
	return fds[0];
}

static void
say(int fd, const char *text)
{
	if (ch_io_write(fd, text, strlen(text)) < 0)
		ok(0, "something is said");
}

/* Whether the server has closed it; what it says is read. */
static int
is_closed(int fd)
{
	char bytes[4096];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		;
	return n == 0 || errno != EAGAIN;
}

static void
wait_ms(int ms)
{
	poll(NULL, 0, ms);
}

static void
begin(uint64_t most)
{
	settings = (struct conn_settings){ .max_connections = most,
		.max_per_address = 100, .shed_bytes = 30000 };
	conn_open(&settings);
	loop_open(NULL);
}

static void
end(int *fds, size_t n)
{
	while (n--)
		ch_io_close(&fds[n]);
	conn_close();
	loop_close();
}

static void
silent_ones_go(void)
{
	int fds[3];

	begin(2);
	fds[0] = come();
	fds[1] = come();
	say(fds[0], REQUEST);
	wait_ms(PATIENT);
	fds[2] = come();
	ok(is_closed(fds[1]), "who says nothing is dropped for one more");
	ok(!is_closed(fds[0]), "who has spoken is not, though it came first");
	loop_turn();
	ok(!is_closed(fds[0]), "and is answered");
	end(fds, 3);
}

static void
unread_ones_stay(void)
{
	int fds[3];

	begin(2);
	fds[0] = come();
	fds[1] = come();
	say(fds[0], REQUEST);
	say(fds[1], REQUEST);
	wait_ms(PATIENT);
	fds[2] = come();
	say(fds[2], REQUEST);
	ok(!is_closed(fds[0]) && !is_closed(fds[1]),
	    "nobody owes a head that we have not read");
	is_int(conn_count(), 3, "one more is there to be refused");
	loop_turn();
	wait_ms(1);
	ok(!is_closed(fds[0]) && !is_closed(fds[1]), "they are answered");
	ok(is_closed(fds[2]), "the one more has its answer, and no other");
	end(fds, 3);
}

static void
patient_ones_stay(void)
{
	int fds[2];

	begin(1);
	fds[0] = come();
	fds[1] = come();
	ok(!is_closed(fds[0]), "a head may take a moment");
	end(fds, 2);
}

static void
idle_ones_go(void)
{
	int fds[3];

	begin(2);
	fds[0] = come();
	fds[1] = come();
	say(fds[0], REQUEST);
	loop_turn();
	fds[2] = come();
	ok(is_closed(fds[0]), "who is between two requests goes at once");
	end(fds, 3);
}

/* Of many requests some wait, read, for a turn. */
static void
waiting_ones_stay(void)
{
	int fds[2], i;

	begin(1);
	fds[0] = come();
	for (i = 0; i < MANY; i++)
		say(fds[0], REQUEST);
	loop_turn();
	fds[1] = come();
	ok(!is_closed(fds[0]), "who waits for a turn of ours is not idle");
	is_int(conn_count(), 2, "one more is there to be refused");
	end(fds, 2);
}

static void
heavy_ones_go(void)
{
	int fds[4];

	begin(10);
	fds[0] = come();
	fds[1] = come();
	say(fds[0], PREFACE);
	wait_ms(PATIENT);
	loop_turn();
	fds[2] = come();
	ok(!is_closed(fds[0]), "one session may be idle");
	say(fds[1], PREFACE);
	loop_turn();
	wait_ms(PATIENT);
	fds[3] = come();
	ok(is_closed(fds[0]), "of two the first is dropped for one more");
	ok(!is_closed(fds[1]), "the other one is not");
	end(fds, 4);
}

int
main(void)
{
	serve_open(&serving);
	silent_ones_go();
	unread_ones_stay();
	patient_ones_stay();
	idle_ones_go();
	waiting_ones_stay();
	heavy_ones_go();
	return done_testing();
}
