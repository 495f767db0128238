/* Bodies in chunks: what is read, what is wrong, wherever it is cut. */
#include "chserve/chunked.h"

#include "base/buf.h"
#include "tap.h"

#include <string.h>

/* Decode text given in pieces of `step` bytes: the end, or -1; used in all. */
static int
decode(const char *text, size_t step, struct ch_buf *body, size_t *used_up)
{
	struct chunked chunked = { 0, 0, 0, 0 };
	size_t len = strlen(text), at, n, used, from, got;
	enum chunked_result result;

	ch_buf_clear(body);
	for (at = 0; at < len;) {
		n = len - at < step ? len - at : step;
		result = chunked_next(&chunked, text + at, n, &used, &from,
		    &got);
		if (result == CHUNKED_DATA)
			ch_buf_add(body, text + at + from, got);
		if (used > n)
			return -2;
		at += used;
		*used_up = at;
		if (result == CHUNKED_END || result == CHUNKED_WRONG)
			return result;
	}
	return CHUNKED_MORE;
}

static void
test_sound(void)
{
	static const struct {
		const char *text, *body;
		size_t behind; /* bytes that follow it */
	} sound[] = {
		{ "3\r\nabc\r\n0\r\n\r\n", "abc", 0 },
		{ "0\r\n\r\n", "", 0 },
		{ "0000\r\n\r\nGET /", "", 5 },
		{ "a\r\n0123456789\r\n1\r\n!\r\n0\r\n\r\nx", "0123456789!", 1 },
		{ "A;n=\"v\"\r\n0123456789\r\n0;x\r\n\r\n", "0123456789", 0 },
		{ "1\r\n\n\r\n0\r\nT: x\r\nU:\r\n\r\n", "\n", 0 },
	};
	struct ch_buf body = CH_BUF_INIT;
	size_t i, step, used;

	for (i = 0; i < sizeof(sound) / sizeof(*sound); i++)
		for (step = 1; step < 20; step++) {
			is_int(decode(sound[i].text, step, &body, &used),
			    CHUNKED_END, "case %zu by %zu ends", i, step);
			is_str(body.data ? body.data : "", sound[i].body,
			    "with its body");
			is_int((intmax_t)used, (intmax_t)(strlen(
			    sound[i].text) - sound[i].behind),
			    "and takes no more");
		}
	ch_buf_release(&body);
}

static void
test_wrong(void)
{
	static const char *const wrong[] = { "g\r\n", "\r\n", " 1\r\n",
		"1 \r\n", "0x1\r\n", "-1\r\n", "1\n", "1\ra", "1;a\nb",
		"1;a\rb", "1\r\nab", "1\r\na\n", "1\r\na\r1", "1;\x01\r\n",
		"fffffffffffffffff\r\n", "0\r\n x\r\n", "0\r\n: x\r\n",
		"0\r\n\tx\r\n", "0\r\nT: a\nU: b\r\n", "0\r\n\rx",
		"0\r\nT: \x7f\r\n" };
	struct ch_buf body = CH_BUF_INIT;
	size_t i, step, used;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		for (step = 1; step < 4; step++)
			is_int(decode(wrong[i], step, &body, &used),
			    CHUNKED_WRONG, "wrong: case %zu by %zu", i, step);
	ch_buf_release(&body);
}

static void
test_extra(void)
{
	struct ch_buf text = CH_BUF_INIT, body = CH_BUF_INIT;
	size_t i, used;

	ch_buf_adds(&text, "0\r\n");
	for (i = 0; i < 1000; i++)
		ch_buf_adds(&text, "Trailer: x\r\n");
	is_int(decode(text.data, text.len, &body, &used), CHUNKED_WRONG,
	    "trailers without end");
	ch_buf_clear(&text);
	for (i = 0; i < 3000; i++)
		ch_buf_adds(&text, "1;abcde\r\nx\r\n");
	is_int(decode(text.data, text.len, &body, &used), CHUNKED_WRONG,
	    "extensions without end");
	ch_buf_release(&text);
	ch_buf_release(&body);
}

int
main(void)
{
	test_sound();
	test_wrong();
	test_extra();
	return done_testing();
}
