/* Messages as server-sent events. */
#include "chserve/sse.h"

#include "common/put.h"

#include <string.h>

/* Each line of a text behind the field's name; one ends with CR, LF or both. */
static void
put_lines(struct ch_buf *out, const char *name, const char *text, size_t len)
{
	const char *end = text + len;
	size_t n;

	do {
		for (n = 0; text + n < end && text[n] != '\n' &&
		    text[n] != '\r';)
			n++;
		put_format(out, "%s: ", name);
		put_bytes(out, text, n);
		put_char(out, '\n');
		text += n;
		if (text < end && *text == '\r' && text + 1 < end &&
		    text[1] == '\n')
			text++;
	} while (text++ < end);
}

/* A field of one line; what has more lines, or a NUL, is none. */
static void
put_field(struct ch_buf *out, const char *name, struct json value)
{
	struct ch_buf text = CH_BUF_INIT;

	json_bare(&text, value);
	if (text.len && !memchr(text.data, '\n', text.len) &&
	    !memchr(text.data, '\r', text.len) &&
	    !memchr(text.data, '\0', text.len))
		put_lines(out, name, text.data, text.len);
	ch_buf_release(&text);
}

static int
is_there(struct json value)
{
	return value.text && json_kind(value) != 'n';
}

int
sse_put(struct ch_buf *out, struct json message)
{
	struct json close = json_get(message, "close", 5);
	struct json data = json_get(message, "data", 4);
	struct ch_buf text = CH_BUF_INIT;

	if (is_there(close) && json_kind(close) != 'f')
		return 0;
	put_field(out, "id", json_get(message, "id", 2));
	put_field(out, "event", json_get(message, "event", 5));
	put_field(out, "retry", json_get(message, "retry", 5));
	if (!is_there(data))
		data = json_get(message, "text", 4);
	if (!is_there(data))
		data = message;
	json_bare(&text, data);
	put_lines(out, "data", text.data ? text.data : "", text.len);
	put_char(out, '\n');
	ch_buf_release(&text);
	return 1;
}
