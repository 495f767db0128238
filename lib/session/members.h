/*
 * members.h - the members of a JSON object, as pieces of its text: numbers
 * keep their digits, members their order. Pure.
 *
 * The text must be one that ch_message_check accepts.
 */
#ifndef CH_SESSION_MEMBERS_H
#define CH_SESSION_MEMBERS_H

#include "base/buf.h"

#include <stddef.h>

/* A piece of a text. */
struct ch_piece {
	const char *text;
	size_t len;
};

/*
 *     struct ch_members walk = ch_members(text, len);
 *     while (ch_members_next(&walk)) … walk.key (with quotes), walk.value …
 */
struct ch_members {
	struct ch_piece key, value;
	const char *at, *end;
};
struct ch_members ch_members(const char *text, size_t len);
int ch_members_next(struct ch_members *walk);

/* Whether two strings, with their quotes, mean the same. */
int ch_members_same(struct ch_piece one, struct ch_piece other);

/* What a string means, new, without a NUL inside; NULL if it is none such. */
char *ch_members_string(struct ch_piece string);

/* Append `text` as a string; 0, or -1 when memory runs out. */
int ch_members_quote(struct ch_buf *buf, const char *text);

/*
 * Append the object that comes of `object` when each member of `patch`
 * replaces the one of its name, and null removes it; 0, or -1.
 */
int ch_members_merge(struct ch_buf *buf, struct ch_piece object,
    struct ch_piece patch);

#endif
