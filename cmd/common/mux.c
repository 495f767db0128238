/* mux.c - a frame of a stream: {"stream": NAME, "payload": VALUE}. */
#include "common/mux.h"

#include "channel.h"
#include "common/put.h"

#include <string.h>

struct mux
mux_of(struct json message, struct ch_buf *scratch)
{
	struct json text = json_get(message, "text", 4);
	struct mux frame = { { NULL, 0 }, { NULL, 0 } }, none = frame;
	const char *start;

	/* most texts are none, which one look tells */
	if (json_kind(text) != '"' || text.len < 4 || text.text[1] != '{')
		return none;
	ch_buf_clear(scratch);
	json_bare(scratch, text);
	start = scratch->data;
	if (ch_message_check(start, scratch->len, NULL) != CH_OK)
		return none;
	text = (struct json){ start, scratch->len };
	frame.stream = json_get(text, "stream", 6);
	frame.payload = json_get(text, "payload", 7);
	return json_kind(frame.stream) == '"' && frame.payload.text ? frame
								    : none;
}

struct json
mux_get(struct json message, const char *path, struct ch_buf *scratch)
{
	struct json value = json_get(message, path, strlen(path));
	const char *below = strchrnul(path, '.');
	size_t n = (size_t)(below - path);
	struct mux mux;

	if (value.text || (strcmp(path, "stream") != 0 &&
	    (n != 7 || memcmp(path, "payload", n) != 0)))
		return value;
	mux = mux_of(message, scratch);
	if (*path == 's')
		return mux.stream;
	return mux.payload.text && *below ? json_get(mux.payload, below + 1,
	    strlen(below + 1)) : mux.payload;
}

/* Whether the line is one JSON value. */
static int
is_value(const char *line, size_t len)
{
	struct json value = json_value(line, len);
	struct ch_buf object = CH_BUF_INIT;
	int valid = 0;

	if (value.text != line || value.len != len)
		return 0;
	put_string(&object, "{\"v\":");
	put_bytes(&object, line, len);
	put_char(&object, '}');
	valid = ch_message_check(object.data, object.len, NULL) == CH_OK;
	ch_buf_release(&object);
	return valid;
}

void
mux_put(struct ch_buf *out, const char *stream, size_t n, const char *line,
    size_t len)
{
	struct ch_buf frame = CH_BUF_INIT;

	put_string(&frame, "{\"stream\":");
	json_quote(&frame, stream, n);
	put_string(&frame, ",\"payload\":");
	if (is_value(line, len))
		put_bytes(&frame, line, len);
	else
		json_quote(&frame, line, len);
	put_char(&frame, '}');
	put_string(out, "{\"text\":");
	json_quote(out, frame.data, frame.len);
	put_char(out, '}');
	ch_buf_release(&frame);
}
