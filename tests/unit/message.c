/* message.c - which texts are messages, and how a stream is cut into them. */
#include "channel.h"

#include "tap.h"

#include <stdlib.h>

/* --- one message -------------------------------------------------------- */

static const char *const good[] = {
	"{}",
	" {\t} \r",
	"{\"a\":1}",
	"{\"a\":1,\"a\":2}",
	"{\"\":\"\"}",
	"{\"a\":[],\"b\":{},\"c\":[[],{}]}",
	"{\"a\":[1,2,3],\"b\":{\"c\":null}}",
	"{\"a\":true,\"b\":false,\"c\":null}",
	"{\"a\":0,\"b\":-0,\"c\":0.5,\"d\":-1.5e10,\"e\":1E-5,\"f\":1e+5}",
	"{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
	"{\"a\":1234567890123456789}",
	"{\"a\":0.1234567890123456789012345678901234567890}",
	"{\"a\":1.7976931348623157e308,\"b\":-1.7976931348623158e308}",
	"{\"a\":1e308,\"b\":0e999,\"c\":1e-999,\"d\":0.00001e312}",
	"{\"a\":10000000000000000000.0}",
	"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uFFFF\\uabCD\"}",
	"{\"a\":\"\\ud83d\\ude00\\uD800\\uDC00\\udbff\\udfff\"}",
	"{\"a\":\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"}",
	"{\"a\":\"\xed\x9f\xbf\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}",
	"{\"bytes\":\"\xef\xbf\xbf/wAB\"}",
	"{\"long enough to be looked at by eight\":\"0123456789abcdef012345\"}",
};

