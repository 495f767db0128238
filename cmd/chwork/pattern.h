/*
 * pattern.h - text with {name} captures: "/chat/{room}".
 *
 * A capture matches one or more bytes other than '/'; of several ways to
 * match, the one whose first captures are the shortest. Time grows with the
 * length of the value only, whatever a visitor sends. Pure.
 */
#ifndef CHWORK_PATTERN_H
#define CHWORK_PATTERN_H

#include "base/buf.h"

#include <stddef.h>

#define PATTERN_CAPTURES 16 /* at most so many in a route */

struct pattern_part {
	char *text;  /* literal, or the capture's name */
	int capture; /* which */
};

struct pattern {
	struct pattern_part *parts; /* captures have literals between them */
	size_t n;
};

/* What captures hold; name and value belong to others. */
struct capture {
	const char *name;
	const char *value; /* not ended by a NUL */
	size_t len;
};

struct captures {
	struct capture list[PATTERN_CAPTURES];
	size_t n;
};

/* Whether a capture may have that name. */
int pattern_is_name(const char *name, size_t len);

/* 0, or -1 with nothing to release: *wrong says what is wrong with text. */
int pattern_parse(struct pattern *pattern, const char *text,
    const char **wrong);

/*
 * Whether the whole of value matches. The captures, which point into value,
 * are added to those that are there; the caller saw to it that there is room.
 */
int pattern_match(const struct pattern *pattern, const char *value, size_t len,
    struct captures *captures);

/* Append the pattern to out, its captures filled in. */
void pattern_expand(const struct pattern *pattern,
    const struct captures *captures, struct ch_buf *out);

/* The capture of that name, or NULL. */
const struct capture *captures_find(const struct captures *captures,
    const char *name);

void pattern_release(struct pattern *pattern);

#endif
