/* The head of an HTTP/1.x request, parsed. */
#include "chserve/head.h"

#include "chserve/host.h"
#include "chserve/token.h"

#include "common/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEY_LENGTH 24    /* a Sec-WebSocket-Key: 16 bytes in base64 */
#define LENGTH_DIGITS 18 /* of a Content-Length */

static int
is_utf8(const char *text, size_t n)
{
	return json_utf8(text, n) == n;
}

/* CGI would make a - of the _ that a token may have. */
static int
may_name(char c)
{
	return token_has(c) && c != '_';
}

size_t
head_length(const char *bytes, size_t n)
{
	const char *end = memmem(bytes, n, "\r\n\r\n", 4);
	const char *bare = memmem(bytes, n, "\n\n", 2);

	if (bare && (!end || bare < end))
		return (size_t)(bare - bytes) + 2;
	return end ? (size_t)(end - bytes) + 4 : 0;
}

/* Cut the line at *rest off; NULL at the blank one or at a bare LF or CR. */
static char *
cut_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	if (!end || end == line || end[-1] != '\r')
		return NULL;
	end[-1] = '\0';
	*rest = end + 1;
	return line;
}

/* Decode %XX in place; 0, or 400. */
static int
decode_path(char *path)
{
	char *in = path, *out = path;
	int high, low;

	for (; *in; out++) {
		if (*in != '%') {
			*out = *in++;
			continue;
		}
		high = token_hex(in[1]);
		low = high < 0 ? -1 : token_hex(in[2]);
		if (low < 0)
			return 400;
		*out = (char)(high << 4 | low);
		if (token_control(*out) || *out == '\t')
			return 400;
		in += 3;
	}
	*out = '\0';
	return is_utf8(path, (size_t)(out - path)) ? 0 : 400;
}

/* What of a target in absolute form names the host; NULL: it is in another. */
static const char *
authority(const char *target)
{
	if (strncasecmp(target, "http://", 7) == 0)
		return target + 7;
	return strncasecmp(target, "https://", 8) == 0 ? target + 8 : NULL;
}

/* A target in absolute form counts as its path. */
static char *
origin_form(char *target)
{
	const char *name = authority(target);
	char *slash = name ? strchr(target + (name - target), '/') : NULL;

	return slash ? slash : target;
}

static int
parse_target(struct head *head, char *target)
{
	size_t i;
	char *mark;

	for (i = 0; target[i]; i++)
		if ((unsigned char)target[i] <= 0x20 || target[i] == 0x7f ||
		    target[i] == '#')
			return 400;
	head->path = target = origin_form(target);
	if (strcmp(target, "*") == 0)
		return strcmp(head->method, "OPTIONS") == 0 ? 0 : 400;
	if (*target != '/')
		return 400;
	mark = strchr(target, '?');
	if (mark) {
		*mark++ = '\0';
		head->query = mark;
	}
	if (!is_utf8(head->query, strlen(head->query)))
		return 400;
	return decode_path(target);
}

static int
parse_request_line(struct head *head, char *line, char *copy)
{
	char *target = strchr(line, ' '), *version, *c;

	version = target ? strchr(target + 1, ' ') : NULL;
	if (!version || target == line)
		return 400;
	*target++ = '\0';
	*version++ = '\0';
	for (c = line; *c; c++)
		if (!may_name(*c))
			return 400;
	if (strncmp(version, "HTTP/", 5) != 0)
		return 400;
	if (strcmp(version, "HTTP/1.1") != 0 &&
	    strcmp(version, "HTTP/1.0") != 0)
		return 505;
	head->method = line;
	head->minor = version[7] - '0';
	head->target = target;
	return parse_target(head, strcpy(copy, target));
}

