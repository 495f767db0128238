/*
 * recur.h - routes that take no message: they come with the clock.
 *
 * Such a route has a channel of its own, "schedule." and a number that follows
 * from the line and the directory of its file. Whoever fires it (ticker.h)
 * sends a message there, and then all is as with any other route.
 */
#ifndef CHWORK_RECUR_H
#define CHWORK_RECUR_H

#include "chwork/line.h"
#include "chwork/schedule.h"

struct recur {
	char *text; /* "every 5m", as it is written */
	struct schedule schedule;
	int64_t due; /* next, ms since the epoch; 0: not known, -1: never */
};

/* Whether a line that begins with this word is a schedule. */
int recur_is_one(const char *word);

/*
 * Read when line->route recurs, from the first word on; what is wrong is told.
 * line->i is then at the action.
 */
void recur_read(struct line *line);

/* Tell if an action of a schedule makes no sense; it is at that word. */
void recur_check(struct line *line, size_t word);

/* Give the route its channel, now that its directory is known. */
void recur_name(struct route *route);

void recur_free(struct recur *recur);

#endif
