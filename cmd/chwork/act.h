/* act.h - what the worker does itself: accept, reject. */
#ifndef CHWORK_ACT_H
#define CHWORK_ACT_H

#include "chwork/worker.h"

/* `match` is the route's for this message; reply_channel may be NULL. */
void act_accept(struct worker *worker, const struct route *route,
    const struct match *match, const char *reply_channel);
void act_reject(struct worker *worker, const char *place,
    const char *reply_channel);

/* No route takes the message. */
void act_unmatched(struct worker *worker, const char *channel,
    struct json message, const char *reply_channel);

#endif
