/*
 * intake.h - taking messages from the layer, no more than can be run.
 *
 * There is one intake, with a receiver of its own, for each distinct channel
 * or glob of the routes, so that one whose consumers are busy does not keep
 * the others waiting. An intake is closed while there is no place for what it
 * may bring, but for a few messages that wait for others of their connection.
 *
 * A connection's messages come on several channels, and between channels there
 * is no order. All that was sent before a websocket.disconnect is in the store
 * when it is: so a disconnect is kept until a look found every intake empty.
 */
#ifndef CHWORK_INTAKE_H
#define CHWORK_INTAKE_H

#include "chwork/worker.h"

struct intake {
	struct worker *worker;
	struct intake *next; /* of those that are closed */
	char *pattern;
	size_t jobs; /* that came by it, and are not over */
	struct ch_receiver *receiver;
	struct source source;
	int empty;      /* the last look found nothing */
	size_t held;    /* jobs that have not started */
	size_t waiting; /* those of them that are ready */
};

/*
 * Have an intake for each channel that the routes name, and no other. CH_OK,
 * or why not, with all as it was.
 */
int intakes_match(struct worker *worker, const struct routes *routes,
    struct ch_err *err);

/* Free those that were closed, and whose jobs are over. */
void intakes_forget(struct worker *worker);

/* Take what there is a place for; 1 if anything came. */
int intakes_take(struct worker *worker);

/* Look at all of them once more, whether or not they said something. */
void intakes_look(struct worker *worker);

/* Whether the last look found nothing in any. */
int intakes_empty(const struct worker *worker);

/* Hear no more of them. */
void intakes_close(struct worker *worker);

/* All jobs are over. */
void intakes_release(struct worker *worker);

#endif
