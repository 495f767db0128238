/* response.c - what a command prints, as the answer to a request. */
#include "chwork/response.h"

#include "common/json.h"
#include "common/put.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void
response_init(struct response *response, int cgi, size_t most)
{
	*response = (struct response) { .cgi = cgi, .line = 1,
		.most = most < RESPONSE_PART_MOST ? most
						  : RESPONSE_PART_MOST };
}

void
response_release(struct response *response)
{
	ch_buf_release(&response->headers);
	ch_buf_release(&response->asks);
	ch_buf_release(&response->in);
}

/* The head makes no sense: nothing more of the output is looked at. */
static void
refuse(struct response *response, const char *what)
{
	response->wrong = what;
	ch_buf_clear(&response->in);
}

/* --- the head ------------------------------------------------------------ */

/* "404 Not Found", "404" */
static void
read_status(struct response *response, const char *text, size_t len)
{
	int status = 0;
	size_t i;

	for (i = 0; i < 3 && i < len && isdigit((unsigned char)text[i]); i++)
		status = 10 * status + (text[i] - '0');
	if (i < 3 || status < 200 || status > 599 ||
	    (len > 3 && text[3] != ' '))
		refuse(response, "a status is a number from 200 to 599");
	response->status = status;
}

static int
is(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(name, word, len);
}

static void
add_field(struct response *response, const char *name, size_t len,
    const char *value, size_t n)
{
	struct ch_buf *headers = &response->headers;

	if (is(name, len, "Location"))
		response->moved = 1;
	if (is(name, len, "Content-Type") && n >= 17 &&
	    !strncasecmp(value, "text/event-stream", 17))
		response->events = 1;
	put_string(headers, headers->len ? ",[" : "[");
	json_quote(headers, name, len);
	put_char(headers, ',');
	json_bytes(headers, value, n);
	put_char(headers, ']');
}

/* What the server is to make of the visitor's session. */
static void
ask(struct response *response, const char *key, const char *value, size_t n)
{
	put_format(&response->asks, "\"%s\":", key);
	if (json_utf8(value, n) != n)
		refuse(response, "the field is not UTF-8");
	else if (n)
		json_quote(&response->asks, value, n);
	else
		put_string(&response->asks, "null");
	put_char(&response->asks, ',');
}

static int
has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' ? text[i] != '\t'
						 : text[i] == 0x7f)
			return 1;
	return 0;
}

/* How many bytes of text are those of a field's name. */
static size_t
name_length(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] && (isalnum((unsigned char)text[n]) ||
	    strchr("!#$%&'*+-.^_`|~", text[n])))
		n++;
	return n;
}

static void
read_field(struct response *response, const char *line, size_t len)
{
	size_t n = name_length(line, len);
	const char *value = line + n + 1, *end = line + len;

	if (!n || n == len || line[n] != ':') {
		refuse(response, "this is no header field (NAME: VALUE)");
		return;
	}
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (has_control(value, (size_t)(end - value)))
		refuse(response, "a header field has control characters");
	else if (is(line, n, "Status"))
		read_status(response, value, (size_t)(end - value));
	else if (is(line, n, "CH-Session"))
		ask(response, "session", value, (size_t)(end - value));
	else if (is(line, n, "CH-User"))
		ask(response, "user", value, (size_t)(end - value));
	else
		add_field(response, line, n, value, (size_t)(end - value));
}

/* A status line, if that is one. */
static int
read_first(struct response *response, const char *line, size_t len)
{
	size_t skip = 0;

	if (len > 5 && !memcmp(line, "HTTP/", 5)) {
		while (skip < len && line[skip] != ' ')
			skip++;
		skip += skip < len;
		if (response->cgi)
			refuse(response, "programs that speak HTTP themselves "
			    "(nph-) are not run");
	} else if (response->cgi || !len || !isdigit((unsigned char)*line)) {
		return 0;
	}
	if (!response->wrong)
		read_status(response, line + skip, len - skip);
	return 1;
}

static void
read_line(struct response *response, const char *line, size_t len)
{
	if (len && line[len - 1] == '\r')
		len--;
	if (response->line != 1 || !read_first(response, line, len)) {
		if (len)
			read_field(response, line, len);
		else
			response->state = RESPONSE_BODY;
	}
	response->line += !response->wrong;
}

