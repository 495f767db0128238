/* common_mux.c - frames of streams, read and written. */
#include "common/mux.h"

#include "tap.h"

#include <string.h>

static void
is_frame(const char *message, const char *stream, const char *payload,
    const char *what)
{
	struct ch_buf scratch = CH_BUF_INIT;
	struct mux frame = mux_of((struct json){ message,
	    strlen(message) }, &scratch);

	if (!stream)
		ok(!frame.stream.text, "%s", what);
	else
		ok(json_is(frame.stream, stream, strlen(stream)) &&
		    frame.payload.len == strlen(payload) &&
		    !memcmp(frame.payload.text, payload, frame.payload.len),
		    "%s", what);
	ch_buf_release(&scratch);
}

static void
is_put(const char *line, const char *want)
{
	struct ch_buf out = CH_BUF_INIT, scratch = CH_BUF_INIT;
	struct mux frame;

	mux_put(&out, "a\"b", 3, line, strlen(line));
	frame = mux_of((struct json){ out.data, out.len }, &scratch);
	ok(json_is(frame.stream, "a\"b", 3), "of that stream");
	ok(frame.payload.len == strlen(want) && !memcmp(frame.payload.text,
	    want, frame.payload.len), "payload: %s", want);
	ch_buf_release(&out);
	ch_buf_release(&scratch);
}

static void
is_got(const char *path, const char *want)
{
	static const char message[] = "{\"path\":\"/x\",\"text\":\"{"
	    "\\\"stream\\\":\\\"a\\\",\\\"payload\\\":"
	    "{\\\"n\\\":1},\\\"other\\\":2}\"}";
	struct ch_buf scratch = CH_BUF_INIT;
	struct json value = mux_get((struct json){ message,
	    sizeof(message) - 1 }, path, &scratch);

	if (!want)
		ok(!value.text, "no %s", path);
	else
		ok(value.len == strlen(want) && !memcmp(value.text, want,
		    value.len), "%s is %s", path, want);
	ch_buf_release(&scratch);
}

int
main(void)
{
	is_got("path", "\"/x\"");
	is_got("stream", "\"a\"");
	is_got("payload", "{\"n\":1}");
	is_got("payload.n", "1");
	is_got("payload.m", NULL);
	is_got("payloads", NULL);
	is_got("other", NULL);
	is_got("stream.x", NULL);
	is_frame("{\"text\":\"{\\\"stream\\\":\\\"a\\\",\\\"payload\\\":"
	    "{\\\"n\\\":1}}\"}", "a", "{\"n\":1}", "a frame");
	is_frame("{\"text\":\"{\\\"payload\\\":null,\\\"stream\\\":\\\"a\\\"}"
	    "\"}", "a", "null", "in any order, with any payload");
	is_frame("{\"text\":\"{\\\"stream\\\":\\\"\\u00e4\\\",\\\"payload\\\":"
	    "0}\"}", "\xc3\xa4", "0", "with any name");
	is_frame("{\"text\":\"hello\"}", NULL, NULL, "a text");
	is_frame("{\"text\":\"\"}", NULL, NULL, "an empty one");
	is_frame("{\"text\":5}", NULL, NULL, "no text");
	is_frame("{\"bytes\":\"x\"}", NULL, NULL, "none at all");
	is_frame("{\"text\":\"{\\\"stream\\\":\\\"a\\\"}\"}", NULL, NULL,
	    "no payload");
	is_frame("{\"text\":\"{\\\"stream\\\":1,\\\"payload\\\":1}\"}", NULL,
	    NULL, "no name");
	is_frame("{\"text\":\"{\\\"stream\\\":\\\"a\\\",\\\"payload\\\":1\"}",
	    NULL, NULL, "no JSON");
	is_frame("{\"text\":\"{\\\"stream\\\":\\\"a\\\",\\\"payload\\\":1}x\"}",
	    NULL, NULL, "more behind it");
	is_put("{\"n\":1}", "{\"n\":1}");
	is_put("[1,2]", "[1,2]");
	is_put("-1.5", "-1.5");
	is_put("\"s\"", "\"s\"");
	is_put("hello", "\"hello\"");
	is_put("", "\"\"");
	is_put("1,\"stream\":\"other\"", "\"1,\\\"stream\\\":\\\"other\\\"\"");
	is_put("{\"a\":1},\"b\":{}", "\"{\\\"a\\\":1},\\\"b\\\":{}\"");
	is_put("{\"a\":}", "\"{\\\"a\\\":}\"");
	return done_testing();
}
