/* Sockets of the benchmarks, on the loopback. */
#include "bench/web/net.h"

#include "bench/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define TRIES 500 /* of a connect */
#define TRY_US 20000

void
net_fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

size_t
net_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return (size_t)limit.rlim_cur;
}

static struct sockaddr_in
address(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)port);
	return in;
}

int
net_listen(int *port)
{
	struct sockaddr_in in = address(0);
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) ||
	    listen(fd, 4096) || getsockname(fd, (struct sockaddr *)&in, &len))
		net_fail("listen");
	*port = ntohs(in.sin_port);
	return fd;
}

int
net_connect(int port)
{
	struct sockaddr_in in = address(port);
	int fd, i, one = 1;

	for (i = 0; i < TRIES; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (fd < 0)
			break;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
			return fd;
		close(fd);
		bench_pause(TRY_US);
	}
	net_fail("connect");
	return -1;
}

void
net_send(int fd, const void *bytes, size_t n)
{
	if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		net_fail("send");
}
