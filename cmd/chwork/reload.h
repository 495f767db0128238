/*
 * reload.h - the routes, read again while the worker works.
 *
 * Routes that are the same, with commands that are, go on as if nothing had
 * been: their copies, jobs and counts stay. Those that are gone finish what
 * they have, and are then forgotten. Where anything is wrong with the new ones
 * those of before stay in force.
 */
#ifndef CHWORK_RELOAD_H
#define CHWORK_RELOAD_H

#include "chwork/loop.h"
#include "chwork/watch.h"

struct worker;

struct reload {
	struct watch watch; /* of the files that the routes are made of */
	struct source changed;
	struct timer soon; /* until they are read: changes come in crowds */
	struct timer tidy; /* until it is seen whether some are forgotten */
};

/* Hear of changes from now on, if the worker is to. CH_OK, or why not. */
int reload_start(struct worker *worker, struct ch_err *err);

/* Read the routes again, now. */
void reload_now(struct worker *worker);

/* Hear no more; what is left of old routes is forgotten. */
void reload_release(struct worker *worker);

#endif
