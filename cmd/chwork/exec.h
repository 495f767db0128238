/* exec.h - one process for a message. */
#ifndef CHWORK_EXEC_H
#define CHWORK_EXEC_H

#include "chwork/environ.h"
#include "chwork/routes.h"

struct job;

/*
 * Start the command of the job's route; job_done is called when it has ended
 * and its output is sent, or at once if it cannot be started.
 */
void exec_start(struct job *job);

/* The client of the job has left: its command is to end. */
void exec_leave(struct job *job);

/*
 * The environment of the route's command for a message that it takes; `length`
 * is that of the body, for a CGI program. Valid until the next call.
 */
char *const *exec_environment(struct environment *environment,
    const struct route *route, const struct match *match, const char *channel,
    struct json message, unsigned retries, int64_t length);

#endif
