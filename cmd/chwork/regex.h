/*
 * regex.h - regular expressions with (?<name>...) captures, by PCRE2.
 *
 * A search, as by grep, in UTF-8. What a visitor sends cannot burn time: a
 * search is given up after so many steps, whatever the expression. Pure.
 */
#ifndef CHWORK_REGEX_H
#define CHWORK_REGEX_H

#include "chwork/pattern.h"

#include <stddef.h>

struct regex;

/*
 * NULL if text is no expression, or has groups without a name: wrong[size]
 * says what is wrong with it, *offset where.
 */
struct regex *regex_new(const char *text, char *wrong, size_t size,
    size_t *offset);

enum { REGEX_GIVEN_UP = -1 };

/*
 * 1: found in value, 0: it is not there, REGEX_GIVEN_UP. The captures that
 * took part, which point into value, are added to those that are there; the
 * caller saw to it that there is room. *end (may be NULL) is where what was
 * found ends, and makes it be looked for at the beginning of value only.
 */
int regex_match(const struct regex *regex, const char *value, size_t len,
    struct captures *captures, size_t *end);

/* The name of the i-th capture, or NULL behind the last. */
const char *regex_capture(const struct regex *regex, size_t i);

void regex_free(struct regex *regex);

#endif
