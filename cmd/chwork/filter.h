/* filter.h - what the value of a message's key has to be. */
#ifndef CHWORK_FILTER_H
#define CHWORK_FILTER_H

#include "chwork/line.h"

/* Read the filters that are next in the line into its route. */
void filters_read(struct line *line);

/* Whether one of them is on this key. */
int filters_look_at(const struct route *route, const char *key);

/* Whether a capture of the route's filters has this name. */
int filters_capture(const struct route *route, const char *name);

void filter_release(struct filter *filter);

#endif