/* The lines that are complete. */
static void
read_lines(struct response *response)
{
	struct ch_buf *in = &response->in;
	size_t at = 0;
	char *end;

	while (response->state == RESPONSE_HEAD && !response->wrong &&
	    at < in->len) {
		end = memchr(in->data + at, '\n', in->len - at);
		if (!end)
			break;
		response->read += (size_t)(end + 1 - (in->data + at));
		if (response->read > RESPONSE_HEAD_MOST)
			break;
		read_line(response, in->data + at,
		    (size_t)(end - (in->data + at)));
		at = (size_t)(end + 1 - in->data);
	}
	if (response->wrong)
		return;
	ch_buf_consume(in, at);
	if (response->state == RESPONSE_HEAD &&
	    response->read + in->len > RESPONSE_HEAD_MOST)
		refuse(response, "the head is longer than 64 KiB");
}

void
response_feed(struct response *response, const char *bytes, size_t n)
{
	if (response->wrong || response->state > RESPONSE_BODY)
		return;
	put_bytes(&response->in, bytes, n);
	if (response->state == RESPONSE_HEAD)
		read_lines(response);
}

void
response_end(struct response *response, int whole)
{
	int in_head = response->state == RESPONSE_HEAD;
	int nothing = in_head && !response->read && !response->in.len;

	if (response->state == RESPONSE_DONE)
		return;
	if (!response->wrong) {
		if (!whole)
			response->broken = 1;
		else if (nothing && response->cgi)
			refuse(response, "there is no output");
		else if (in_head && !nothing)
			refuse(response, "the output ends within the head: an "
			    "empty line ends it");
	}
	response->state = RESPONSE_ENDED;
	if (!response->wrong && !response->begun && (nothing || !whole))
		response->state = RESPONSE_DONE;
}

/* --- the messages -------------------------------------------------------- */

static const char *
reason(int status)
{
	switch (status) {
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 502:
		return "Bad Gateway";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	default:
		return "Internal Server Error";
	}
}

void
response_put_error(struct ch_buf *out, int status)
{
	put_format(out, "{\"status\":%d,\"headers\":[[\"Content-Type\","
	    "\"text/plain; charset=utf-8\"]],\"content\":\"%d %s\\n\"}",
	    status, status, reason(status));
}

/* How many bytes at the end belong to a character that is not complete. */
static size_t
unfinished(const char *text, size_t len)
{
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		unsigned char c = (unsigned char)text[len - n];

		if (c >= 0xc0)
			return n < 2u + (c >= 0xe0) + (c >= 0xf0) ? n : 0;
		if (c < 0x80)
			return 0;
	}
	return 0;
}

/* Bytes of the body for the next message. */
static size_t
portion(const struct response *response)
{
	const struct ch_buf *in = &response->in;
	size_t n = in->len < response->most ? in->len : response->most;

	if (response->state == RESPONSE_ENDED && n == in->len)
		return n;
	return n - unfinished(in->data, n);
}

/* The keys that only the first message has. */
static void
put_head(const struct response *response, struct ch_buf *out)
{
	int status = response->status ? response->status
	    : response->moved ? 302 : 200;

	put_format(out, "\"status\":%d,", status);
	put_bytes(out, response->asks.data, response->asks.len);
	put_string(out, "\"headers\":[");
	put_bytes(out, response->headers.data, response->headers.len);
	put_string(out, "],");
}

static void
put_part(struct response *response, size_t n, int more, struct ch_buf *out)
{
	put_char(out, '{');
	if (!response->begun)
		put_head(response, out);
	response->begun = 1;
	put_string(out, "\"content\":");
	json_bytes(out, n ? response->in.data : "", n);
	if (more)
		put_string(out, ",\"more_content\":true");
	else if (response->broken)
		put_string(out, ",\"closed\":true");
	put_char(out, '}');
	ch_buf_consume(&response->in, n);
}

int
response_put(struct response *response, struct ch_buf *out)
{
	int last;
	size_t n;

	if (response->state == RESPONSE_DONE)
		return 0;
	if (response->wrong) {
		response_put_error(out, 502);
		response->begun = 1;
		response->state = RESPONSE_DONE;
		return 1;
	}
	if (response->state == RESPONSE_HEAD)
		return 0;
	n = portion(response);
	last = response->state == RESPONSE_ENDED && n == response->in.len;
	if (!n && !last && (response->begun || !response->events))
		return 0;
	put_part(response, n, !last, out);
	if (last)
		response->state = RESPONSE_DONE;
	return 1;
}
