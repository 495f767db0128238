/*
 * exchange.h - a request that the consumers answer: http.request, and what
 * comes back.
 */
#ifndef CHSERVE_EXCHANGE_H
#define CHSERVE_EXCHANGE_H

#include "chserve/body.h"
#include "chserve/request.h"

/* Take its body, tell the consumers, answer what they say. */
void exchange_begin(struct request *request);

/* The server ends: so does a stream of events, if the request has one. */
void exchange_stop(struct request *request);

#endif
