/*
 * talk.h - doing what was typed: sending, joining, leaving, telling who is
 * here. Answers and errors go to standard error.
 */
#ifndef CHTAIL_TALK_H
#define CHTAIL_TALK_H

#include "chtail/watch.h"

#include <stddef.h>

struct talk {
	struct watch *watch;
	char *to;  /* where lines are sent: a group, or a channel; NULL: none */
	int rc;    /* the first error */
	int ended; /* /quit */
};

/* Lines are sent to the first that is watched and may be sent to. */
void talk_start(struct talk *talk, struct watch *watch);

/* Do what one line says; n bytes without its newline. */
void talk_line(struct talk *talk, const char *line, size_t n);

/* Send a line as it is, also one that begins with a slash. */
void talk_text(struct talk *talk, const char *line, size_t n);

void talk_stop(struct talk *talk);

#endif
