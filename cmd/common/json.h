/*
 * json.h - looking into messages, and writing them, as text.
 *
 * Messages were checked on their way into the store, so programs do not parse
 * them again: a struct json is a piece of such a text, found by scanning.
 * Numbers keep their digits, objects the order of their keys. Any bytes may be
 * given: the scan stays inside them, and finds nothing where they are not JSON.
 *
 * What writes ends the program when memory runs out (74).
 */
#ifndef CMD_COMMON_JSON_H
#define CMD_COMMON_JSON_H

#include "base/buf.h"

#include <stddef.h>

/* One value, without space around it; text is NULL for none. */
struct json {
	const char *text;
	size_t len;
};

/* The value that text is. */
struct json json_value(const char *text, size_t len);

/* Its first character tells the kind: one of { [ " t f n - or a digit; 0. */
char json_kind(struct json value);

/*
 * Walks the members of an object (keys with their quotes) or the elements of
 * an array (key none): 1 for each, 0 at the end.
 *
 *     struct json_walk walk = json_walk(object);
 *     while (json_next(&walk)) … walk.key, walk.value …
 */
struct json_walk {
	struct json key;
	struct json value;
	const char *at;
	const char *end;
};
struct json_walk json_walk(struct json container);
int json_next(struct json_walk *walk);

/*
 * The value at `path` ("a.b"; a number counts array elements from 0); of keys
 * that are there twice the last. None if there is no such one.
 */
struct json json_get(struct json value, const char *path, size_t len);

/* Whether the string `value` means exactly `text`. */
int json_is(struct json value, const char *text, size_t len);

/* Append a string's characters, a lone surrogate as U+FFFD; others as text. */
void json_bare(struct ch_buf *buf, struct json value);

/* Append text, valid UTF-8, as a string with its quotes. */
void json_quote(struct ch_buf *buf, const char *text, size_t len);

/* Append any bytes as a string: what is no UTF-8 becomes a question mark. */
void json_quote_any(struct ch_buf *buf, const char *bytes, size_t len);

/* Where text stops being UTF-8; len if it is all valid. */
size_t json_utf8(const char *text, size_t len);

/*
 * A string of bytes as JSON: U+FFFF followed by base64. json_box appends it
 * with its quotes; json_bytes does so only where they are not UTF-8 or would be
 * taken for a box, and else appends them as text. json_unbox appends the bytes
 * of a box, or the characters of another string; -1 if it is neither, or a box
 * that is not sound.
 */
void json_box(struct ch_buf *buf, const void *bytes, size_t len);
void json_bytes(struct ch_buf *buf, const char *bytes, size_t len);
int json_unbox(struct ch_buf *buf, struct json value);

#endif
