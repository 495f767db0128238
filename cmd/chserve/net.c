/* Listening on internet addresses. */
#include "chserve/net.h"

#include "base/io.h"

#include <netinet/in.h>

static int
turn_on(int fd, int level, int option)
{
	int on = 1;

	return setsockopt(fd, level, option, &on, sizeof(on));
}

int
net_shared(int fd)
{
	return turn_on(fd, SOL_SOCKET, SO_REUSEPORT);
}

/*
 * SO_REUSEPORT is set after bind(2) on the first socket: set before, it would
 * share the address with another server of this user instead of being refused.
 */
static int
bind_and_listen(int fd, const struct sockaddr_storage *address,
    socklen_t len, enum net_share share)
{
	turn_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (address->ss_family == AF_INET6)
		turn_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (share == NET_MORE && net_shared(fd))
		return -1;
	if (bind(fd, (const struct sockaddr *)address, len))
		return -1;
	if (share == NET_FIRST && net_shared(fd))
		return -1;
	return listen(fd, SOMAXCONN);
}

int
net_open(const struct sockaddr_storage *address, socklen_t len,
    enum net_share share)
{
	int fd = socket(address->ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind_and_listen(fd, address, len, share))
		ch_io_close(&fd);
	return fd;
}
