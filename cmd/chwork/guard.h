/*
 * guard.h - who ends the commands when the worker cannot.
 *
 * A process of its own waits for the worker's death, however that came, and
 * then kills the process groups that are written down here. Without it a
 * command that does not heed SIGTERM, or what it has started, would go on when
 * its worker was killed.
 */
#ifndef CHWORK_GUARD_H
#define CHWORK_GUARD_H

#include "channel.h"

#include <sys/types.h>

/* Start it, before anything is opened that it should not have. */
int guard_open(struct ch_err *err);

/* A group has begun, or is over. What finds no place is not guarded. */
void guard_add(pid_t group);
void guard_remove(pid_t group);

/* End it; the groups are left alone. */
void guard_close(void);

#endif
