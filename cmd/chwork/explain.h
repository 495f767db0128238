/* explain.h - what would become of a message, without doing it. */
#ifndef CHWORK_EXPLAIN_H
#define CHWORK_EXPLAIN_H

#include "chwork/environ.h"
#include "chwork/routes.h"

/*
 * Append what the routes make of a message on that channel, a fact a line: the
 * place of the route and what it says, its captures, what it names, and the
 * environment of its command. 1: a route takes it; 0: none does, and why is
 * appended.
 */
int explain_put(struct ch_buf *out, const struct routes *routes,
    const char *channel, struct json message, struct environment *environment);

#endif
