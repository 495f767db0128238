/*
 * peer.h - a process for each connection: lines in, lines out.
 *
 * A route with --per connection takes all that concerns a connection. Its
 * websocket.connect starts the command, and the browser is let in once that
 * runs; what the browser sends goes to its standard input, what it prints to
 * the browser. The end of one is the end of the other.
 */
#ifndef CHWORK_PEER_H
#define CHWORK_PEER_H

#include "chwork/worker.h"
#include "common/json.h"

/*
 * Take a message of a connection, or what remains of one: without its process
 * it is closed. worker->match is for the message.
 */
void peer_take(struct worker *worker, struct route *route,
    const char *channel, struct json message, const char *reply_channel);

/*
 * The processes of the route (NULL: all of them) meet the end of their input;
 * soon after they are ended, and browsers are told to come again.
 */
void peers_close(struct worker *worker, const struct route *route);

#endif
