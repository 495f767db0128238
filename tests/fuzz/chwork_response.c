/*
 * chwork_response.c - fuzzes what commands print as the answer to a request:
 * a byte that says how it is fed, then the output.
 *
 * Whatever the output, each message is a sound one of an answer: the first
 * alone has a status and fields, none of which can end a line; all but the
 * last say that more comes; and together they hold the end of the output,
 * however it was cut into pieces.
 */
#include "channel.h"
#include "chwork/response.h"
#include "common/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOST 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int good)
{
	if (!good)
		abort();
}

static void
check_fields(struct json headers)
{
	struct json_walk walk = json_walk(headers);
	struct ch_buf part = CH_BUF_INIT;

	check(json_kind(headers) == '[');
	while (json_next(&walk)) {
		for (int i = 0; i < 2; i++) {
			ch_buf_clear(&part);
			check(json_unbox(&part, json_get(walk.value,
			    i ? "1" : "0", 1)) == 0);
			check(i || part.len > 0);
			for (size_t k = 0; k < part.len; k++)
				check((unsigned char)part.data[k] >= ' ' ||
				    (i && part.data[k] == '\t'));
		}
	}
	ch_buf_release(&part);
}

/* Check the messages that are there now, and gather what they hold. */
static void
take(struct response *response, struct ch_buf *body, int *count, int *ended)
{
	struct ch_buf out = CH_BUF_INIT;
	struct json message;

	for (; response_put(response, &out); ch_buf_clear(&out)) {
		check(!*ended);
		check(ch_message_check(out.data, out.len, NULL) == CH_OK);
		message = json_value(out.data, out.len);
		check(!json_get(message, "status", 6).text == (*count > 0));
		if (!(*count)++)
			check_fields(json_get(message, "headers", 7));
		*ended = json_kind(json_get(message, "more_content", 12)) !=
		    't';
		check(json_unbox(body, json_get(message, "content", 7)) == 0);
	}
	ch_buf_release(&out);
}

/* What the messages hold when the output comes in such pieces. */
static void
run(const char *text, size_t size, int how, size_t step, struct ch_buf *body)
{
	struct response response;
	int count = 0, ended = 0;
	size_t n;

	response_init(&response, how & 1, MOST);
	for (; size; text += n, size -= n) {
		n = size < step ? size : step;
		response_feed(&response, text, n);
		take(&response, body, &count, &ended);
	}
	response_end(&response, how & 2);
	take(&response, body, &count, &ended);
	check(ended == (count > 0) && response.state == RESPONSE_DONE);
	check(response.begun == (count > 0) && response.line > 0);
	response_release(&response);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ch_buf slow = CH_BUF_INIT, fast = CH_BUF_INIT;
	const char *text = (const char *)data + 1;

	if (!size)
		return 0;
	run(text, size - 1, data[0], 1 + (data[0] >> 2), &slow);
	run(text, size - 1, data[0], size, &fast);
	check(slow.len == fast.len || !(data[0] & 2));
	check(!slow.len || slow.len != fast.len ||
	    !memcmp(slow.data, fast.data, slow.len));
	ch_buf_release(&slow);
	ch_buf_release(&fast);
	return 0;
}
