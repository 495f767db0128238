/*
 * post.h - a message that is posted to a URL.
 *
 * Many are on their way at once (transfers.h); the answer may be the reply.
 * What is worth another try is tried again as the route says; an id that stays
 * the same tells the receiver.
 */
#ifndef CHWORK_POST_H
#define CHWORK_POST_H

struct job;

/* Post the job's message; job_done is called later, never from here. */
void post_start(struct job *job);

/* The job is given up while it is on its way. */
void post_abandon(struct job *job);

#endif
