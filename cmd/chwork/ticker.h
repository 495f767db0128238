/*
 * ticker.h - fires the routes that recur, each time once.
 *
 * Of several workers with the same route the first one to claim a time fires
 * it: state/schedules/NUMBER holds the last one that was. What is missed while
 * no worker runs is not made up for, and a time that comes while the message
 * of the last is still waiting is left out.
 */
#ifndef CHWORK_TICKER_H
#define CHWORK_TICKER_H

struct worker;

/* Fire what recurs from now on; also after there are new routes. */
void ticker_start(struct worker *worker);

void ticker_stop(struct worker *worker);

#endif
