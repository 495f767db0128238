/* act.h - what the worker does itself: accept, reject, close, send, group. */
#ifndef CHWORK_ACT_H
#define CHWORK_ACT_H

#include "chwork/worker.h"

/*
 * Do what the route says with a message, whose match is worker->match;
 * reply_channel may be NULL. CH_OK: it is over, and what failed was said;
 * else err says why it has to be tried again a little later.
 */
int act(struct worker *worker, const struct route *route, struct json message,
    const char *reply_channel, struct ch_err *err);

/* Let the connection in, as the route says; close it. The same is returned. */
int act_accept(struct worker *worker, const struct route *route,
    const char *reply_channel, struct ch_err *err);
int act_close(struct worker *worker, const char *place, unsigned code,
    const char *reply_channel, struct ch_err *err);

/* No route takes the message. */
void act_unmatched(struct worker *worker, const char *channel,
    struct json message, const char *reply_channel);

/* Tell a client, in the command's place, that there will be no answer. */
void act_error(struct worker *worker, const char *place,
    const char *reply_channel, int status);

/* Say loudly when connections will be rejected because of what is missing. */
void act_warn(const struct worker *worker);

#endif