static const struct {
	const char *text, *says;
} bad[] = {
	{ "", "1:1: not an object" },
	{ "   ", "1:4: not an object" },
	{ "1", "1:1: not an object" },
	{ "null", "1:1: not an object" },
	{ "\"a\"", "1:1: not an object" },
	{ "[]", "1:1: not an object" },
	{ "}", "1:1: not an object" },
	{ "\xef\xbb\xbf{}", "1:1: not an object" },
	{ "{", "1:2: the object is not closed" },
	{ "{\"a\":1", "1:7: the object is not closed" },
	{ "{\"a", "1:4: the object is not closed" },
	{ "{}{}", "1:3: more than one object" },
	{ "{} x", "1:4: more than one object" },
	{ "{}\n", "1:3: more than one object" },
	{ "{\n}", "1:2: a message is one line" },
	{ "{\"a\":[1,\n2]}", "1:9: a message is one line" },
	{ "{a:1}", "1:2: expected a key or '}'" },
	{ "{'a':1}", "1:2: expected a key or '}'" },
	{ "{1:1}", "1:2: expected a key or '}'" },
	{ "{,}", "1:2: expected a key or '}'" },
	{ "{\"a\":1,}", "1:8: expected a key" },
	{ "{\"a\"}", "1:5: expected ':'" },
	{ "{\"a\" 1}", "1:6: expected ':'" },
	{ "{\"a\":}", "1:6: expected a value" },
	{ "{\"a\"::1}", "1:6: expected a value" },
	{ "{\"a\":1 2}", "1:8: expected ',' or '}'" },
	{ "{\"a\":1]", "1:7: expected ',' or '}'" },
	{ "{\"a\":1:2}", "1:7: expected ',' or '}'" },
	{ "{\"a\":[1}", "1:8: expected ',' or ']'" },
	{ "{\"a\":[1 2]}", "1:9: expected ',' or ']'" },
	{ "{\"a\":[}", "1:7: expected a value or ']'" },
	{ "{\"a\":[,]}", "1:7: expected a value or ']'" },
	{ "{\"a\":[1,]}", "1:9: expected a value" },
	{ "{\"a\":\"x\"\"y\"}", "1:9: expected ',' or '}'" },
	{ "{\"a\":tru}", "1:6: expected a value" },
	{ "{\"a\":True}", "1:6: expected a value" },
	{ "{\"a\":nulll}", "1:10: expected ',' or '}'" },
	{ "{\"a\":NaN}", "1:6: expected a value" },
	{ "{\"a\":Infinity}", "1:6: expected a value" },
	{ "{\"a\":-Infinity}", "1:7: expected a digit" },
	{ "{\"a\":-}", "1:7: expected a digit" },
	{ "{\"a\":+1}", "1:6: expected a value" },
	{ "{\"a\":.5}", "1:6: expected a value" },
	{ "{\"a\":1.}", "1:8: expected a digit" },
	{ "{\"a\":1.e5}", "1:8: expected a digit" },
	{ "{\"a\":1e}", "1:8: expected a digit" },
	{ "{\"a\":1e+}", "1:9: expected a digit" },
	{ "{\"a\":01}", "1:7: a number with a leading zero" },
	{ "{\"a\":-00}", "1:8: a number with a leading zero" },
	{ "{\"a\":0x1}", "1:7: expected ',' or '}'" },
	{ "{\"a\":9223372036854775808}", "1:6: integer beyond 64 bits" },
	{ "{\"a\":-9223372036854775809}", "1:6: integer beyond 64 bits" },
	{ "{\"a\":18446744073709551615}", "1:6: integer beyond 64 bits" },
	{ "{\"a\":100000000000000000000}", "1:6: integer beyond 64 bits" },
	{ "{\"a\":1e309}", "1:6: number out of range" },
	{ "{\"a\":-1e999999999999999999999}", "1:6: number out of range" },
	{ "{\"a\":1.7976931348623159e308}", "1:6: number out of range" },
	{ "{\"a\":0.00001e314}", "1:6: number out of range" },
	{ "{\"a\":\"\t\"}", "1:7: control character in a string" },
	{ "{\"a\":\"\x01\"}", "1:7: control character in a string" },
	{ "{\"a\":\"01234567\x1f\"}", "1:15: control character in a string" },
	{ "{\"a\":\"\n\"}", "1:7: the line ends inside a string" },
	{ "{\"a\":\"\\x\"}", "1:8: unknown escape" },
	{ "{\"a\":\"\\'\"}", "1:8: unknown escape" },
	{ "{\"a\":\"\\u12g4\"}", "1:11: expected a hex digit" },
	{ "{\"a\":\"\\u12\"}", "1:11: expected a hex digit" },
	{ "{\"a\":\"\\ud800\"}", "1:7: lone surrogate" },
	{ "{\"a\":\"\\ud800x\"}", "1:7: lone surrogate" },
	{ "{\"a\":\"\\ud800\\n\"}", "1:7: lone surrogate" },
	{ "{\"a\":\"\\ud800\\u0041\"}", "1:7: lone surrogate" },
	{ "{\"a\":\"\\ud800\\ud800\"}", "1:7: lone surrogate" },
	{ "{\"a\":\"\\udc00\"}", "1:7: lone surrogate" },
	{ "{\"\\udfff\":1}", "1:3: lone surrogate" },
	{ "{\"a\":\"\x80\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xbf\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xc0\x80\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xc1\xbf\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xc3\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xc3(\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xe0\x80\x80\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xe0\x9f\xbf\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xe2\x82\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xed\xa0\x80\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xed\xbf\xbf\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xf0\x80\x80\x80\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xf0\x8f\xbf\xbf\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xf4\x90\x80\x80\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xf5\x80\x80\x80\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xfe\"}", "1:7: invalid UTF-8" },
	{ "{\"a\":\"\xff\"}", "1:7: invalid UTF-8" },
	{ "{\"\xc3\xa9\xe2\x82\xac\":x}", "1:7: expected a value" },
	{ "{\xa0}", "1:2: expected a key or '}'" },
	{ "{/**/}", "1:2: expected a key or '}'" },
};

