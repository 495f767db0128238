/* compose.h - a message out of KEY=TEXT and KEY:=JSON. */
#ifndef CMD_COMMON_COMPOSE_H
#define CMD_COMMON_COMPOSE_H

#include "base/buf.h"
#include "channel.h"

/*
 * Append the object that the pairs (ended by NULL) make, on one line.
 * CH_REFUSED: not UTF-8, or no JSON.
 */
int compose(struct ch_buf *buf, char *const pairs[], struct ch_err *err);

#endif
