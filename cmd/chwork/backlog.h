/*
 * backlog.h - the lines that a copy of a stream was given and may not have
 * read yet. Pure.
 */
#ifndef CHWORK_BACKLOG_H
#define CHWORK_BACKLOG_H

#include "base/buf.h"

#include <stddef.h>

struct backlog {
	char end;              /* of a line; set by the owner */
	struct ch_buf pending; /* not in its pipe, or only the beginning */
	struct ch_buf sent;    /* put into its pipe; begins with a line */
	struct ch_buf last;    /* after its death: the last line it read */
};

/* The length of the first line that is pending, with its end; 0: none. */
size_t backlog_line(const struct backlog *backlog);

/* n of the pending bytes went into the pipe. */
void backlog_wrote(struct backlog *backlog, size_t n);

/* All but `unread` of the bytes sent are read: forget what need not be kept. */
void backlog_trim(struct backlog *backlog, size_t unread);

/*
 * The copy died with `unread` bytes in its pipe. What it had not begun to read
 * is pending again; the line it read last, whole or not, is `last`.
 */
void backlog_died(struct backlog *backlog, size_t unread);

/* `last` comes first among those that are pending. */
void backlog_again(struct backlog *backlog);

void backlog_release(struct backlog *backlog);

#endif
