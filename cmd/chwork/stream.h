/*
 * stream.h - commands that stay, and read a message a line.
 *
 * A stream is the copies of a route's command. What a copy is given goes into
 * its pipe. The pipe of a copy begins as small as can be, one page, and is
 * filled with one line at a time: so it is empty as soon as the copy has read
 * that line, and what waits is not with a busy copy but in its channel, where
 * others can take it. A copy that empties it quickly gets a larger pipe, and
 * many lines at once.
 */
#ifndef CHWORK_STREAM_H
#define CHWORK_STREAM_H

#include "chwork/worker.h"
#include "common/json.h"

struct stream;

/* Start the copies of all routes that have any to be started. */
void streams_start(struct worker *worker);

/* How many messages can be given now. */
size_t stream_room(const struct stream *stream);

/* Give a message to a copy; those of one reply channel go to the same. */
void stream_give(struct stream *stream, const char *channel,
    struct json message, const struct captures *captures,
    const char *reply_channel);

/* Write out what was given. */
void streams_flush(struct worker *worker);

/* No more will be given: the copies meet the end of their input. */
void streams_close(struct worker *worker);

/*
 * The route is gone: its copies are to finish what they have, within a time,
 * and what they get still goes back to its channel.
 */
void stream_close(struct route *route);

/* They have ended. */
void stream_free(struct route *route);

/* What no copy has read goes back to its channels. */
void streams_put_back(struct worker *worker);

void streams_release(struct worker *worker);

#endif
