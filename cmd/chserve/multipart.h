/*
 * multipart.h - bodies of multipart/form-data (RFC 7578, RFC 2046), piece by
 * piece.
 *
 * A boundary counts only on a line of its own, behind a CR LF or at the start,
 * with nothing but blanks behind it: what merely begins like one is data. What
 * stands before the first and behind the last is passed over.
 */
#ifndef CHSERVE_MULTIPART_H
#define CHSERVE_MULTIPART_H

#include "chserve/fields.h"

#define MULTIPART_BOUNDARY 70 /* characters at most */
#define MULTIPART_BLANKS 64   /* behind a boundary */

enum multipart_state {
	MULTIPART_PREAMBLE,
	MULTIPART_HEAD,
	MULTIPART_DATA,
	MULTIPART_EPILOGUE
};

struct multipart {
	struct fields *fields; /* gets what the parts bring */
	enum multipart_state state;
	struct ch_buf head;
	char delimiter[4 + MULTIPART_BOUNDARY + 1]; /* CR LF -- boundary */
	size_t n_delimiter;
	/* what may become a delimiter, and how much of it never came */
	char held[4 + MULTIPART_BOUNDARY + 2 + MULTIPART_BLANKS + 2];
	size_t n_held;
	size_t n_given;
};

/* 0, or 400 for a boundary that is none. */
int multipart_init(struct multipart *multipart, const char *boundary,
    struct fields *fields);
void multipart_release(struct multipart *multipart);

/* As form_feed and form_end. */
int multipart_feed(struct multipart *multipart, const char *bytes, size_t n);
int multipart_end(struct multipart *multipart);

#endif
