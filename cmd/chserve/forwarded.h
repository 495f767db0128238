/* forwarded.h - the elements of a Forwarded field (RFC 7239). Pure. */
#ifndef CHSERVE_FORWARDED_H
#define CHSERVE_FORWARDED_H

#include "chserve/host.h"

#define FORWARDED_NODE 64

/* What one proxy says; "" for what it does not. Not checked any further. */
struct forwarded {
	char node[FORWARDED_NODE]; /* for: "1.2.3.4:80", "_name", "unknown" */
	char proto[8];
	char host[HOST_MAX + 1];
};

/*
 * Walks a field's value: 1 for each element, also an empty one, 0 at the end,
 * -1 where it stops making sense. What is too long for its place makes none.
 *
 *     for (const char *at = value; forwarded_next(&at, &element) > 0;) …
 */
int forwarded_next(const char **at, struct forwarded *element);

#endif
