/*
 * The barest server that can do each of the jobs: the limit that chserve is
 * held against. What comes is a whole request, or whole frames of fewer than
 * 126 bytes, and what it writes fits into the socket: it ends otherwise.
 */
#include "bench/web/web.h"

#include "bench/bench.h"
#include "bench/web/link.h"
#include "bench/web/net.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define READ_SIZE 65536
#define EVENTS 512

enum job {
	ASKING, /* HTTP */
	ECHO,   /* gets back what it sends */
	MEMBER, /* gets what a sender sends */
	SENDER
};

struct peer {
	int fd;
	enum job job;
	struct peer *prev, *next; /* of the members */
};

static const char constant[] = "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";
static const char welcome[] = "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: " LINK_ACCEPT "\r\n\r\n";

static int epoll_fd;
static struct peer *members;

static void
join(struct peer *peer)
{
	peer->job = MEMBER;
	peer->next = members;
	if (members)
		members->prev = peer;
	members = peer;
}

static void
drop(struct peer *peer)
{
	if (peer->prev)
		peer->prev->next = peer->next;
	if (peer->next)
		peer->next->prev = peer->prev;
	if (members == peer)
		members = peer->next;
	close(peer->fd);
	free(peer);
}

static void
accept_all(int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct peer *peer;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			net_fail("accept");
		peer->fd = fd;
		event.data.ptr = peer;
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
			net_fail("watch");
	}
}

static void
answer(struct peer *peer, const char *request)
{
	if (strncmp(request, "GET /member ", 12) == 0)
		join(peer);
	else if (strncmp(request, "GET /sender ", 12) == 0)
		peer->job = SENDER;
	else if (strncmp(request, "GET / ", 6) != 0)
		peer->job = ECHO;
	if (peer->job == ASKING)
		net_send(peer->fd, constant, sizeof(constant) - 1);
	else
		net_send(peer->fd, welcome, sizeof(welcome) - 1);
}

/* The frames as a server sends them, in place; the length, 0 at a close. */
static size_t
unmask(unsigned char *bytes, size_t n)
{
	unsigned char *out = bytes, *in = bytes, *key;
	size_t len, i;

	while (in < bytes + n) {
		if ((in[0] & 15) == 8)
			return 0;
		len = in[1] & 127;
		if (len > 125 || in + 6 + len > bytes + n) {
			fprintf(stderr, "bench: bare: part of a frame\n");
			exit(1);
		}
		key = (unsigned char[4]){ in[2], in[3], in[4], in[5] };
		*out++ = in[0];
		*out++ = (unsigned char)len;
		for (i = 0; i < len; i++)
			*out++ = in[6 + i] ^ key[i % 4];
		in += 6 + len;
	}
	return (size_t)(out - bytes);
}

static void
serve(struct peer *peer)
{
	static unsigned char bytes[READ_SIZE];
	ssize_t n = recv(peer->fd, bytes, sizeof(bytes) - 1, 0);
	struct peer *member;
	size_t len;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(peer);
		return;
	}
	bytes[n] = '\0';
	if (peer->job == ASKING) {
		answer(peer, (char *)bytes);
		return;
	}
	len = unmask(bytes, (size_t)n);
	if (!len)
		drop(peer);
	else if (peer->job == ECHO)
		net_send(peer->fd, bytes, len);
	for (member = members; len && peer->job == SENDER && member;
	     member = member->next)
		net_send(member->fd, bytes, len);
}

int
web_bare(char *argv[])
{
	struct epoll_event events[EVENTS], event = { .events = EPOLLIN };
	int port, listener = net_listen(&port), n, i;

	(void)argv;
	net_descriptors();
	epoll_fd = epoll_create1(0);
	event.data.ptr = NULL;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
	printf("%d\n", port);
	fflush(stdout);
	for (;;) {
		n = epoll_wait(epoll_fd, events, EVENTS, -1);
		for (i = 0; i < n; i++)
			if (events[i].data.ptr)
				serve(events[i].data.ptr);
			else
				accept_all(listener);
	}
}