static int
parse_field(struct head *head, char *line)
{
	char *colon = strchr(line, ':'), *c, *end;

	if (!colon || colon == line)
		return 400;
	*colon = '\0';
	for (c = line; *c; c++) {
		if (!may_name(*c))
			return 400; /* an underscore, too: no token here */
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	}
	c = colon + 1 + strspn(colon + 1, " \t");
	end = c + strlen(c);
	while (end > c && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	if (head->n_fields == HEAD_FIELDS)
		return 431;
	head->fields[head->n_fields].name = line;
	head->fields[head->n_fields++].value = c;
	for (; *c; c++)
		if (token_control(*c))
			return 400;
	return 0;
}

static size_t
count_fields(const struct head *head, const char *name)
{
	size_t i, n = 0;

	for (i = 0; i < head->n_fields; i++)
		n += strcmp(head->fields[i].name, name) == 0;
	return n;
}

/* A Host is one, and a target in absolute form says the same. */
static int
check_host(const struct head *head)
{
	const char *name = authority(head->target);
	size_t n = strlen(head->host);
	struct host host;

	if (!n)
		return head->minor > 0 ? 400 : 0;
	if (host_read(&host, head->host, n))
		return 400;
	return name && (strcspn(name, "/") != n ||
	    strncasecmp(name, head->host, n) != 0) ? 400 : 0;
}

/* What only makes sense once: two would be read differently by others. */
static int
check_fields(struct head *head)
{
	static const char *const once[] = { "host", "content-length",
		"transfer-encoding", "origin", "sec-websocket-key" };
	const char *host = head_get(head, "host");
	enum head_framing framing;
	off_t length;
	size_t i;

	for (i = 0; i < sizeof(once) / sizeof(*once); i++)
		if (count_fields(head, once[i]) > 1)
			return 400;
	head->host = host ? host : "";
	if (check_host(head))
		return 400;
	return head_body(head, &framing, &length);
}

int
head_parse(struct head *head, const char *bytes, size_t n)
{
	char *rest, *line;
	int status;

	memset(head, 0, sizeof(*head));
	head->host = "";
	if (memchr(bytes, '\0', n))
		return 400;
	head->size = 2 * (n + 1); /* decoding is done in a copy */
	head->text = malloc(head->size);
	if (!head->text)
		return 503;
	memcpy(head->text, bytes, n);
	head->text[n] = '\0';
	head->target = head->query = head->text + n; /* "" */
	rest = head->text;
	line = cut_line(&rest);
	status = line ? parse_request_line(head, line, head->text + n + 1)
		      : 400;
	while (!status && strcmp(rest, "\r\n") != 0) {
		line = cut_line(&rest);
		status = line ? parse_field(head, line) : 400;
	}
	return status ? status : check_fields(head);
}

void
head_release(struct head *head)
{
	free(head->text);
	head->text = NULL;
	head->size = 0;
}

const char *
head_get(const struct head *head, const char *name)
{
	size_t i;

	for (i = 0; i < head->n_fields; i++)
		if (strcmp(head->fields[i].name, name) == 0)
			return head->fields[i].value;
	return NULL;
}

static int
list_has(const char *list, const char *word)
{
	size_t len = strlen(word), n;

	while (*list) {
		list += strspn(list, " \t,");
		n = strcspn(list, ",");
		if (n >= len && strncasecmp(list, word, len) == 0 &&
		    strspn(list + len, " \t") == n - len)
			return 1;
		list += n;
	}
	return 0;
}

int
head_has(const struct head *head, const char *name, const char *word)
{
	size_t i;

	for (i = 0; i < head->n_fields; i++)
		if (strcmp(head->fields[i].name, name) == 0 &&
		    list_has(head->fields[i].value, word))
			return 1;
	return 0;
}

/* Digits, no more than fit; -1 otherwise. */
static off_t
read_length(const char *digits)
{
	if (!*digits || strlen(digits) > LENGTH_DIGITS ||
	    digits[strspn(digits, "0123456789")])
		return -1;
	return (off_t)strtoll(digits, NULL, 10);
}

int
head_body(const struct head *head, enum head_framing *framing, off_t *length)
{
	const char *digits = head_get(head, "content-length");
	const char *coding = head_get(head, "transfer-encoding");

	*framing = HEAD_NO_BODY;
	*length = 0;
	if (coding) {
		if (digits || head->minor != 1)
			return 400;
		if (strcasecmp(coding, "chunked") != 0)
			return 501;
		*framing = HEAD_CHUNKED;
		return 0;
	}
	if (!digits)
		return 0;
	*length = read_length(digits);
	if (*length < 0)
		return strspn(digits, "0123456789") == strlen(digits) &&
		    *digits ? 413 : 400;
	if (*length)
		*framing = HEAD_LENGTH;
	return 0;
}

int
head_expects(const struct head *head)
{
	const char *expect = head_get(head, "expect");

	return expect && head->minor > 0 &&
	    strcasecmp(expect, "100-continue") == 0;
}

int
head_keeps(const struct head *head)
{
	if (head->minor == 0)
		return head_has(head, "connection", "keep-alive");
	return !head_has(head, "connection", "close");
}

int
head_upgrades(const struct head *head)
{
	const char *key = head_get(head, "sec-websocket-key");
	const char *version = head_get(head, "sec-websocket-version");
	enum head_framing framing;
	off_t length;

	if (!head_has(head, "upgrade", "websocket") || head->minor == 0)
		return 0;
	if (strcmp(head->method, "GET") != 0 ||
	    head_body(head, &framing, &length) || framing != HEAD_NO_BODY ||
	    !head_has(head, "connection", "upgrade"))
		return 400;
	if (!version || strcmp(version, "13") != 0)
		return 426;
	if (!key || strlen(key) != KEY_LENGTH || strcmp(key + 22, "==") != 0)
		return 400;
	return 1;
}
