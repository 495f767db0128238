/* filter.c - what the value of a message's key has to be. */
#include "chwork/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The length of the key if the word begins as a filter does, else 0. */
static size_t
key_length(const char *word)
{
	size_t n = 0;

	while (isalnum((unsigned char)word[n]) || word[n] == '_' ||
	    word[n] == '-' || word[n] == '.')
		n++;
	return word[n] == '=' ? n : 0;
}

static const char *
captured_twice(const struct route *route)
{
	struct captures seen = { .n = 0 };
	const struct pattern *pattern;

	for (size_t i = 0; i < route->nfilters; i++) {
		pattern = &route->filters[i].pattern;
		for (size_t k = 0; k < pattern->n; k++) {
			const char *name = pattern->parts[k].text;

			if (!pattern->parts[k].capture)
				continue;
			if (captures_find(&seen, name))
				return "a capture has its name twice";
			if (seen.n == PATTERN_CAPTURES)
				return "too many captures";
			seen.list[seen.n++].name = name;
		}
	}
	return NULL;
}

static void
read_filter(struct line *line, const char *word, size_t key)
{
	struct route *route = line->route;
	struct filter filter = { 0 };
	const char *what = NULL;

	if (pattern_parse(&filter.pattern, word + key + 1, &what) < 0) {
		line_wrong(line, line->i, "%s", what);
		return;
	}
	filter.key = line_copy(word);
	filter.key[key] = '\0';
	route->filters = line_grow(route->filters, route->nfilters + 1,
	    sizeof(filter));
	route->filters[route->nfilters++] = filter;
	what = captured_twice(route);
	if (what)
		line_wrong(line, line->i, "%s", what);
}

void
filters_read(struct line *line)
{
	const char *word;
	size_t key;

	for (; (word = line_peek(line)); line->i++) {
		key = key_length(word);
		if (!key)
			return;
		read_filter(line, word, key);
	}
}

int
filters_look_at(const struct route *route, const char *key)
{
	for (size_t i = 0; i < route->nfilters; i++)
		if (!strcmp(route->filters[i].key, key))
			return 1;
	return 0;
}

int
filters_capture(const struct route *route, const char *name)
{
	for (size_t i = 0; i < route->nfilters; i++) {
		const struct pattern *pattern = &route->filters[i].pattern;

		for (size_t k = 0; k < pattern->n; k++)
			if (pattern->parts[k].capture &&
			    !strcmp(pattern->parts[k].text, name))
				return 1;
	}
	return 0;
}

void
filter_release(struct filter *filter)
{
	free(filter->key);
	pattern_release(&filter->pattern);
}
