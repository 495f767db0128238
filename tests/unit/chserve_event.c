/* Events as messages, replies as actions: every case of the draft. */
#include "chserve/event.h"

#include "channel.h"
#include "tap.h"

static const struct {
	const char *text;
	unsigned waiting, open; /* actions in either state */
	const char *data;
	unsigned close;
} cases[] = {
	{ "{}", 0, 0, "", 0 },
	{ "{\"other\":1}", 0, 0, "", 0 },
	{ "{\"accept\":true}", EVENT_ACCEPT, 0, "", 0 },
	{ "{\"accept\":false}", EVENT_REJECT, 0, "", 0 },
	{ "{\"accept\":null}", 0, 0, "", 0 },
	{ "{\"accept\":true,\"text\":\"a\"}", EVENT_ACCEPT | EVENT_SEND,
	    EVENT_SEND, "a", 0 },
	{ "{\"accept\":true,\"text\":\"\"}", EVENT_ACCEPT | EVENT_SEND,
	    EVENT_SEND, "", 0 },
	{ "{\"accept\":true,\"close\":true}", EVENT_ACCEPT | EVENT_CLOSE,
	    EVENT_CLOSE, "", 1000 },
	{ "{\"accept\":false,\"text\":\"a\"}", EVENT_REJECT, EVENT_SEND, "a",
	    0 },
	{ "{\"text\":\"a\"}", EVENT_ACCEPT | EVENT_SEND, EVENT_SEND, "a", 0 },
	{ "{\"accept\":null,\"text\":\"a\",\"bytes\":null}",
	    EVENT_ACCEPT | EVENT_SEND, EVENT_SEND, "a", 0 },
	{ "{\"text\":\"\"}", 0, EVENT_SEND, "", 0 },
	{ "{\"bytes\":\"\xef\xbf\xbf/wA=\"}", EVENT_ACCEPT | EVENT_SEND,
	    EVENT_SEND, "\xff", 0 },
	{ "{\"bytes\":\"plain\"}", EVENT_ACCEPT | EVENT_SEND, EVENT_SEND,
	    "plain", 0 },
	{ "{\"text\":\"\xef\xbf\xbf/wA=\"}", EVENT_ACCEPT | EVENT_SEND,
	    EVENT_SEND, "\xef\xbf\xbf/wA=", 0 },
	{ "{\"text\":\"\\u00e9\\n\"}", EVENT_ACCEPT | EVENT_SEND, EVENT_SEND,
	    "\xc3\xa9\n", 0 },
	{ "{\"close\":true}", EVENT_REJECT, EVENT_CLOSE, "", 1000 },
	{ "{\"close\":false}", 0, 0, "", 0 },
	{ "{\"close\":null}", 0, 0, "", 0 },
	{ "{\"close\":0}", 0, 0, "", 0 },
	{ "{\"close\":4000}", EVENT_REJECT, EVENT_CLOSE, "", 4000 },
	{ "{\"close\":1}", EVENT_REJECT, EVENT_CLOSE, "", 1000 },
	{ "{\"close\":1005}", EVENT_REJECT, EVENT_CLOSE, "", 1000 },
	{ "{\"close\":-1}", 0, 0, "", 0 },
	{ "{\"close\":1001000000000000000}", EVENT_REJECT, EVENT_CLOSE, "",
	    1000 },
	{ "{\"text\":\"a\",\"close\":4001}",
	    EVENT_ACCEPT | EVENT_SEND | EVENT_CLOSE, EVENT_SEND | EVENT_CLOSE,
	    "a", 4001 },
	{ "{\"text\":\"\",\"close\":true}", EVENT_REJECT,
	    EVENT_SEND | EVENT_CLOSE, "", 1000 },
	{ "{\"text\":\"a\",\"text\":\"b\"}", EVENT_ACCEPT | EVENT_SEND,
	    EVENT_SEND, "b", 0 },
};

static void
test_replies(void)
{
	struct event_reply reply = EVENT_REPLY_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = cases[i].text;

		ok(!event_read(&reply, text, strlen(text)), "read: %s", text);
		is_int(event_actions(&reply, 1), cases[i].waiting,
		    "while it waits: %s", text);
		is_int(event_actions(&reply, 0), cases[i].open,
		    "once it is open: %s", text);
		is_str(reply.data.len ? reply.data.data : "", cases[i].data,
		    "its data");
		is_int(reply.close, cases[i].close, "its close code");
	}
	event_release(&reply);
}

