/*
 * line.h - a line of a routes text while it is read, word by word.
 *
 * routes.c begins it; filter.c and actions.c read their part of it.
 */
#ifndef CHWORK_LINE_H
#define CHWORK_LINE_H

#include "chwork/routes.h"
#include "chwork/words.h"

struct line {
	struct routes *routes;
	const char *source;
	int one; /* it is the source's only one */
	const struct include *in; /* NULL: nothing includes it */
	const struct words *words;
	size_t i; /* the word that is next */
	struct route *route;
	int verbatim; /* behind "--": no options or settings any more */
	char **settings; /* of the lines above */
	size_t errors;
};

/* The next word, or NULL. */
const char *line_peek(const struct line *line);

/* Tell what is wrong with a word, or at a place. */
void line_wrong(struct line *line, size_t word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void line_wrong_at(struct line *line, struct place at, const char *what);

/* For people: "routes:3". To be freed. */
char *line_place(const struct line *line, unsigned number);

/* The words of the line, from which the same would be read. To be freed. */
char *line_text(const struct line *line);

/* realloc and strdup; without memory the program ends. */
void *line_grow(void *list, size_t n, size_t size);
char *line_copy(const char *text);

#endif
