/*
 * Which bytes of a file a request wants.
 *
 * Several ranges at once are answered with the whole file: browsers do not ask
 * for them, and pieces that overlap would let a small request cost a large
 * answer.
 */
#include "chserve/range.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#define BLANK " \t"

/* One range as it is written; -1 where a position is left out. */
struct spec {
	off_t first, last;
};

#define OFF_MAX ((off_t)(((uintmax_t)1 << (sizeof(off_t) * 8 - 1)) - 1))

/* A number, which saturates; -1 without digits. */
static off_t
read_number(const char **text)
{
	off_t n = -1;
	int digit;

	for (; **text >= '0' && **text <= '9'; ++*text) {
		digit = **text - '0';
		if (n < 0)
			n = digit;
		else
			n = n > (OFF_MAX - digit) / 10 ? OFF_MAX
			    : n * 10 + digit;
	}
	return n;
}

/* The only range of the set; 0 if there are several, or what is none. */
static int
read_set(const char *set, struct spec *spec)
{
	set += strspn(set, BLANK ","); /* a list may have empty elements */
	spec->first = read_number(&set);
	if (*set++ != '-')
		return 0;
	spec->last = read_number(&set);
	if (spec->first < 0 ? spec->last < 0
	    : spec->last >= 0 && spec->last < spec->first)
		return 0;
	return !set[strspn(set, BLANK ",")];
}

int
range_read(const char *field, off_t size, off_t *at, off_t *len)
{
	struct spec spec;

	if (size <= 0 || strncasecmp(field, "bytes=", 6) != 0 ||
	    !read_set(field + 6, &spec))
		return 200;
	if (spec.first < 0) { /* the last so many */
		if (spec.last == 0)
			return 416;
		spec.first = spec.last < size ? size - spec.last : 0;
		spec.last = size - 1;
	}
	if (spec.first >= size)
		return 416;
	if (spec.last < 0 || spec.last >= size)
		spec.last = size - 1;
	*at = spec.first;
	*len = spec.last - spec.first + 1;
	return 206;
}