static void
test_wrong_replies(void)
{
	static const char *const wrong[] = {
		"{\"text\":\"a\",\"bytes\":\"b\"}",
		"{\"text\":1}",
		"{\"text\":{}}",
		"{\"bytes\":[]}",
		"{\"bytes\":\"\xef\xbf\xbf?\"}",
	};
	struct event_reply reply = EVENT_REPLY_INIT;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ok(event_read(&reply, wrong[i], strlen(wrong[i])),
		    "ignored: %s", wrong[i]);
	event_release(&reply);
}

static void
test_messages(void)
{
	const struct event_of of = { "p!1", "/a\"b", 7 };
	static char method[] = "PUT", at[] = "/b";
	const struct event_peer client = { "127.0.0.1", 1234, 0 };
	const struct event_peer server = { "::1", 80, 0 };
	struct head head = { .query = "q=\\", .n_fields = 3, .fields = {
		{ "host", "h" },
		{ "x", "\xff" },
		{ "y", "\xef\xbf\xbf" } } };
	const struct event_peer nobody = { "", 0, 1 };
	const struct event_peer path = { "/run/w\"b", 0, 1 };
	struct head none = { .query = "", .method = method, .path = at,
		.minor = 1 };
	const struct event_from from = { &head, "http", "", &client, &server,
		NULL };
	const struct event_from unknown = { &none, "https", "/r", &nobody,
		&path, "CN=me \"x\"" };
	struct ch_buf out = CH_BUF_INIT;

	event_connect(&out, &of, &from);
	is_str(out.data,
	    "{\"reply_channel\":\"p!1\",\"path\":\"/a\\\"b\",\"order\":7,"
	    "\"scheme\":\"ws\",\"query_string\":\"q=\\\\\",\"root_path\":\"\","
	    "\"headers\":[[\"host\",\"h\"],[\"x\",\"\xef\xbf\xbf/w==\"],"
	    "[\"y\",\"\xef\xbf\xbf" "77+/\"]],"
	    "\"client\":[\"127.0.0.1\",1234],\"server\":[\"::1\",80]}",
	    "a connect; a header that looks like a box is boxed");
	ok(!ch_message_check(out.data, out.len, NULL), "and is a message");

	ch_buf_clear(&out);
	event_connect(&out, &of, &unknown);
	is_str(strstr(out.data, ",\"client\""),
	    ",\"client\":null,\"server\":[\"/run/w\\\"b\",null],"
	    "\"tls\":{\"client\":\"CN=me \\\"x\\\"\"}}",
	    "through a unix socket, by somebody certified");
	ok(strstr(out.data, "\"scheme\":\"wss\",") != NULL, "under TLS");

	ch_buf_clear(&out);
	event_request(&out, "r!1", &unknown);
	is_str(out.data, "{\"reply_channel\":\"r!1\",\"http_version\":\"1.1\","
	    "\"method\":\"PUT\",\"scheme\":\"https\",\"path\":\"/b\","
	    "\"query_string\":\"\",\"root_path\":\"/r\",\"headers\":[],"
	    "\"client\":null,\"server\":[\"/run/w\\\"b\",null],"
	    "\"tls\":{\"client\":\"CN=me \\\"x\\\"\"}",
	    "a request, but for its body");

	ch_buf_clear(&out);
	event_http_disconnect(&out, "r!1", "/b");
	is_str(out.data, "{\"reply_channel\":\"r!1\",\"path\":\"/b\"}",
	    "the end of one");

	ch_buf_clear(&out);
	event_receive(&out, &of, "a\0\n\"", 4, 0);
	is_str(out.data, "{\"reply_channel\":\"p!1\",\"path\":\"/a\\\"b\","
	    "\"order\":7,\"text\":\"a\\u0000\\n\\\"\"}", "a text");
	ch_buf_clear(&out);
	event_receive(&out, &of, "abc", 3, 1);
	is_str(out.data, "{\"reply_channel\":\"p!1\",\"path\":\"/a\\\"b\","
	    "\"order\":7,\"bytes\":\"\xef\xbf\xbfYWJj\"}", "bytes");
	ch_buf_clear(&out);
	event_disconnect(&out, &of, 1006);
	is_str(out.data, "{\"reply_channel\":\"p!1\",\"path\":\"/a\\\"b\","
	    "\"order\":7,\"code\":1006}", "a disconnect");
	ch_buf_release(&out);
}

int
main(void)
{
	test_replies();
	test_wrong_replies();
	test_messages();
	return done_testing();
}
