/*
 * gone.h - the clients that have left before their answer was whole.
 *
 * The server tells of each on http.disconnect. Whoever takes these messages,
 * every worker sees them pass: the one that works for that client ends the
 * command, and none starts one any more.
 */
#ifndef CHWORK_GONE_H
#define CHWORK_GONE_H

#include "chwork/worker.h"

/* See them pass from now on; said if that cannot be. May be called again. */
void gone_watch(struct worker *worker);

/* Whether the client that waits on this reply channel has left. */
int gone_has(const struct worker *worker, const char *reply_channel);

void gone_release(struct worker *worker);

#endif
