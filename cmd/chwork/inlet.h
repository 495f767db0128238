/*
 * inlet.h - the pipe that is the standard input of a command.
 *
 * What is written into it can be seen to be read: by whom it is to be waited
 * for, and what is left when the command is dead. A command that leaves in it
 * what it was given, for longer than the timeout, is stuck.
 */
#ifndef CHWORK_INLET_H
#define CHWORK_INLET_H

#include "chwork/loop.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct inlet {
	/* Set by the owner: */
	struct loop *loop;
	int64_t timeout;             /* ms; 0: it never counts as stuck */
	void (*writable)(void *arg); /* once it is waited for */
	void (*stuck)(void *arg);
	void *arg;
	/* Ours: */
	struct source source; /* a descriptor of -1: there is none */
	struct timer timer;
	uint64_t written;
	uint64_t read; /* of them, when the timer was set */
};

/* Make one. The end for the command, or -1 with errno. */
int inlet_open(struct inlet *inlet);

/* As write(2), but without waiting. */
ssize_t inlet_write(struct inlet *inlet, const void *bytes, size_t n);

/* Bytes that the command has not read. */
size_t inlet_unread(const struct inlet *inlet);

/* Call `writable` when there is room, from now on or no more. */
void inlet_wait(struct inlet *inlet, int wanted);

/* The command meets the end of its input; what is unread can still be asked. */
void inlet_end(struct inlet *inlet);

void inlet_close(struct inlet *inlet);

#endif
