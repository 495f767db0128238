/*
 * filter.h - what the value of a message's key has to be.
 *
 * Filters of an include hold for all routes inside; that on the path is a
 * prefix there, and the filters inside see what is behind it.
 */
#ifndef CHWORK_FILTER_H
#define CHWORK_FILTER_H

#include "chwork/routes.h"

struct line;

/* Read the filters that are next in the line, of a route or an include. */
void filters_read(struct line *line, struct filters *filters, int include);

/* Whether one of them, or of those outside, is on this key. */
int filters_look_at(const struct filters *filters, const char *key);

/* Whether a capture of the filters, or of those outside, has this name. */
int filters_capture(const struct filters *filters, const char *name);

/*
 * Whether all hold, and those outside. The captures, and what they point into,
 * are in match; match->gave_up says that it took too long to find out.
 */
int filters_hold(const struct filters *filters, struct json message,
    struct match *match);

/* Those outside are left alone. */
void filters_release(struct filters *filters);

#endif
