/* pattern.c - text with {name} captures. */
#include "chwork/pattern.h"

#include "common/put.h"
#include "common/say.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void
pattern_release(struct pattern *pattern)
{
	size_t i;

	for (i = 0; i < pattern->n; i++)
		free(pattern->parts[i].text);
	free(pattern->parts);
	*pattern = (struct pattern) { 0 };
}

/* Add a part, stealing the text. */
static void
add_part(struct pattern *pattern, struct ch_buf *text, int capture)
{
	pattern->parts = realloc(pattern->parts,
	    (pattern->n + 1) * sizeof(*pattern->parts));
	if (!pattern->parts)
		say_memory();
	pattern->parts[pattern->n++] = (struct pattern_part) {
		.text = text->data,
		.capture = capture,
	};
}

int
pattern_is_name(const char *name, size_t len)
{
	size_t i;

	if (!len || !isalpha((unsigned char)name[0]))
		return 0;
	for (i = 1; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return 0;
	return 1;
}

/* A literal up to a capture or the end; *text moves behind it. */
static int
parse_literal(struct pattern *pattern, const char **text, const char **wrong)
{
	struct ch_buf literal = CH_BUF_INIT;
	const char *p = *text;

	for (; *p && (*p != '{' || p[1] == '{'); p++) {
		if (*p == '}' && p[1] != '}') {
			*wrong = "} without {; a brace is written }}";
			ch_buf_release(&literal);
			return -1;
		}
		put_char(&literal, *p);
		if (*p == '{' || *p == '}')
			p++;
	}
	*text = p;
	if (literal.len)
		add_part(pattern, &literal, 0);
	return 0;
}

/* {name}, of which *text is at the brace. */
static int
parse_capture(struct pattern *pattern, const char **text, const char **wrong)
{
	struct ch_buf name = CH_BUF_INIT;
	const char *p = *text + 1;
	size_t len = strcspn(p, "}");

	if (!p[len])
		*wrong = "{ without }; a brace is written {{";
	else if (!pattern_is_name(p, len))
		*wrong = "a capture is a name in braces: {room}";
	else if (pattern->n && pattern->parts[pattern->n - 1].capture)
		*wrong = "two captures need something between them";
	else {
		put_bytes(&name, p, len);
		add_part(pattern, &name, 1);
		*text = p + len + 1;
		return 0;
	}
	return -1;
}

int
pattern_parse(struct pattern *pattern, const char *text, const char **wrong)
{
	int rc = 0;

	*pattern = (struct pattern) { 0 };
	while (rc == 0 && *text) {
		rc = parse_literal(pattern, &text, wrong);
		if (rc == 0 && *text)
			rc = parse_capture(pattern, &text, wrong);
	}
	if (rc < 0)
		pattern_release(pattern);
	return rc;
}

/*
 * The end of the capture that begins at p: where the literal behind it first
 * stands, or the end of the value for the last literal. NULL: there is none.
 *
 * Taking the first place is enough: a later one in the same segment leaves the
 * next capture a part of what it could have, and no capture crosses a '/'.
 */
static const char *
capture_end(const char *p, const char *end, const char *literal, int last)
{
	const char *slash = memchr(p, '/', (size_t)(end - p));
	size_t n = literal ? strlen(literal) : 0;
	const char *q;

	if (!slash)
		slash = end;
	if ((size_t)(end - p) < n + 1)
		return NULL;
	if (last) {
		q = end - n;
		return q <= slash && !memcmp(q, literal ? literal : "", n)
		    ? q : NULL;
	}
	for (q = p + 1; q <= slash && (size_t)(end - q) >= n; q++)
		if (!memcmp(q, literal, n))
			return q;
	return NULL;
}

int
pattern_match(const struct pattern *pattern, const char *value, size_t len,
    struct captures *captures)
{
	const char *p = value, *end = value + len, *q;
	const struct pattern_part *part;
	size_t i;

	for (i = 0; i < pattern->n; i++) {
		part = &pattern->parts[i];
		if (!part->capture) {
			len = strlen(part->text);
			if ((size_t)(end - p) < len ||
			    memcmp(p, part->text, len) != 0)
				return 0;
			p += len;
			continue;
		}
		q = capture_end(p, end,
		    i + 1 < pattern->n ? part[1].text : NULL,
		    i + 2 >= pattern->n);
		if (!q)
			return 0;
		captures->list[captures->n++] = (struct capture) {
			.name = part->text,
			.value = p,
			.len = (size_t)(q - p),
		};
		p = q;
	}
	return p == end;
}

const struct capture *
captures_find(const struct captures *captures, const char *name)
{
	size_t i;

	for (i = 0; i < captures->n; i++)
		if (!strcmp(captures->list[i].name, name))
			return &captures->list[i];
	return NULL;
}

void
pattern_expand(const struct pattern *pattern, const struct captures *captures,
    struct ch_buf *out)
{
	const struct pattern_part *part;
	const struct capture *capture;
	size_t i;

	for (i = 0; i < pattern->n; i++) {
		part = &pattern->parts[i];
		if (!part->capture) {
			put_string(out, part->text);
			continue;
		}
		capture = captures_find(captures, part->text);
		if (capture)
			put_bytes(out, capture->value, capture->len);
	}
}
