/* metrics.h - what became of the messages of a route. */
#ifndef CHWORK_METRICS_H
#define CHWORK_METRICS_H

#include <stdint.h>

struct metrics {
	uint64_t done;    /* the consumer succeeded, or has read it (stream) */
	uint64_t failed;  /* tries that did not */
	uint64_t retried; /* of these, those that are tried again */
	uint64_t dead;    /* moved to the route's dead-letter channel */
	uint64_t dropped; /* given up */
	uint64_t late;    /* answers of exec that nobody waited for any more */
	uint64_t busy_ms; /* for which commands of exec ran, in all */
};

#endif
