/* What consumers answer requests with: what is taken, what is wrong. */
#include "chserve/reply.h"

#include "tap.h"

#include <string.h>

static struct reply reply = REPLY_INIT;

static const char *
read_first(const char *text)
{
	return reply_read(&reply, text, strlen(text), 1, 0);
}

static const char *
read_more(const char *text, int events)
{
	return reply_read(&reply, text, strlen(text), 0, events);
}

static const char *
content(void)
{
	return reply.content.len ? reply.content.data : "";
}

static void
test_first(void)
{
	is_str(read_first("{\"status\":200}"), NULL, "a status is enough");
	is_int(reply.status, 200, "it is that");
	ok(!reply.more && reply.length == -1, "nothing more");
	is_str(read_first("{\"status\":404,\"headers\":[[\"A\",\"1\"],"
	    "[\"b\",\"\\u00e9\"]],\"content\":\"x\",\"more_content\":true,"
	    "\"other\":1}"), NULL, "all keys, and an unknown one");
	is_str(reply.fields.data, "A: 1\r\nb: \xc3\xa9\r\n", "its fields");
	is_str(content(), "x", "its content");
	ok(reply.more && !reply.closed, "more follows");
	is_str(read_more("{\"content\":\"\",\"closed\":true}", 0), NULL,
	    "an answer that is broken off");
	ok(reply.closed && !reply.more, "says so");
	is_str(read_more("{\"closed\":false,\"content\":\"\"}", 0), NULL,
	    "one that is not");
	ok(!reply.closed, "does not");
	is_str(read_first("{\"status\":200,\"content\":"
	    "\"\xef\xbf\xbf/wA=\"}"), NULL, "bytes in a box");
	ok(reply.content.len == 2 && memcmp(content(), "\xff\0", 2) == 0,
	    "are unboxed");
	is_str(read_first("{\"status\":200,\"content\":null,\"headers\":null}"),
	    NULL, "null is as good as absent");
	is_str(read_first("{\"status\":200,\"headers\":"
	    "[[\"Content-Length\",\"12\"]]}"), NULL, "a length");
	is_int(reply.length, 12, "is a number");
	is_str(reply.fields.data, NULL, "and no field of the consumer's");
	read_first("{\"status\":200,\"headers\":[[\"content-type\","
	    "\"Text/Event-Stream; charset=utf-8\"]]}");
	ok(reply.is_events, "an event stream");
}

static void
test_left_out(void)
{
	static const char *const out[] = { "[\"a b\",\"c\"]", "[\"\",\"c\"]",
		"[\"a\",\"b\\r\\nc: d\"]", "[\"a\",\"b\\u0000\"]",
		"[\"a\\n\",\"b\"]", "[\"Connection\",\"close\"]",
		"[\"transfer-encoding\",\"chunked\"]", "[\"Date\",\"x\"]" };
	char text[200];
	size_t i;

	for (i = 0; i < sizeof(out) / sizeof(*out); i++) {
		snprintf(text, sizeof(text),
		    "{\"status\":200,\"headers\":[%s]}", out[i]);
		is_str(read_first(text), NULL, "taken, but without %s",
		    out[i]);
		is_str(reply.fields.data, NULL, "the field");
	}
}

static void
test_wrong(void)
{
	static const char *const wrong[] = { "{}", "{\"content\":\"x\"}",
		"{\"status\":\"200\"}", "{\"status\":99}", "{\"status\":600}",
		"{\"status\":101}", "{\"status\":1e2}", "{\"status\":2000}",
		"{\"status\":200,\"headers\":{}}",
		"{\"status\":200,\"headers\":[1]}",
		"{\"status\":200,\"headers\":[[\"a\"]]}",
		"{\"status\":200,\"headers\":[[\"a\",1]]}",
		"{\"status\":200,\"headers\":[[\"a\",\"b\",\"c\"]]}",
		"{\"status\":200,\"content\":[]}",
		"{\"status\":200,\"content\":\"\xef\xbf\xbf?\"}" };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ok(read_first(wrong[i]), "wrong: %s", wrong[i]);
	ok(read_more("{\"a\":1}", 0), "a chunk without any of the keys");
}

static void
test_chunks(void)
{
	is_str(read_more("{\"content\":\"x\",\"more_content\":true}", 0), NULL,
	    "a chunk");
	ok(reply.more && !reply.status, "has no status");
	is_str(read_more("{\"more_content\":false}", 0), NULL, "an empty one");
	ok(!reply.more, "is the last");
	is_str(read_more("{\"text\":\"a\\nb\\r\\nc\\r\",\"id\":3,"
	    "\"event\":\"e\",\"retry\":10}", 1), NULL, "an event");
	is_str(content(), "id: 3\nevent: e\nretry: 10\ndata: a\ndata: b\n"
	    "data: c\ndata: \n\n", "with all its fields and lines");
	ok(reply.more, "goes on");
	is_str(read_more("{\"text\":\"\",\"id\":\"a\\nb\"}", 1), NULL,
	    "an empty event");
	is_str(content(), "data: \n\n", "an id of two lines is none");
	read_more("{\"data\":{\"a\":[1]},\"text\":\"x\"}", 1);
	is_str(content(), "data: {\"a\":[1]}\n\n", "data goes before text");
	read_more("{\"a\":1}", 1);
	is_str(content(), "data: {\"a\":1}\n\n", "else it is the message");
	read_more("{\"close\":true}", 1);
	ok(!reply.more && !reply.content.len, "close ends the stream");
	read_more("{\"content\":\"data: x\\n\\n\",\"more_content\":true}", 1);
	is_str(content(), "data: x\n\n", "content stays as it is");
}

/* What an answer makes of the visitor's session. */
static void
test_wish(void)
{
	const struct reply_wish *wish = &reply.wish;

	read_first("{\"status\":200}");
	ok(wish->what == REPLY_SESSION_STAYS && !wish->logs_in &&
	    !wish->logs_out, "nothing is said of it");
	is_str(read_first("{\"status\":200,\"session\":\"A\\u0042\","
	    "\"user\":\"a\\\"na\"}"), NULL, "an id and a user");
	ok(wish->what == REPLY_SESSION_GIVEN && wish->logs_in, "are said");
	is_str(wish->session.data, "AB", "the id");
	is_str(wish->user.data, "a\"na", "the user");
	read_first("{\"status\":200,\"session\":{\"a\":[1]}}");
	ok(wish->what == REPLY_SESSION_DATA, "data");
	is_str(wish->session.data, "{\"a\":[1]}", "as they are");
	read_first("{\"status\":200,\"session\":null,\"user\":null}");
	ok(wish->what == REPLY_SESSION_ENDS && wish->logs_out, "an end");
	ok(read_first("{\"status\":200,\"session\":1}"), "no number");
	ok(read_first("{\"status\":200,\"user\":{}}"), "no object");
	ok(read_first("{\"status\":200,\"user\":\"a\\u0000b\"}"),
	    "no name with a NUL");
}

int
main(void)
{
	test_first();
	test_wish();
	test_left_out();
	test_wrong();
	test_chunks();
	reply_release(&reply);
	return done_testing();
}
