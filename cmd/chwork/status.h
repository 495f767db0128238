/*
 * status.h - what others are told of this worker: its routes, their counts,
 * the jobs that run. They find it by common/reports.h, as chstat does.
 */
#ifndef CHWORK_STATUS_H
#define CHWORK_STATUS_H

#include "chwork/loop.h"
#include "common/reports.h"

struct worker;

struct status {
	struct report report;
	struct timer timer; /* until it is written again */
	int64_t written;    /* of ch_clock(); 0: it is not open */
};

/* Write it from now on, at the start and soon after each change. */
void status_open(struct worker *worker);

/* Something has changed. Cheap. */
void status_touch(struct worker *worker);

/* Remove those of workers that were killed. */
void status_sweep(const struct worker *worker);

void status_close(struct worker *worker);

#endif
