/* events.h - groups as event streams: GET /events/GROUP, for --events. */
#ifndef CHSERVE_EVENTS_H
#define CHSERVE_EVENTS_H

#include "chserve/request.h"

#define EVENTS_PATH "/events/"

/* Answer with the stream of a group, if that is asked for; else 0. */
int events_begin(struct request *request);

/* The server ends: so does the stream, if it is one of ours. */
void events_stop(struct request *request);

#endif
