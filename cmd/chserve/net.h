/* net.h - listening on internet addresses. */
#ifndef CHSERVE_NET_H
#define CHSERVE_NET_H

#include <sys/socket.h>

/* Who else may listen on the same address. */
enum net_share {
	NET_ALONE, /* nobody */
	NET_FIRST, /* nobody yet, then the NET_MORE of this program */
	NET_MORE   /* one more beside the first */
};

/*
 * A listening socket, or -1 with errno. The kernel spreads connections evenly
 * over the sockets of one address. A NET_FIRST is refused (EADDRINUSE) where
 * anybody else listens, even if they would share.
 */
int net_open(const struct sockaddr_storage *address, socklen_t len,
    enum net_share share);

/* Let NET_MORE join this socket, whoever opened it; 0, or -1 with errno. */
int net_shared(int fd);

#endif
