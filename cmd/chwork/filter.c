/* filter.c - filters, read from a routes text. */
#include "chwork/filter.h"

#include "chwork/line.h"
#include "chwork/regex.h"

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
	return word[n] == '=' || word[n] == '~' ? n : 0;
}

/* The name of the i-th capture, or NULL behind the last. */
static const char *
capture_of(const struct filter *filter, size_t i)
{
	const struct pattern *pattern = &filter->pattern;

	if (filter->regex)
		return regex_capture(filter->regex, i);
	for (size_t k = 0; k < pattern->n; k++)
		if (pattern->parts[k].capture && !i--)
			return pattern->parts[k].text;
	return NULL;
}

/* Add the filter's captures to those seen; what is wrong with them, or NULL. */
static const char *
see_captures(const struct filter *filter, struct captures *seen)
{
	const char *name;

	for (size_t i = 0; (name = capture_of(filter, i)); i++) {
		if (captures_find(seen, name))
			return "a capture has its name twice";
		if (seen->n == PATTERN_CAPTURES)
			return "too many captures";
		seen->list[seen->n++].name = name;
	}
	return NULL;
}

static const char *
check_captures(const struct filters *filters)
{
	struct captures seen = { .n = 0 };
	const char *what = NULL;

	for (; filters; filters = filters->outer)
		for (size_t i = 0; !what && i < filters->n; i++)
			what = see_captures(&filters->list[i], &seen);
	return what;
}

/* /blog/ is the prefix of what /blog is. */
static void
trim_slash(struct pattern *pattern)
{
	struct pattern_part *last;
	size_t len;

	if (!pattern->n)
		return;
	last = &pattern->parts[pattern->n - 1];
	if (last->capture)
		return;
	len = strlen(last->text);
	if (last->text[len - 1] == '/')
		last->text[len - 1] = '\0';
}

/* What the filter's key is compared with; 0, or -1 after telling. */
static int
read_how(struct line *line, struct filter *filter, const char *word,
    size_t key)
{
	char wrong[256];
	const char *what;
	size_t offset;

	if (word[key] == '~') {
		filter->regex = regex_new(word + key + 1, wrong, sizeof(wrong),
		    &offset);
		if (filter->regex)
			return 0;
		line_wrong_at(line, words_place(line->words, line->i,
		    key + 1 + offset), wrong);
		return -1;
	}
	if (pattern_parse(&filter->pattern, word + key + 1, &what) == 0)
		return 0;
	line_wrong(line, line->i, "%s", what);
	return -1;
}

static void
read_filter(struct line *line, const char *word, size_t key,
    struct filters *filters, int include)
{
	struct filter filter = { 0 };
	const char *what;

	if (read_how(line, &filter, word, key) < 0)
		return;
	filter.key = line_copy(word);
	filter.key[key] = '\0';
	filter.prefix = include && !strcmp(filter.key, "path");
	if (filter.prefix)
		trim_slash(&filter.pattern);
	filters->list = line_grow(filters->list, filters->n + 1,
	    sizeof(filter));
	filters->list[filters->n++] = filter;
	what = check_captures(filters);
	if (what)
		line_wrong(line, line->i, "%s", what);
}

void
filters_read(struct line *line, struct filters *filters, int include)
{
	const char *word;
	size_t key;

	for (; (word = line_peek(line)); line->i++) {
		key = key_length(word);
		if (!key)
			return;
		read_filter(line, word, key, filters, include);
	}
}

int
filters_look_at(const struct filters *filters, const char *key)
{
	for (; filters; filters = filters->outer)
		for (size_t i = 0; i < filters->n; i++)
			if (!strcmp(filters->list[i].key, key))
				return 1;
	return 0;
}

int
filters_capture(const struct filters *filters, const char *name)
{
	const char *other;

	for (; filters; filters = filters->outer)
		for (size_t i = 0; i < filters->n; i++)
			for (size_t k = 0; (other = capture_of(
			    &filters->list[i], k)); k++)
				if (!strcmp(other, name))
					return 1;
	return 0;
}

void
filters_release(struct filters *filters)
{
	for (size_t i = 0; i < filters->n; i++) {
		free(filters->list[i].key);
		pattern_release(&filters->list[i].pattern);
		regex_free(filters->list[i].regex);
	}
	free(filters->list);
	free(filters->text);
}
