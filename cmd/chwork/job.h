/*
 * job.h - a message that could not be dealt with the moment it arrived.
 *
 * A job is either late (a disconnect, see intake.h), in a lane behind others,
 * ready (its turn has come, but there is no place), waiting to be tried again
 * or for room in the channel that it is sent on to, or started.
 */
#ifndef CHWORK_JOB_H
#define CHWORK_JOB_H

#include "base/id.h"
#include "chwork/failure.h"
#include "chwork/worker.h"

struct run;

struct job {
	struct turn turn;          /* first, so that a turn is a job */
	struct job *next;          /* in the queue that it is in */
	struct job *newer, *older; /* of all */
	struct worker *worker;
	struct intake *intake;
	struct route *route;
	char *channel;
	char *text; /* ended by a NUL */
	size_t len;
	char *reply_channel; /* NULL: none, and no lane */
	unsigned retries;    /* how often it was tried before */
	int started;
	struct post_run *post; /* where it is being posted (post.c) */
	char id[CH_ID_UNIQUE + 1]; /* of a post, for all its tries */
	int64_t not_before; /* ms for which its next try waits at least */
	struct run *run; /* its command (exec.c), NULL: it does not run */
	struct ch_buf letter; /* for the dead-letter channel */
	int owed; /* the status that its client is told at its end; 0: none */
	int64_t waits_since; /* for room in the layer; 0: it does not */
	struct timer timer;  /* until it is tried again */
};

/*
 * A message has arrived: find its route, and go on from there. White space
 * around the object is taken off the message.
 */
void job_arrive(struct worker *worker, struct intake *intake,
    struct ch_message *message);

/* The command of exec has ended. FATE_DEAD: its letter is written. */
void job_done(struct job *job, enum fate fate);

/* Write its dead letter; what the job knows is filled in. */
void job_write_letter(struct job *job, struct failure *failure);

/* Start what is ready, as far as there is a place. */
void jobs_start(struct worker *worker);

/* The late ones go to their lanes. */
void jobs_release_late(struct worker *worker);

/* Those that wait to be tried again go back to their channels. */
void jobs_stop_waiting(struct worker *worker);

/* Those that have not started go back to their channels. */
void jobs_put_back(struct worker *worker);

/* Forget all that are left, at the end. */
void jobs_release(struct worker *worker);

#endif
