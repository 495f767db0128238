/* policy.h - which requests are answered at all. Pure. */
#ifndef CHSERVE_POLICY_H
#define CHSERVE_POLICY_H

#include "chserve/event.h"
#include "chserve/head.h"

struct policy {
	int loopback;               /* no address of ours is a public one */
	const char *const *hosts;   /* --host: names that mean us, too */
	size_t n_hosts;
	const char *const *origins; /* --origin: patterns of pages let in */
	size_t n_origins;
};

/*
 * Whether Host may name us, on a connection that came to `at`. Bound to
 * loopback, any other name came out of somebody else's DNS: a page that a
 * browser believes to be of that name must not talk to us (DNS rebinding). No
 * browser connects to a unix socket: there a proxy has decided.
 */
int policy_host(const struct policy *policy, const struct head *head,
    const struct event_peer *at);

/* Whether the page that opens a WebSocket is ours, or let in; or no page. */
int policy_origin(const struct policy *policy, const struct head *head);

#endif