static void
test_check(void)
{
	struct ch_err err = CH_ERR_INIT;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(ch_message_check(good[i], strlen(good[i]), &err) == CH_OK,
		    "%s %s", good[i], err.text);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		is_int(ch_message_check(bad[i].text, strlen(bad[i].text),
		    &err), CH_REFUSED, "refused");
		is_str(err.text, bad[i].says, "number %zu", i);
	}
	is_int(ch_message_check("{\"a\":\"\0\"}", 9, &err), CH_REFUSED,
	    "a NUL");
	is_str(err.text, "1:7: control character in a string", "in a string");
	is_int(ch_message_check("{}\0", 3, NULL), CH_REFUSED, "or behind");
	is_int(ch_message_check("{}", 1, NULL), CH_REFUSED,
	    "only len bytes count");
}

static void
test_depth(void)
{
	char text[1100];
	int depth;

	for (depth = 512; depth <= 513; depth++) {
		memcpy(text, "{\"a\":", 5);
		memset(text + 5, '[', (size_t)depth - 1);
		memset(text + 4 + depth, ']', (size_t)depth - 1);
		text[2 * depth + 3] = '}';
		is_int(ch_message_check(text, 2 * (size_t)depth + 4, NULL),
		    depth == 512 ? CH_OK : CH_REFUSED, "%d levels", depth);
	}
}

/* --- a stream ----------------------------------------------------------- */

/*
 * Read a stream fed in pieces of `step` bytes, and write down what comes:
 * "LINE TEXT;" for a message, "!LINE:COLUMN: WHAT;" for an error.
 */
static const char *
transcript(const char *bytes, size_t len, size_t step, int separator,
    size_t max)
{
	static char text[4096];
	struct ch_reader *reader = NULL;
	struct ch_message message;
	struct ch_err err = CH_ERR_INIT;
	size_t at = 0, n, used = 0;
	int rc;

	text[0] = '\0';
	ch_reader_new(&reader, "s", max, separator, NULL);
	do {
		n = len - at < step ? len - at : step;
		ch_reader_feed(reader, bytes + at, n, NULL);
		at += n;
		while ((rc = ch_reader_next(reader, &message, &err)) !=
		    CH_NONE) {
			if (rc == CH_OK)
				used += (size_t)snprintf(text + used,
				    sizeof(text) - used, "%ju %.*s;",
				    (uintmax_t)ch_reader_line(reader),
				    (int)message.len, message.text);
			else
				used += (size_t)snprintf(text + used,
				    sizeof(text) - used, "!%s;",
				    err.text + strlen("s:"));
		}
	} while (n);
	is_int(ch_reader_next(reader, &message, &err), CH_NONE, "the end");
	ch_reader_free(reader);
	return text;
}

