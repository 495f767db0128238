/* policy.h - which requests are answered at all. Pure. */
#ifndef CHSERVE_POLICY_H
#define CHSERVE_POLICY_H

#include "chserve/event.h"

#include <stddef.h>

struct policy {
	int loopback;               /* no address of ours is a public one */
	const char *const *hosts;   /* --host: names, *.example.org */
	size_t n_hosts;
	const char *const *origins; /* --origin: patterns of pages let in */
	size_t n_origins;
};

/* Whether --host can be that: a name or address without a port, or a glob. */
int policy_is_host(const char *pattern);

/* Whether --origin can be that: a glob over "scheme://host:port", or null. */
int policy_is_origin(const char *pattern);

/*
 * Whether a Host may name us, on a connection that came to `at`.
 *
 * Bound to loopback, any name but the loopback ones and --host came out of
 * somebody else's DNS: a page that a browser believes to be of that name must
 * not talk to us (DNS rebinding). Bound to other addresses, --host lists all
 * that is answered; without it every name is. Loopback names count as well
 * where the connection came to a loopback address.
 *
 * "", no Host at all, is no browser: it is let in on loopback, but is not on a
 * list of names. To a unix socket nothing but a proxy connects, which has
 * decided.
 */
int policy_allows_host(const struct policy *policy, const char *host,
    const struct event_peer *at);

/*
 * Whether the page that opens a WebSocket is ours, or let in. Ours is one of
 * the host and port that were asked for, and https where that was. NULL, no
 * page of a browser, is let in; "null", a page of nowhere, where --origin says
 * null in so many words.
 */
int policy_allows_origin(const struct policy *policy, const char *origin,
    const char *host, int https);

#endif
