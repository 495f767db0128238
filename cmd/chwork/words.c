/* words.c - a routes text cut into lines of words. */
#include "chwork/words.h"

#include "common/put.h"
#include "common/say.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void
words_init(struct words *words, const char *source, size_t len)
{
	*words = (struct words) {
		.p = source,
		.end = source + len,
		.at = { 1, 1 },
		.text = CH_BUF_INIT,
		.places = CH_BUF_INIT,
	};
}

void
words_release(struct words *words)
{
	ch_buf_release(&words->text);
	ch_buf_release(&words->places);
	free(words->list);
	words->list = NULL;
}

const char *
words_text(const struct words *words, size_t i)
{
	return words->text.data + words->list[i].start;
}

struct place
words_place(const struct words *words, size_t i, size_t offset)
{
	struct place at;

	memcpy(&at, words->places.data +
	    (words->list[i].start + offset) * sizeof(at), sizeof(at));
	return at;
}

static int
left(const struct words *words)
{
	return words->p < words->end;
}

static char
take(struct words *words)
{
	char c = *words->p++;

	if (c == '\n') {
		words->at.line++;
		words->at.column = 1;
	} else if (((unsigned char)c & 0xc0) != 0x80) {
		words->at.column++;
	}
	return c;
}

static int
at_join(const struct words *words)
{
	return words->end - words->p >= 2 && words->p[0] == '\\' &&
	    words->p[1] == '\n';
}

static int
at_blank(const struct words *words)
{
	return *words->p == ' ' || *words->p == '\t' || *words->p == '\r';
}

static void
skip_comment(struct words *words)
{
	while (left(words) && *words->p != '\n')
		take(words);
}

/* To behind the line and those that it goes on with. */
static void
skip_line(struct words *words)
{
	while (left(words)) {
		if (at_join(words))
			take(words);
		else if (*words->p == '\n') {
			take(words);
			return;
		}
		take(words);
	}
}

/* Forwards to the next word, or to the end of the line. */
static void
skip_blanks(struct words *words)
{
	while (left(words)) {
		if (at_join(words))
			take(words);
		else if (!at_blank(words))
			return;
		take(words);
	}
}

static int
fail(struct words *words, struct place where, const char *wrong)
{
	words->wrong = wrong;
	words->where = where;
	skip_line(words);
	return -1;
}

/* Add a character of a word, which stands there. */
static void
put(struct words *words, char c, struct place at)
{
	put_char(&words->text, c);
	put_bytes(&words->places, &at, sizeof(at));
}

/* What stands between two quotes, the first of which has been taken. */
static int
cut_quoted(struct words *words, char quote, struct place opened)
{
	struct place at;
	char c;

	while (left(words) && *words->p != '\n') {
		at = words->at;
		c = take(words);
		if (c == quote)
			return 0;
		if (quote == '"' && c == '\\' && left(words)) {
			if (*words->p == '\n') {
				take(words);
				continue;
			}
			if (*words->p == '"' || *words->p == '\\')
				c = take(words);
		}
		if (c == '\0')
			return fail(words, opened, "a NUL byte");
		put(words, c, at);
	}
	return fail(words, opened, "this quote is not closed on its line");
}

/* Whether the word so far is KEY~, behind which is an expression. */
static int
is_expression(const struct words *words)
{
	const char *p = words->text.data, *end;

	if (!p)
		return 0;
	end = p + words->text.len;
	p += words->list[words->n - 1].start;
	while (p < end && (isalnum((unsigned char)*p) || strchr("_-.", *p)))
		p++;
	return p < end && *p == '~';
}

static int
cut_word(struct words *words)
{
	struct place at;
	char c;

	while (left(words) && !at_blank(words) && *words->p != '\n') {
		at = words->at;
		if (at_join(words)) {
			take(words);
			take(words);
			continue;
		}
		c = take(words);
		if (c == '\'' || c == '"') {
			if (cut_quoted(words, c, at) < 0)
				return -1;
			continue;
		}
		if (c == '\\') {
			if (!left(words))
				return fail(words, at,
				    "nothing follows the backslash");
			if (is_expression(words))
				put(words, c, at);
			at = words->at;
			c = take(words);
		}
		if (c == '\0')
			return fail(words, at, "a NUL byte");
		put(words, c, at);
	}
	put(words, '\0', words->at);
	return 0;
}

static void
new_word(struct words *words)
{
	if (words->n == words->size) {
		words->size = words->size ? 2 * words->size : 16;
		words->list = realloc(words->list,
		    words->size * sizeof(*words->list));
		if (!words->list)
			say_memory();
	}
	words->list[words->n++] = (struct word) {
		.start = words->text.len,
		.at = words->at,
	};
}

int
words_next(struct words *words)
{
	words->n = 0;
	ch_buf_clear(&words->text);
	ch_buf_clear(&words->places);
	while (left(words)) {
		skip_blanks(words);
		if (!left(words))
			break;
		if (*words->p == '#') {
			skip_comment(words);
		} else if (*words->p == '\n') {
			take(words);
		} else {
			new_word(words);
			if (cut_word(words) < 0)
				return -1;
			continue;
		}
		if (words->n)
			break;
	}
	return words->n > 0;
}

void
words_quote(struct ch_buf *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_{}~";

	if (*word && !word[strspn(word, plain)]) {
		put_string(out, word);
		return;
	}
	put_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			put_string(out, "'\\'");
		put_char(out, *word);
	}
	put_char(out, '\'');
}
