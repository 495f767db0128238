/*
 * part.h - the head of a part of multipart/form-data, parsed. Pure.
 *
 * As strict as a request's head: lines end with CR LF, no folded lines, no
 * control bytes. Fields that RFC 7578 does not name are passed over, so is
 * `filename*`, which it forbids.
 */
#ifndef CHSERVE_PART_H
#define CHSERVE_PART_H

#include <stddef.h>

#define PART_HEAD_MAX 8192 /* bytes, with the blank line */
#define PART_LINES 16

struct part {
	const char *name;
	/*
	 * NULL: a field, no file. The part behind the last slash or backslash;
	 * "" if nothing is left of it, or "." or "..".
	 */
	const char *filename;
	const char *type; /* NULL: not said */
};

/*
 * Parse a head of n bytes, a NUL behind them, which is changed and pointed
 * into. 0, 400 or 413.
 */
int part_parse(struct part *part, char *head, size_t n);

/*
 * A header value's first word and its parameters, `word; name=value;
 * other="va\"lue"`. Between quotes a backslash escapes a quote or a backslash,
 * as curl has it, unless the value then would not end: there it is a plain
 * character, as browsers have it.
 *
 *     word = part_word(&at);
 *     while ((rc = part_param(&at, &name, &value)) > 0) …
 *
 * `at` is moved, the text changed and pointed into, words and names in lower
 * case. part_param returns 1, 0 at the end, -1 where it is malformed.
 */
char *part_word(char **at);
int part_param(char **at, char **name, char **value);

#endif
