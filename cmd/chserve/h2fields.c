/* The fields of an answer, as HTTP/2 has them. */
#include "chserve/h2fields.h"

#include "common/say.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
is_of_connection(const char *name)
{
	static const char *const names[] = { "connection", "keep-alive",
		"proxy-connection", "transfer-encoding", "upgrade" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return 1;
	return 0;
}

static void
add(struct h2fields *to, char *name, char *value)
{
	to->items[to->n++] = (nghttp2_nv){ (uint8_t *)name, (uint8_t *)value,
		strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE };
}

/* "Name: value", the line's end already cut off. */
static void
add_line(struct h2fields *to, char *line)
{
	char *colon = strchr(line, ':'), *c;

	if (!colon || colon == line)
		return;
	*colon = '\0';
	for (c = line; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	if (!is_of_connection(line))
		add(to, line, colon + 1 + strspn(colon + 1, " \t"));
}

void
h2fields_init(struct h2fields *to, int status, const char *fields)
{
	size_t n = strlen(fields), lines = 1;
	char *line, *end;
	const char *c;

	for (c = fields; (c = strchr(c, '\n')); c++)
		lines++;
	to->n = 0;
	to->text = malloc(n + sizeof(":status") + 13);
	to->items = calloc(lines + 1, sizeof(*to->items));
	if (!to->text || !to->items)
		say_memory();
	memcpy(to->text, fields, n + 1);
	line = to->text + n + 1;
	snprintf(line, 20, ":status%c%d", '\0', status);
	add(to, line, line + sizeof(":status"));
	for (line = to->text; (end = strstr(line, "\r\n")); line = end + 2) {
		*end = '\0';
		add_line(to, line);
	}
}

void
h2fields_release(struct h2fields *fields)
{
	free(fields->text);
	free(fields->items);
	fields->text = NULL;
	fields->items = NULL;
}
