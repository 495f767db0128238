/* The head of a part of multipart/form-data, parsed. */
#include "chserve/part.h"

#include "chserve/token.h"

#include <string.h>
#include <strings.h>

static char *
skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

/* Cut off the blanks at the end of the n characters at text. */
static char *
trim(char *text, size_t n)
{
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	text[n] = '\0';
	return text;
}

static void
lower(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text |= 0x20;
}

/* --- parameters ---------------------------------------------------------- */

/* The quote that ends the value, NULL if none does. */
static char *
find_quote(char *value, int escapes)
{
	char *c, *behind;

	for (c = value; *c; c++) {
		if (escapes && *c == '\\' && (c[1] == '"' || c[1] == '\\')) {
			c++;
			continue;
		}
		if (*c != '"')
			continue;
		behind = skip_blanks(c + 1);
		return *behind == '\0' || *behind == ';' ? c : NULL;
	}
	return NULL;
}

static void
unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text == '\\' && (text[1] == '"' || text[1] == '\\'))
			text++;
		*out++ = *text;
	}
	*out = '\0';
}

/* The quoted value at `value`, its end cut off; NULL if it has none. */
static char *
take_quoted(char *value, char **behind)
{
	int escapes = 1;
	char *end = find_quote(value, escapes);

	if (!end)
		end = find_quote(value, escapes = 0);
	if (!end)
		return NULL;
	*end = '\0';
	*behind = end + 1;
	if (escapes)
		unescape(value);
	return value;
}

/* Take the value at `value`, quoted or not; what follows it, NULL: nothing. */
static char *
take_value(char **value)
{
	char *start = skip_blanks(*value), *behind;

	if (*start == '"') {
		*value = take_quoted(start + 1, &behind);
		return *value ? behind : NULL;
	}
	*value = start;
	behind = start + strcspn(start, ";\" \t");
	return behind == start ? NULL : behind;
}

char *
part_word(char **at)
{
	char *word = skip_blanks(*at);
	size_t n = strcspn(word, ";");

	*at = word + n + (word[n] == ';');
	trim(word, n);
	lower(word);
	return word;
}

int
part_param(char **at, char **name, char **value)
{
	char *end, *behind;

	*name = skip_blanks(*at);
	if (**name == '\0')
		return 0;
	for (end = *name; token_has(*end); end++)
		;
	*value = skip_blanks(end);
	if (end == *name || *(*value)++ != '=')
		return -1;
	*end = '\0';
	lower(*name);
	end = take_value(value);
	if (!end)
		return -1;
	behind = skip_blanks(end);
	if (*behind != '\0' && *behind != ';')
		return -1;
	*at = behind + (*behind == ';');
	*end = '\0';
	return 1;
}

/* --- fields -------------------------------------------------------------- */

/* What browsers write for what would end a quoted name. */
static void
decode_name(char *text)
{
	char *out = text;

	while (*text) {
		if (strncmp(text, "%22", 3) == 0) {
			*out++ = '"';
			text += 3;
		} else if (strncasecmp(text, "%0d", 3) == 0) {
			*out++ = '\r';
			text += 3;
		} else if (strncasecmp(text, "%0a", 3) == 0) {
			*out++ = '\n';
			text += 3;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* What browsers of old put before the name goes, and what is no name. */
static char *
base_name(char *path)
{
	char *c, *name = path;

	for (c = path; *c; c++)
		if (*c == '/' || *c == '\\')
			name = c + 1;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return name + strlen(name);
	return name;
}

static int
has_control(const char *text)
{
	for (; *text; text++)
		if (token_control(*text) || *text == '\t')
			return 1;
	return 0;
}

static int
parse_disposition(struct part *part, char *text)
{
	char *name, *value;
	int rc;

	if (part->name || strcmp(part_word(&text), "form-data") != 0)
		return 400;
	while ((rc = part_param(&text, &name, &value)) > 0) {
		if (strcmp(name, "name") == 0 && !part->name) {
			decode_name(value);
			part->name = value;
		} else if (strcmp(name, "filename") == 0 && !part->filename) {
			decode_name(value);
			if (has_control(value))
				return 400;
			part->filename = base_name(value);
		} else if (strcmp(name, "filename") == 0 ||
		    strcmp(name, "name") == 0) {
			return 400; /* twice: which one would others take? */
		}
	}
	return rc < 0 || !part->name ? 400 : 0;
}

static int
is_plain(const char *encoding)
{
	return strcasecmp(encoding, "7bit") == 0 ||
	    strcasecmp(encoding, "8bit") == 0 ||
	    strcasecmp(encoding, "binary") == 0;
}

static int
parse_line(struct part *part, char *line)
{
	char *colon = strchr(line, ':'), *value, *c;

	for (c = line; c < colon && token_has(*c); c++)
		;
	if (!colon || colon == line || c < colon)
		return 400; /* a folded line, too */
	*colon = '\0';
	lower(line);
	value = skip_blanks(colon + 1);
	trim(value, strlen(value));
	for (c = value; *c; c++)
		if (token_control(*c))
			return 400;
	if (strcmp(line, "content-disposition") == 0)
		return parse_disposition(part, value);
	if (strcmp(line, "content-transfer-encoding") == 0)
		return is_plain(value) ? 0 : 400;
	if (strcmp(line, "content-type") != 0)
		return 0;
	if (part->type)
		return 400;
	part->type = value;
	return 0;
}

int
part_parse(struct part *part, char *head, size_t n)
{
	char *end = head + n - 2, *line, *cr; /* the blank line */
	int status, lines = 0;

	*part = (struct part){ NULL, NULL, NULL };
	if (memchr(head, '\0', n))
		return 400;
	for (line = head; line < end; line = cr + 2) {
		cr = strstr(line, "\r\n");
		*cr = '\0';
		if (++lines > PART_LINES)
			return 413;
		status = parse_line(part, line);
		if (status)
			return status;
	}
	return part->name ? 0 : 400;
}
