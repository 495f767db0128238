/*
 * body.h - the body of a request as the standard input of a command.
 *
 * What is in the message, or in a file, is handed over as a file. What comes
 * in pieces on a channel, or was a form that the server took apart, goes
 * through a pipe.
 *
 * Calling sequence
 * ----------------
 *     fd = body_open(&body, worker, message);
 *     … fd becomes a standard input; body.length is known …
 *     body_close(&body);                    after the command's end
 */
#ifndef CHWORK_BODY_H
#define CHWORK_BODY_H

#include "chwork/form.h"
#include "chwork/worker.h"
#include "common/json.h"

#include <stdint.h>

struct body {
	/* Set by the owner: */
	void (*broken)(void *arg); /* no more will come: the client has left */
	void *arg;
	int64_t length; /* bytes in all, -1: not known */
	/* Ours: */
	struct loop *loop;
	struct source pipe; /* our end of it */
	struct source bell; /* of the receiver */
	struct timer timer; /* until it is looked whether pieces came */
	struct ch_receiver *receiver; /* of the pieces; NULL: none come */
	struct form form;   /* put together again */
	size_t piece;       /* of it: the one that is next */
	int file;           /* of it: the one that is read, or -1 */
	struct ch_buf ready; /* to be written */
};

/* The end for the command, or -1 with errno and nothing to close. */
int body_open(struct body *body, struct worker *worker, struct json message);

void body_close(struct body *body);

/*
 * A file without a name that holds the bytes and `end`, to be read from its
 * beginning; -1 with errno.
 */
int body_file(const char *bytes, size_t len, const char *end);

#endif
