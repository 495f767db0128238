/* listen.h - the sockets we accept connections on. */
#ifndef CHSERVE_LISTEN_H
#define CHSERVE_LISTEN_H

#include "chserve/event.h"

#include "channel.h"

#define LISTEN_DEFAULT "127.0.0.1:8000"

/*
 * Listen on "ADDR:PORT" (a host name or address, [::1] for IPv6; port 0 takes
 * a free one). CH_USAGE: no such form. CH_UNAVAILABLE: the port is taken, or
 * the address is not ours. accepted(fd, from, to) is called for each
 * connection once listen_start was.
 */
int listen_on(const char *where, struct ch_err *err);
void listen_start(void (*accepted)(int fd, const struct event_peer *from,
    const struct event_peer *to));
void listen_close(void);

/* Whether all the addresses are loopback ones. */
int listen_is_loopback(void);

/* Print "listening on http://ADDR:PORT/" for each to standard output. */
int listen_announce(struct ch_err *err);

#endif
