/*
 * worker.h - what the parts of a worker share, and its life.
 *
 * intake.c takes messages from the layer; job.c gives each its turn: behind
 * those of its connection (lanes.h), then when there is a place; act.c, exec.c
 * and stream.c do what the route says.
 */
#ifndef CHWORK_WORKER_H
#define CHWORK_WORKER_H

#include "channel.h"
#include "chwork/child.h"
#include "chwork/environ.h"
#include "chwork/lanes.h"
#include "chwork/loop.h"
#include "chwork/reload.h"
#include "chwork/routes.h"
#include "chwork/status.h"

struct gone;
struct hooks;
struct intake;
struct job;
struct sources;

struct queue {
	struct job *first;
	struct job **end; /* where the next is hung; NULL: at first */
};

enum stage {
	WORKING,
	STOPPING, /* takes nothing more, finishes what it has */
	ENDING    /* starts nothing more, makes its children end */
};

struct worker {
	/* Set by main: */
	struct ch_layer *layer;
	struct routes *routes;
	struct environment environment;
	size_t jobs; /* commands of exec at once, at most */
	int64_t drain_timeout; /* ms for the work in hand, when stopping */
	int once;    /* end when nothing is there */
	int watch;   /* read the routes again when they change, */
	const struct sources *sources; /* from here */
	int default_accept; /* a connection that no route takes */
	const struct hooks *hooks;
	/* Ours: */
	enum stage stage;
	struct loop loop;
	struct crew crew;
	struct source signals;
	int had_terminal; /* for what is said */
	struct reload reload;
	struct timer patience; /* with the work in hand, when stopping */
	struct status status; /* what others are told */
	struct timer alive; /* until the service manager hears of it */
	struct timer tick;  /* until something recurs (ticker.c) */
	int64_t look;  /* when everything is looked at again */
	int64_t sweep; /* when the store is swept again */

	struct intake **intakes; /* one for each channel or glob of routes */
	size_t nintakes;
	struct intake *closed; /* those that were */
	size_t first; /* the one whose turn is next */

	struct job *all;    /* jobs, the newest first */
	struct queue ready; /* whose turn it is, but there is no place */
	struct queue late;  /* disconnects, see intake.h */
	struct timer late_timer;
	struct lanes lanes;
	struct match match; /* of the message being looked at, */
	struct ch_buf reply_channel; /* and where its answer goes */
	size_t running;     /* commands of exec */
	size_t copies;      /* of streams, alive */
	struct transfers *transfers; /* of posts; NULL: there was none yet */
	struct gone *gone;  /* clients that have left (gone.c) */
	void *peers;        /* see tsearch(3); processes of connections */
	size_t npeers;
};

/*
 * Work until told to stop, or until nothing is there (once). CH_OK, or what
 * prevented it. A second signal ends the process here.
 */
int worker_run(struct worker *worker, struct ch_err *err);

/* Take no more, finish what is in hand, end. */
void worker_stop(struct worker *worker);

#endif