static const struct {
	const char *input, *wanted;
} streams[] = {
	{ "", "" },
	{ "\n\n  \r\n", "" },
	{ "{\"a\":1}\n{\"b\":2}\n", "1 {\"a\":1};2 {\"b\":2};" },
	{ "{\"a\":1}", "1 {\"a\":1};" },
	{ "{\"a\":1}\r\n\r\n{\"b\":2}\r\n", "1 {\"a\":1};3 {\"b\":2};" },
	{ "  {\"a\" : 1 }\t\n", "1 {\"a\" : 1 };" },
	{ "{}{} {\"a\":1}\n{}", "1 {};1 {};1 {\"a\":1};2 {};" },
	{ "\xef\xbb\xbf{\"a\":1}\n", "1 {\"a\":1};" },
	{ "{}\n\xef\xbb\xbf{}\n", "1 {};!2:1: not an object;" },
	/* pretty-printed ones come on one line */
	{ "{\n  \"a\": [1, 2],\n  \"b c\": \"d  \\\" e\"\n}\n{}\n",
	    "1 {\"a\":[1,2],\"b c\":\"d  \\\" e\"};5 {};" },
	{ "\n\n{ \"a\":\n1 }  {\n}", "3 {\"a\":1};4 {};" },
	/* a line that begins with { begins a message */
	{ "{\"a\":1}\n{\"a\":\n{\"b\":2}\n",
	    "1 {\"a\":1};!2:6: the line ends inside a message;3 {\"b\":2};" },
	{ "{\"a\": \n\n\n{\"b\":2}\n",
	    "!1:6: the line ends inside a message;4 {\"b\":2};" },
	{ "{\"a\":{\n{\"b\":2}\n}}\n{\"c\":3}",
	    "!1:7: the line ends inside a message;2 {\"b\":2};"
	    "!3:1: not an object;4 {\"c\":3};" },
	{ "{\"a\":\n {\"b\":2}\n}", "1 {\"a\":{\"b\":2}};" },
	{ "{\n{\n{\n", "!1:2: the line ends inside a message;"
	    "!2:2: the line ends inside a message;"
	    "!3:2: the stream ends inside a message;" },
	/* errors, and where reading goes on */
	{ "{\"a\":}\n{\"b\":1}\n", "!1:6: expected a value;2 {\"b\":1};" },
	{ "{\"a\":} {\"b\":1}\n{\"c\":1}",
	    "!1:6: expected a value;2 {\"c\":1};" },
	{ "[1]\n{\"a\":1}\n", "!1:1: not an object;2 {\"a\":1};" },
	{ "[{\"a\":1},\n {\"b\":1}]\n{\"c\":1}\n",
	    "!1:1: not an object;3 {\"c\":1};" },
	{ "garbage\n more\n{\"a\":1}\n", "!1:1: not an object;3 {\"a\":1};" },
	{ "{\"a\":1}, {\"b\":1}\n{\"c\":1}\n",
	    "1 {\"a\":1};!1:8: not an object;2 {\"c\":1};" },
	{ "{\n \"a\": 1,\n \"b\" 2\n}\n{}\n",
	    "!3:6: expected ':';5 {};" },
	{ "{\"a\":\"x\n{\"b\":1}\n",
	    "!1:8: the line ends inside a string;2 {\"b\":1};" },
	{ "{\"a\":\"\\\n{\"b\":1}\n", "!1:8: unknown escape;2 {\"b\":1};" },
	{ "{\"a\":\"\xc3\n{\"b\":1}\n", "!1:7: invalid UTF-8;2 {\"b\":1};" },
	{ "{\"\xc3\xa9\":\"\xff\"}\n{\"b\":1}\n",
	    "!1:7: invalid UTF-8;2 {\"b\":1};" },
	{ "{\"a\":1\n{\"b\":1}\n",
	    "!1:7: the line ends inside a message;2 {\"b\":1};" },
	{ "{\"a\":1", "!1:7: the stream ends inside a message;" },
	{ "{\"a\":\"\xe2\x82", "!1:8: the stream ends inside a message;" },
	{ "{}\n{\"a\":\n\n", "1 {};!2:6: the stream ends inside a message;" },
	{ "x", "!1:1: not an object;" },
	{ "x\n", "!1:1: not an object;" },
};

static void
test_streams(void)
{
	static const size_t steps[] = { 1, 2, 3, 7, 4096 };
	size_t i, j;

	for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		for (j = 0; j < sizeof(steps) / sizeof(steps[0]); j++)
			is_str(transcript(streams[i].input,
			    strlen(streams[i].input), steps[j], '\n', 0),
			    streams[i].wanted, "stream %zu by %zu", i,
			    steps[j]);
}

static const struct {
	const char *input;
	size_t len;
	const char *wanted;
} pieces[] = {
	{ "{}\0{\"a\":1}\0", 11, "1 {};1 {\"a\":1};" },
	{ "{}\0{\"a\":1}", 10, "1 {};1 {\"a\":1};" },
	{ "\0\0 \n\0{}\0", 8, "2 {};" },
	{ "{\n\"a\":\n{\n}}\n\0{}", 15, "1 {\"a\":{}};5 {};" },
	{ "{}{}\0{}\0", 8, "!1:3: expected a NUL behind the message;1 {};" },
	{ "{\"a\":\0{}\0", 9, "!1:6: the NUL stands inside a message;1 {};" },
	{ "{\"a\":\"\0{}\0", 10,
	    "!1:7: the NUL stands inside a message;1 {};" },
	{ "x\n{}\0{}\0", 8, "!1:1: not an object;2 {};" },
	{ "x\0", 2, "!1:1: not an object;" },
	{ "{", 1, "!1:2: the stream ends inside a message;" },
};

