/* Many hostile clients at once. */
#include "hostile/peers.h"

#include "bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_US 100000
#define UNDER_WAY 256 /* connects that may be */
#define A_TICK 2000   /* and at most so many begin in a tenth of a second */

struct peers_counts peers_counts;

static struct peer peers[PEERS_MAX];
static const struct mode *mode;
static struct sockaddr_storage server;
static socklen_t server_len;
static int epoll_fd;
static size_t n_up, n_under_way, n_began;

static int
read_address(const char *host, unsigned port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&server;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&server;

	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1 &&
	    strncmp(host, "127.", 4) == 0) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		server_len = sizeof(*v4);
		return 0;
	}
	if (strcmp(host, "::1"))
		return -1;
	v6->sin6_family = AF_INET6;
	v6->sin6_addr = in6addr_loopback;
	v6->sin6_port = htons((uint16_t)port);
	server_len = sizeof(*v6);
	return 0;
}

/* Loopback has 2^24 addresses: a hundred of them are clients. */
static void
choose_source(const struct peer *peer)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	unsigned low = mode->one ? 2 : 2 + peer->n % 100;
	int on = 1;

	if (server.ss_family != AF_INET)
		return;
	from.sin_addr.s_addr = htonl(0x7f000000 | low);
	setsockopt(peer->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	if (bind(peer->fd, (struct sockaddr *)&from, sizeof(from)))
		peers_counts.failed++;
}

static void
leave(struct peer *peer)
{
	if (peer->fd < 0)
		return;
	close(peer->fd);
	n_up -= (size_t)peer->up;
	n_under_way -= !peer->up;
	peer->fd = -1;
	peer->up = 0;
}

static void
come(struct peer *peer)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT |
	    EPOLLRDHUP | EPOLLET };
	unsigned n = peer->n;

	memset(peer, 0, sizeof(*peer));
	peer->n = n;
	peer->fd = socket(server.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (peer->fd < 0) {
		peers_counts.failed++;
		return;
	}
	if (mode->buffer)
		setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &mode->buffer,
		    sizeof(mode->buffer));
	choose_source(peer);
	event.data.ptr = peer;
	n_under_way++;
	if ((connect(peer->fd, (struct sockaddr *)&server, server_len) &&
		errno != EINPROGRESS) ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, peer->fd, &event)) {
		peers_counts.failed++;
		leave(peer);
	}
}

size_t
peers_send(struct peer *peer, const void *bytes, size_t n)
{
	ssize_t sent = peer->fd < 0 ? -1
	    : send(peer->fd, bytes, n, MSG_NOSIGNAL);

	if (sent <= 0)
		return 0;
	peers_counts.sent += (uint64_t)sent;
	return (size_t)sent;
}

/* Look at the first answer; then read on, or do not. -1 at the end. */
static int
look(struct peer *peer)
{
	static char bytes[65536];
	ssize_t n = recv(peer->fd, bytes, peer->spoke ? sizeof(bytes) : 13,
	    peer->spoke && !mode->reads ? MSG_PEEK : 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	if (!peer->spoke && n > 11 && (memcmp(bytes + 9, "503", 3) == 0 ||
	    memcmp(bytes + 9, "429", 3) == 0))
		peers_counts.refused++;
	peer->spoke = 1;
	while (mode->reads && n > 0)
		n = recv(peer->fd, bytes, sizeof(bytes), 0);
	return n == 0 ? -1 : 0;
}

static void
ready(struct peer *peer, uint32_t events)
{
	if (peer->fd < 0)
		return;
	if (!peer->up && events & EPOLLOUT && !(events & EPOLLERR)) {
		peer->up = 1;
		n_up++;
		n_under_way--;
		peers_counts.opened++;
		if (n_up > peers_counts.most)
			peers_counts.most = n_up;
		if (mode->begin)
			mode->begin(peer);
	}
	if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) ||
	    (events & EPOLLIN && look(peer))) {
		peers_counts.closed += (size_t)peer->up;
		peers_counts.failed += !peer->up;
		leave(peer);
	}
}

static void
begin_some(size_t n)
{
	static size_t next;
	size_t i;

	for (i = 0; i < n && n_under_way < UNDER_WAY && n_began < A_TICK;
	     i++, next = (next + 1) % n) {
		if (peers[next].fd >= 0)
			continue;
		peers[next].n = (unsigned)next + 1;
		n_began++;
		come(&peers[next]);
	}
}

static void
tick(size_t n)
{
	size_t i;

	n_began = 0;
	for (i = 0; i < n; i++)
		if (peers[i].up && mode->tick)
			mode->tick(&peers[i]);
}

void
peers_run(const struct mode *of, const char *host, unsigned port, size_t n,
    double seconds, void (*each_tick)(void))
{
	struct epoll_event events[256];
	double now = bench_us(), end = now + seconds * 1e6, next = now;
	int i, got;

	mode = of;
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (n > PEERS_MAX || read_address(host, port) || epoll_fd < 0) {
		fprintf(stderr, "hostile: loopback only, %d at most\n",
		    PEERS_MAX);
		exit(64);
	}
	for (i = 0; i < (int)n; i++)
		peers[i].fd = -1;
	for (; now < end; now = bench_us()) {
		begin_some(n);
		got = epoll_wait(epoll_fd, events, 256, 10);
		for (i = 0; i < got; i++)
			ready(events[i].data.ptr, events[i].events);
		if (now < next)
			continue;
		next = now + TICK_US;
		tick(n);
		each_tick();
	}
	for (i = 0; i < (int)n; i++)
		leave(&peers[i]);
	close(epoll_fd);
}
