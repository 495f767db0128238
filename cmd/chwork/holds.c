/* holds.c - whether filters hold for a message. */
#include "chwork/filter.h"

#include "chwork/regex.h"
#include "common/mux.h"
#include "common/put.h"

#include <string.h>
#include <strings.h>

/* A value in match->values, which may move while it grows. */
struct piece {
	size_t at, len;
};

/* A message being looked at. */
struct look {
	struct json message;
	struct match *match;
	struct piece path; /* what prefixes have left of it */
	int stripped;      /* whether there were any, */
	size_t base;       /* and how many bytes they have taken */
};

static int
is_scalar(struct json value)
{
	return value.text && !strchr("{[n", json_kind(value));
}

/* --- values -------------------------------------------------------------- */

/* How many bytes of the value the prefix is for: as many segments as it has. */
static size_t
prefix_length(const struct pattern *pattern, const char *value, size_t len)
{
	const char *end = value + len, *p = value;
	size_t slashes = 0;

	for (size_t i = 0; i < pattern->n; i++) {
		const char *text = pattern->parts[i].text;

		for (; !pattern->parts[i].capture && *text; text++)
			slashes += *text == '/';
	}
	for (; p < end && (*p != '/' || slashes--); p++)
		;
	return (size_t)(p - value);
}

/* As regex_match, of a pattern or an expression, which may be a prefix. */
static int
compare(const struct filter *filter, const char *value, size_t len,
    struct captures *captures, size_t *end)
{
	int rc;

	if (!filter->regex) {
		*end = filter->prefix
		    ? prefix_length(&filter->pattern, value, len) : len;
		return pattern_match(&filter->pattern, value, *end, captures);
	}
	rc = regex_match(filter->regex, value, len, captures,
	    filter->prefix ? end : NULL);
	if (rc != 1 || !filter->prefix)
		return rc;
	*end -= *end && value[*end - 1] == '/';
	return *end == len || value[*end] == '/';
}

/* The rest of the path; there is always one. */
static void
strip(struct look *look, struct piece value, size_t end)
{
	struct ch_buf *values = &look->match->values;

	look->stripped = 1;
	look->base += end;
	if (end < value.len) {
		look->path = (struct piece) { value.at + end,
			value.len - end };
		return;
	}
	look->path = (struct piece) { values->len, 1 };
	put_char(values, '/');
}

/*
 * How much of the path leads to the route: what prefixes take, and of a filter
 * inside all up to the first capture.
 */
static void
mount(struct look *look, const struct filter *filter, const char *value,
    size_t end, const struct captures *found)
{
	if (!filter->prefix) {
		for (size_t i = 0; i < found->n; i++)
			if (found->list[i].value < value + end)
				end = (size_t)(found->list[i].value - value);
		end -= found->n && end && value[end - 1] == '/';
	}
	look->match->mounted = 1;
	look->match->mount = look->base + end;
}

static int
try_piece(struct look *look, const struct filter *filter, struct piece value)
{
	struct match *match = look->match;
	struct captures found = { .n = 0 };
	const char *text = match->values.data + value.at;
	size_t end = value.len;
	int rc;

	rc = compare(filter, text, value.len, &found, &end);
	if (rc == REGEX_GIVEN_UP)
		match->gave_up = 1;
	if (rc != 1)
		return 0;
	for (size_t i = 0; i < found.n; i++) {
		match->offset[match->captures.n] = (size_t)
		    (found.list[i].value - match->values.data);
		match->captures.list[match->captures.n++] = found.list[i];
	}
	if (!strcmp(filter->key, "path"))
		mount(look, filter, text, end, &found);
	if (filter->prefix)
		strip(look, value, end);
	return 1;
}

static int
try_value(struct look *look, const struct filter *filter, struct json value)
{
	struct ch_buf *values = &look->match->values;
	struct piece piece = { values->len, 0 };

	if (!is_scalar(value) || look->match->gave_up)
		return 0;
	json_bare(values, value);
	piece.len = values->len - piece.at;
	put_char(values, '\0');
	return try_piece(look, filter, piece);
}

/* --- keys ---------------------------------------------------------------- */

static int
try_elements(struct look *look, const struct filter *filter,
    struct json list)
{
	struct json_walk walk = json_walk(list);

	while (json_next(&walk))
		if (try_value(look, filter, walk.value))
			return 1;
	return 0;
}

/* ["user-agent", "x"]: its second, if the first is `name` in any case. */
static struct json
pair_value(struct json pair, const char *name)
{
	struct json_walk walk = json_walk(pair);
	struct json none = { NULL, 0 };

	if (json_kind(pair) != '[' || !json_next(&walk) ||
	    json_kind(walk.value) != '"' ||
	    walk.value.len != strlen(name) + 2 ||
	    strncasecmp(walk.value.text + 1, name, strlen(name)) != 0 ||
	    !json_next(&walk))
		return none;
	return walk.value;
}

/* headers.user-agent, in a list of pairs. */
static int
try_pairs(struct look *look, const struct filter *filter)
{
	const char *dot = strrchr(filter->key, '.');
	struct json list = { NULL, 0 };
	struct json_walk walk;

	if (dot)
		list = json_get(look->message, filter->key,
		    (size_t)(dot - filter->key));
	if (json_kind(list) != '[')
		return 0;
	walk = json_walk(list);
	while (json_next(&walk))
		if (try_value(look, filter, pair_value(walk.value, dot + 1)))
			return 1;
	return 0;
}

static int
holds(struct look *look, const struct filter *filter)
{
	struct json value;

	if (look->stripped && !strcmp(filter->key, "path"))
		return try_piece(look, filter, look->path);
	value = mux_get(look->message, filter->key, &look->match->frame);
	if (json_kind(value) == '[')
		return try_elements(look, filter, value);
	return value.text ? try_value(look, filter, value)
			  : try_pairs(look, filter);
}

static int
all_hold(struct look *look, const struct filters *filters)
{
	if (filters->outer && !all_hold(look, filters->outer))
		return 0;
	for (size_t i = 0; i < filters->n; i++)
		if (!holds(look, &filters->list[i]))
			return 0;
	return 1;
}

int
filters_hold(const struct filters *filters, struct json message,
    struct match *match)
{
	struct look look = { .message = message, .match = match };
	struct captures *captures = &match->captures;

	captures->n = 0;
	match->gave_up = match->mounted = 0;
	ch_buf_clear(&match->values);
	if (!all_hold(&look, filters))
		return 0;
	for (size_t i = 0; i < captures->n; i++)
		captures->list[i].value = match->values.data +
		    match->offset[i];
	return 1;
}
