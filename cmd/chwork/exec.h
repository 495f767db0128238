/* exec.h - one process for a message. */
#ifndef CHWORK_EXEC_H
#define CHWORK_EXEC_H

struct job;

/*
 * Start the command of the job's route; job_done is called when it has ended
 * and its output is sent. 0, or -1 after saying why it cannot be started.
 */
int exec_start(struct job *job);

/* The client of the job has left: its command is to end. */
void exec_leave(struct job *job);

#endif
