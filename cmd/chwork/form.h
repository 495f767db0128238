/*
 * form.h - a multipart form that the server took apart, put together again.
 *
 * The message has its fields and its files; what belongs around them, with the
 * boundary that the client chose, is made anew. Pure: files are named only.
 */
#ifndef CHWORK_FORM_H
#define CHWORK_FORM_H

#include "base/buf.h"
#include "common/json.h"

#include <stdint.h>

struct form_piece {
	size_t text; /* bytes of form.text, */
	char *path;  /* then this file; NULL: none */
};

struct form {
	struct ch_buf text;
	struct form_piece *pieces;
	size_t n;
	int64_t length; /* bytes in all */
};

/* 1 if the message has such a form, to be released; else 0. */
int form_read(struct form *form, struct json message);

void form_release(struct form *form);

#endif
