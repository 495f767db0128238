/* address.h - where to listen, as people write it and as it is shown. Pure. */
#ifndef CHSERVE_ADDRESS_H
#define CHSERVE_ADDRESS_H

#include "chserve/event.h"

#include "channel.h"

#include <sys/socket.h>

enum address_kind { ADDRESS_NET, ADDRESS_UNIX, ADDRESS_FD };

struct address {
	enum address_kind kind;
	char host[256]; /* NET: a name or an address, without brackets */
	char port[6];   /* NET: digits, at most 65535 */
	char path[108]; /* UNIX, with its NUL */
	int fd;         /* FD */
};

/*
 * Read "ADDR:PORT" ([ADDR] for IPv6), "unix:PATH" or "fd:N". CH_USAGE, with a
 * sentence that names the text, if it is neither.
 */
int address_read(struct address *address, const char *text,
    struct ch_err *err);

/*
 * What the system says of one end of a socket. An IPv4 address that came
 * through an IPv6 socket is shown as what it is; an abstract unix socket has
 * an @ where the system has a NUL.
 */
void address_peer(struct event_peer *peer, const struct sockaddr_storage *from,
    socklen_t len);

/* Whether only this machine can reach it. Of internet addresses alone. */
int address_is_loopback(const struct sockaddr_storage *address);

/* Append "127.0.0.1:8000", "[::1]:8000" or "unix:/path". */
void address_put(struct ch_buf *out, const struct event_peer *peer);

#endif
