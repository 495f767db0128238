/*
 * urlencoded.h - bodies of application/x-www-form-urlencoded, piece by piece,
 * as the URL standard of the WHATWG reads them: a `+` is a space, a `%` that
 * no two hexadecimal digits follow is itself, empty pairs are passed over.
 */
#ifndef CHSERVE_URLENCODED_H
#define CHSERVE_URLENCODED_H

#include "chserve/fields.h"

struct urlencoded {
	struct fields *fields; /* gets the pairs */
	struct ch_buf pair; /* as it came */
};

void urlencoded_init(struct urlencoded *urlencoded, struct fields *fields);
void urlencoded_release(struct urlencoded *urlencoded);

/* As form_feed and form_end. */
int urlencoded_feed(struct urlencoded *urlencoded, const char *bytes,
    size_t n);
int urlencoded_end(struct urlencoded *urlencoded);

#endif
