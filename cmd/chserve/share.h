/*
 * share.h - turns among the processes that accept from one socket.
 *
 * The kernel wakes all of them for a connection, and one that is quick or near
 * would have nearly all. So each counts what it took, where the others see it,
 * and who is ahead leaves a connection to them for a moment.
 *
 * Without share_open there are no others, and every turn is ours.
 */
#ifndef CHSERVE_SHARE_H
#define CHSERVE_SHARE_H

#include "channel.h"

/* In the parent, for that many processes; in process `job`, after the fork. */
int share_open(size_t jobs, struct ch_err *err);
void share_join(size_t job);

/* Whether there are others. */
int share_is_shared(void);

/* Whether we may take one, or the others are to have the chance first. */
int share_may_take(void);

/*
 * We took one. `late`: it had been left to the others, who did not want it:
 * who is far behind is forgiven, so that nobody waits for one that hangs.
 */
void share_took(int late);

#endif
