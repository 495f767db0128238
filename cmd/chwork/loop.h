/*
 * loop.h - descriptors and timers: who is ready, whose time has come.
 *
 * Embed a source or a timer in what it belongs to; `arg` finds the way back.
 */
#ifndef CHWORK_LOOP_H
#define CHWORK_LOOP_H

#include "channel.h"

#include <stdint.h>

struct source {
	int fd; /* -1: none */
	void (*ready)(void *arg);
	void *arg;
	uint32_t events; /* waited for, of EPOLL*; 0: not in the loop */
};

struct timer {
	int64_t when; /* of ch_clock(); 0: not set */
	void (*fire)(void *arg);
	void *arg;
	struct timer *next;
};

struct loop {
	int epoll;
	struct timer *timers; /* those that are set */
};

int loop_init(struct loop *loop, struct ch_err *err);
void loop_release(struct loop *loop);

/* Wait for these events (0: for none) from now on; loop_forget closes it. */
void loop_watch(struct loop *loop, struct source *source, uint32_t events);
void loop_forget(struct loop *loop, struct source *source);

/* Fire in `delay` ms, or not at all; either may be called at any time. */
void loop_set(struct loop *loop, struct timer *timer, int64_t delay);
void loop_unset(struct loop *loop, struct timer *timer);

/*
 * Wait until `deadline` at most, call what is due; 1 if that was anything.
 */
int loop_turn(struct loop *loop, int64_t deadline);

#endif
