/* policy.h - which requests are answered at all. Pure. */
#ifndef CHSERVE_POLICY_H
#define CHSERVE_POLICY_H

#include "chserve/head.h"

struct policy {
	int loopback;               /* we listen on loopback addresses only */
	const char *const *hosts;   /* --host: names that mean us, too */
	size_t n_hosts;
	const char *const *origins; /* --origin: patterns of pages let in */
	size_t n_origins;
};

/*
 * Whether Host may name us. Bound to loopback, any other name came out of
 * somebody else's DNS: a page that a browser believes to be of that name must
 * not talk to us (DNS rebinding).
 */
int policy_host(const struct policy *policy, const struct head *head);

/* Whether the page that opens a WebSocket is ours, or let in; or no page. */
int policy_origin(const struct policy *policy, const struct head *head);

#endif
