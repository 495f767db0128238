/*
 * stop.h - the way to the end.
 *
 * Told to end, we take no more connections, let the requests in hand be
 * answered and close WebSockets with 1001, for at most `drain` ms, while
 * chwork still runs; then chwork finishes its work, and the loop ends. Told
 * again, we end at once. In a process of -j the parent decides on that.
 */
#ifndef CHSERVE_STOP_H
#define CHSERVE_STOP_H

#include <stdint.h>

/* Add our hooks to the signals. */
void stop_open(int64_t drain);

#endif
