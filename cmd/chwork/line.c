/* line.c - a line of a routes text while it is read, word by word. */
#include "chwork/line.h"

#include "common/put.h"
#include "common/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
line_grow(void *list, size_t n, size_t size)
{
	list = realloc(list, n * size);
	if (!list)
		say_memory();
	return list;
}

char *
line_copy(const char *text)
{
	char *new = strdup(text);

	if (!new)
		say_memory();
	return new;
}

char *
line_place(const struct line *line, unsigned number)
{
	struct ch_buf place = CH_BUF_INIT;

	put_string(&place, line->source);
	if (!line->one || number > 1)
		put_format(&place, ":%u", number);
	return place.data;
}

char *
line_text(const struct line *line)
{
	struct ch_buf text = CH_BUF_INIT;

	for (size_t i = 0; i < line->words->n; i++) {
		if (i)
			put_char(&text, ' ');
		words_quote(&text, words_text(line->words, i));
	}
	return text.data;
}

void
line_wrong_at(struct line *line, struct place at, const char *what)
{
	char *place = line_place(line, at.line);

	line->errors++;
	line->routes->errors++;
	line->routes->wrong(place, at.column, what);
	free(place);
}

void
line_wrong(struct line *line, size_t word, const char *format, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	line_wrong_at(line, line->words->list[word].at, what);
}

const char *
line_peek(const struct line *line)
{
	return line->i < line->words->n ? words_text(line->words, line->i)
					: NULL;
}
