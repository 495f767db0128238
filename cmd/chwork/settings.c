/* settings.c - NAME=VALUE in a routes text. */
#include "chwork/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static size_t
name_length(const char *word)
{
	size_t n = 0;

	if (isdigit((unsigned char)word[0]))
		return 0;
	while (isalnum((unsigned char)word[n]) || word[n] == '_')
		n++;
	return n;
}

int
settings_is_one(const char *word)
{
	size_t n = name_length(word);

	return n && word[n] == '=';
}

static size_t
count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* Where the list has a setting of that name, or its end. */
static size_t
find(char *const *list, const char *name, size_t len)
{
	size_t i = 0;

	while (list && list[i] &&
	    (strncmp(list[i], name, len) != 0 || list[i][len] != '='))
		i++;
	return i;
}

static void
put(char ***list, const char *setting)
{
	size_t n = count(*list);
	size_t i = find(*list, setting, name_length(setting));

	if (i == n) {
		*list = line_grow(*list, n + 2, sizeof(**list));
		(*list)[n + 1] = NULL;
	} else {
		free((*list)[i]);
	}
	(*list)[i] = line_copy(setting);
}

void
settings_read(struct line *line, char ***list)
{
	const char *word;

	for (; (word = line_peek(line)) && settings_is_one(word); line->i++) {
		if (!strncmp(word, "CH_", 3))
			line_wrong(line, line->i, "names that begin with CH_ "
			    "are for what a message holds");
		else
			put(list, word);
	}
}

char **
settings_copy(char *const *list)
{
	char **new = NULL;

	for (; list && *list; list++)
		put(&new, *list);
	return new;
}

const char *
settings_find(char *const *list, const char *name)
{
	size_t len = strlen(name), i = find(list, name, len);

	return list && list[i] ? list[i] + len + 1 : NULL;
}

void
settings_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}
