/*
 * common_mux.c - fuzzes frames of streams: the text of a message, and a line
 * that becomes a payload.
 *
 * A frame that is found lies in the text. A line that is valid UTF-8 always
 * makes a message, whose frame is of that stream and nothing else.
 */
#include "channel.h"
#include "common/mux.h"
#include "common/put.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int good)
{
	if (!good)
		abort();
}

static void
check_text(const char *text, size_t len)
{
	struct ch_buf message = CH_BUF_INIT, scratch = CH_BUF_INIT;
	struct mux mux;

	put_string(&message, "{\"text\":");
	json_quote(&message, text, len);
	put_char(&message, '}');
	mux = mux_of((struct json){ message.data, message.len }, &scratch);
	if (mux.stream.text)
		check(scratch.len == len &&
		    mux.payload.text > scratch.data &&
		    mux.payload.text + mux.payload.len <
			scratch.data + scratch.len);
	ch_buf_release(&message);
	ch_buf_release(&scratch);
}

static void
check_line(const char *line, size_t len)
{
	struct ch_buf message = CH_BUF_INIT, scratch = CH_BUF_INIT;
	struct json_walk walk;
	struct json text;
	int keys = 0;

	mux_put(&message, "s", 1, line, len);
	check(ch_message_check(message.data, message.len, NULL) == CH_OK);
	text = json_get((struct json){ message.data, message.len }, "text", 4);
	json_bare(&scratch, text);
	check(ch_message_check(scratch.data, scratch.len, NULL) == CH_OK);
	walk = json_walk((struct json){ scratch.data, scratch.len });
	while (json_next(&walk))
		keys++;
	check(keys == 2);
	ch_buf_release(&message);
	ch_buf_release(&scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (json_utf8(text, size) == size) {
		check_text(text, size);
		check_line(text, size);
	}
	free(text);
	return 0;
}
