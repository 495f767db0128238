/*
 * good.h - what a client that does nothing wrong has to wait meanwhile: for a
 * small file, on a connection of its own each time, and for the echo of a
 * WebSocket message, on one that stays.
 */
#ifndef TESTS_HOSTILE_GOOD_H
#define TESTS_HOSTILE_GOOD_H

#include <stddef.h>

struct good {
	size_t done, failed;
	double p50, p99; /* ms */
};

void good_begin(const char *host, unsigned port);
void good_end(struct good *gets, struct good *echoes);

#endif
