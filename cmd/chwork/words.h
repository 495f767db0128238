/*
 * words.h - a routes text cut into lines of words.
 *
 * Quoting is that of a shell, nothing is expanded; a backslash at the end of a
 * line goes on with the next; # at the beginning of a word starts a comment. In
 * a word that begins as KEY~, an expression, a backslash outside quotes stays.
 * Pure: neither files nor clock.
 */
#ifndef CHWORK_WORDS_H
#define CHWORK_WORDS_H

#include "base/buf.h"

#include <stddef.h>

struct place {
	unsigned line, column; /* in characters, both from 1 */
};

struct word {
	size_t start; /* of its text in words->text, ended by a NUL */
	struct place at;
};

struct words {
	const char *p, *end; /* what is still to be cut */
	struct place at;     /* of p */
	struct ch_buf text;
	struct ch_buf places; /* a struct place for each byte of text */
	struct word *list; /* the words of this line */
	size_t n, size;
	const char *wrong; /* what words_next did not understand, and where */
	struct place where;
};

/* Begin with len bytes of source, which must outlive the words. */
void words_init(struct words *words, const char *source, size_t len);

/*
 * The next line that has words. 1: it is in list; 0: no more; -1: `wrong` says
 * why this line is not understood, and the next call goes on behind it.
 */
int words_next(struct words *words);

/* The text of word i; valid until the next call of words_next. */
const char *words_text(const struct words *words, size_t i);

/* Append a word as it may be written, in quotes where it needs some. */
void words_quote(struct ch_buf *out, const char *word);

/* Where the byte at that offset of word i is, or its end. */
struct place words_place(const struct words *words, size_t i, size_t offset);

void words_release(struct words *words);

#endif