static void
test_pieces(void)
{
	size_t i, step;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		for (step = 1; step < 20; step += 6)
			is_str(transcript(pieces[i].input, pieces[i].len,
			    step, '\0', 0), pieces[i].wanted,
			    "NUL stream %zu by %zu", i, step);
	is_str(transcript("{}\0{}", 5, 5, '\n', 0),
	    "1 {};!1:3: not an object;", "a NUL is no white space elsewhere");
}

static const struct {
	const char *input, *wanted;
} large[] = {
	{ "{\"a\":123}\n{}\n", "1 {\"a\":123};2 {};" },
	{ "{\"a\":12345}\n{}\n",
	    "!1:1: message is larger than 10 bytes;2 {};" },
	{ "{ \"a\" : 123 }\n", "1 {\"a\":123};" },
	{ "{\n\n\n\n\n\n\n\n\n\n\"a\"\n\n\n\n\n\n\n\n\n\n:\n\n\n\n\n1}\n{}\n",
	    "1 {\"a\":1};27 {};" },
	{ "{\n\n\n\n\n\n\n\n\n\n\"a\"\n\n\n\n\n\n\n\n\n\n:1\n\n\n\n\n\n\n\n"
	    "\n\n\n\n\n\n\n\n\n\n{}\n",
	    "!21:3: the line ends inside a message;39 {};" },
	{ "{\n\n\n\n\n\n\n\n\n\n\"a\"\n\n\n\n\n\n\n\n\n\n:1\n\n\n\n\n\n\n\n"
	    "\n\n\n\n\n\n\n\n\n\nx}\n{}\n",
	    "!39:1: expected ',' or '}';40 {};" },
	{ "{\"a\":\"0123456789012345678901234567890\"}\n{}\n",
	    "!1:1: message is larger than 10 bytes;2 {};" },
	{ "{\"a\":1}{\"b\":\"0123456789012345678901234567890\"}\n{}\n",
	    "1 {\"a\":1};!1:8: message is larger than 10 bytes;2 {};" },
};

static void
test_large(void)
{
	size_t i, step;

	for (i = 0; i < sizeof(large) / sizeof(large[0]); i++)
		for (step = 1; step < 200; step = step * 3 + 1)
			is_str(transcript(large[i].input,
			    strlen(large[i].input), step, '\n', 10),
			    large[i].wanted, "large stream %zu by %zu", i,
			    step);
	is_str(transcript("{\"a\":\"01234567890123\"\n{}\n{}\n", 28, 1, '\n',
	    10), "!1:1: message is larger than 10 bytes;2 {};3 {};",
	    "the line feed that makes it too large is seen by the next line");
}

/* 1 MiB byte by byte: only what is linear ends in time. */
static void
test_linear(void)
{
	struct ch_reader *reader = NULL;
	struct ch_message message = { 0 };
	size_t i, got = 0;
	char c;

	ch_reader_new(&reader, "s", 0, '\n', NULL);
	for (i = 0; i < CH_MESSAGE_MAX; i++) {
		c = i == 0 ? '{' : i == CH_MESSAGE_MAX - 1 ? '}' :
		    i == 4 ? ':' : i == 5 ? '1' : i == 1 || i == 3 ? '"' :
		    i == 2 ? 'a' : i % 64 ? ' ' : '\n';
		ch_reader_feed(reader, &c, 1, NULL);
		if (ch_reader_next(reader, &message, NULL) == CH_OK)
			got++;
	}
	is_int(got, 1, "one message");
	is_int(message.len, 7, "squeezed");
	ch_reader_free(reader);
	ch_reader_free(NULL);
}

int
main(void)
{
	test_check();
	test_depth();
	test_streams();
	test_pieces();
	test_large();
	test_linear();
	return done_testing();
}
