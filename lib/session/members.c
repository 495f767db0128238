/* members.c - the members of a JSON object, as pieces of its text. */
#include "session/members.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* --- walking ------------------------------------------------------------ */

static const char *
skip_blank(const char *at, const char *end)
{
	while (at < end && strchr(" \t\r\n,:", *at))
		at++;
	return at;
}

static const char *
skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at < end ? at + 1 : end;
}

static const char *
skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
		} else if (*at == '{' || *at == '[') {
			depth++;
			at++;
		} else if (*at == '}' || *at == ']') {
			if (!depth)
				return at;
			depth--;
			at++;
		} else if (!depth && strchr(" \t\r\n,", *at)) {
			return at;
		} else {
			at++;
			continue;
		}
		if (!depth)
			return at;
	}
	return end;
}

struct ch_members
ch_members(const char *text, size_t len)
{
	const char *open = memchr(text, '{', len);

	return (struct ch_members){ .at = open ? open + 1 : text + len,
		.end = text + len };
}

int
ch_members_next(struct ch_members *walk)
{
	walk->at = skip_blank(walk->at, walk->end);
	if (walk->at == walk->end || *walk->at != '"')
		return 0;
	walk->key.text = walk->at;
	walk->at = skip_string(walk->at, walk->end);
	walk->key.len = (size_t)(walk->at - walk->key.text);
	walk->value.text = skip_blank(walk->at, walk->end);
	walk->at = skip_value(walk->value.text, walk->end);
	walk->value.len = (size_t)(walk->at - walk->value.text);
	return 1;
}

/* --- strings ------------------------------------------------------------ */

static json_t *
decode(struct ch_piece string)
{
	return json_loadb(string.text, string.len,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

int
ch_members_same(struct ch_piece one, struct ch_piece other)
{
	json_t *a, *b;
	int same;

	if (one.len == other.len && !memcmp(one.text, other.text, one.len))
		return 1;
	if (!memchr(one.text, '\\', one.len) &&
	    !memchr(other.text, '\\', other.len))
		return 0;
	a = decode(one);
	b = decode(other);
	same = a && b && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return same;
}

char *
ch_members_string(struct ch_piece string)
{
	json_t *value = decode(string);
	const char *text = json_string_value(value);
	char *copy = NULL;

	if (text && strlen(text) == json_string_length(value))
		copy = strdup(text);
	json_decref(value);
	return copy;
}

int
ch_members_quote(struct ch_buf *buf, const char *text)
{
	json_t *value = json_string(text);
	char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	int rc = quoted ? ch_buf_adds(buf, quoted) : -1;

	free(quoted);
	json_decref(value);
	return rc;
}

/* --- merging ------------------------------------------------------------ */

/* The last member of that name; its value's text is NULL if there is none. */
static struct ch_piece
find(struct ch_piece object, struct ch_piece key)
{
	struct ch_members walk = ch_members(object.text, object.len);
	struct ch_piece found = { NULL, 0 };

	while (ch_members_next(&walk))
		if (ch_members_same(walk.key, key))
			found = walk.value;
	return found;
}

static int
is_null(struct ch_piece value)
{
	return value.len == 4 && !memcmp(value.text, "null", 4);
}

static int
add(struct ch_buf *buf, struct ch_piece key, struct ch_piece value)
{
	if (buf->data[buf->len - 1] != '{' && ch_buf_addc(buf, ',') < 0)
		return -1;
	if (ch_buf_add(buf, key.text, key.len) < 0 ||
	    ch_buf_addc(buf, ':') < 0)
		return -1;
	return ch_buf_add(buf, value.text, value.len);
}

int
ch_members_merge(struct ch_buf *buf, struct ch_piece object,
    struct ch_piece patch)
{
	struct ch_members walk = ch_members(object.text, object.len);
	struct ch_piece other;

	if (ch_buf_addc(buf, '{') < 0)
		return -1;
	while (ch_members_next(&walk)) {
		other = find(patch, walk.key);
		if (!other.text)
			other = walk.value;
		if (!is_null(other) && add(buf, walk.key, other) < 0)
			return -1;
	}
	walk = ch_members(patch.text, patch.len);
	while (ch_members_next(&walk))
		if (!is_null(walk.value) && !find(object, walk.key).text &&
		    find(patch, walk.key).text == walk.value.text &&
		    add(buf, walk.key, walk.value) < 0)
			return -1;
	return ch_buf_addc(buf, '}');
}
