/*
 * The elements of a Forwarded field.
 *
 * It can be read from its left only, for a quoted string may hold commas. What
 * a proxy adds stands at the right: where the left is broken, by a client who
 * wants to swallow it with a quote, nothing of the line is to be believed.
 */
#include "chserve/forwarded.h"

#include "chserve/token.h"

#include <string.h>
#include <strings.h>

#define BLANK " \t"

static size_t
token_length(const char *text)
{
	size_t n = 0;

	while (token_has(text[n]))
		n++;
	return n;
}

/* Take a token or a quoted string off *at; -1 if it is none or does not fit. */
static int
take_value(const char **at, char *to, size_t size)
{
	const char *text = *at;
	int quoted = *text == '"';
	size_t n = 0;

	text += quoted;
	while (quoted ? *text != '"' : token_has(*text)) {
		if (quoted && *text == '\\')
			text++;
		if (!*text || n + 1 >= size)
			return -1;
		to[n++] = *text++;
	}
	to[n] = '\0';
	*at = text + quoted;
	return n || quoted ? 0 : -1;
}

/* Take "name=value" off *at; -1 for what is none, or is among those seen. */
static int
take_pair(const char **at, struct forwarded *element, unsigned *seen)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} known[] = {
		{ "for", element->node, sizeof(element->node) },
		{ "proto", element->proto, sizeof(element->proto) },
		{ "host", element->host, sizeof(element->host) },
	};
	const char *name = *at;
	size_t n = token_length(name), i;
	char other[256];

	if (!n || name[n] != '=')
		return -1;
	*at += n + 1;
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strlen(known[i].name) != n ||
		    strncasecmp(known[i].name, name, n) != 0)
			continue;
		if (*seen & 1u << i)
			return -1;
		*seen |= 1u << i;
		return take_value(at, known[i].to, known[i].size);
	}
	return take_value(at, other, sizeof(other));
}

int
forwarded_next(const char **at, struct forwarded *element)
{
	unsigned seen = 0;

	memset(element, 0, sizeof(*element));
	if (!*at)
		return 0;
	for (;;) {
		*at += strspn(*at, BLANK);
		if (**at && **at != ';' && **at != ',' &&
		    take_pair(at, element, &seen))
			return -1;
		*at += strspn(*at, BLANK);
		if (**at != ';')
			break;
		++*at;
	}
	if (**at && **at != ',')
		return -1;
	*at = **at ? *at + 1 : NULL;
	return 1;
}
