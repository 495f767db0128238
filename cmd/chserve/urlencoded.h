/*
 * urlencoded.h - bodies of application/x-www-form-urlencoded, piece by piece,
 * as the URL standard of the WHATWG reads them: a `+` is a space, a `%` that
 * no two hexadecimal digits follow is itself, empty pairs are passed over.
 *
 * Many a program calls so what it posts without a word on its type. What
 * cannot be a form is malformed, 400: a name with a control character, `"`,
 * `<` or `{` as it came, one that is not UTF-8 or longer than FORM_NAME_MAX.
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
