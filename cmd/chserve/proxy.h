/*
 * proxy.h - what the proxies before us say of a request. Pure.
 *
 * Each proxy adds, at the right end of a list, the address that it was asked
 * from. So the list is believed from its right end on, as far as those who
 * wrote it are trusted: the client is the right-most address that is not.
 */
#ifndef CHSERVE_PROXY_H
#define CHSERVE_PROXY_H

#include "chserve/event.h"
#include "chserve/host.h"

#include "channel.h"

struct ip_net;

/* Who is trusted. Start with PROXY_TRUST_INIT, end with the release. */
struct proxy_trust {
	struct ip_net *nets;
	size_t n;
	int local; /* whoever comes through a unix socket */
};
#define PROXY_TRUST_INIT { NULL, 0, 0 }

/*
 * Trust an address, a network ("10.0.0.0/8", "2001:db8::/32"), or the peers on
 * unix sockets ("unix"). CH_USAGE, with what is wrong, if it is none of these.
 */
int proxy_trust_add(struct proxy_trust *trust, const char *what,
    struct ch_err *err);
void proxy_trust_release(struct proxy_trust *trust);

int proxy_trusts(const struct proxy_trust *trust,
    const struct event_peer *peer);

struct proxy_seen {
	struct event_peer client; /* to begin with: the peer of the socket */
	char scheme[8];           /* "http", "https"; "": not told */
	char host[HOST_MAX + 8];  /* as a Host; "": not told */
};

/*
 * Read Forwarded, or where there is none X-Forwarded-For, -Proto, -Host and
 * -Port, if seen->client is trusted. What makes no sense ends the walk at the
 * last address that did. Where both kinds are there and contradict each other,
 * one of them came from the client, and neither is believed.
 */
void proxy_read(const struct proxy_trust *trust, const struct head *head,
    struct proxy_seen *seen);

#endif
