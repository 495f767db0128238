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

/*
 * All combinations. A letter for each action: Accept, Reject, Send, Close;
 * first while it waits, then once it is open.
 */
enum { TEXT, BYTES, EMPTY, NO_DATA, BOTH };

static const char *const data_json[] = { "\"text\":\"a\"",
	"\"bytes\":\"\xef\xbf\xbfYQ==\"", "\"text\":\"\"", "\"text\":null",
	"\"text\":\"a\",\"bytes\":\"b\"" };

static const struct {
	const char *accept, *close;
	const char *want[5][2]; /* by data; both of them: the reply is wrong */
} combinations[] = {
	{ "true", "true", { { "ASC", "SC" }, { "ASC", "SC" }, { "ASC", "SC" },
		{ "AC", "C" } } },
	{ "true", "4000", { { "ASC", "SC" }, { "ASC", "SC" }, { "ASC", "SC" },
		{ "AC", "C" } } },
	{ "true", "false", { { "AS", "S" }, { "AS", "S" }, { "AS", "S" },
		{ "A", "" } } },
	{ "false", "true", { { "R", "SC" }, { "R", "SC" }, { "R", "SC" },
		{ "R", "C" } } },
	{ "false", "4000", { { "R", "SC" }, { "R", "SC" }, { "R", "SC" },
		{ "R", "C" } } },
	{ "false", "null", { { "R", "S" }, { "R", "S" }, { "R", "S" },
		{ "R", "" } } },
	{ "null", "true", { { "ASC", "SC" }, { "ASC", "SC" }, { "R", "SC" },
		{ "R", "C" } } },
	{ "null", "4000", { { "ASC", "SC" }, { "ASC", "SC" }, { "R", "SC" },
		{ "R", "C" } } },
	{ "null", "0", { { "AS", "S" }, { "AS", "S" }, { "", "S" },
		{ "", "" } } },
};

static const char *
letters(unsigned actions)
{
	static char text[5];

	snprintf(text, sizeof(text), "%s%s%s%s",
	    actions & EVENT_ACCEPT ? "A" : "",
	    actions & EVENT_REJECT ? "R" : "",
	    actions & EVENT_SEND ? "S" : "",
	    actions & EVENT_CLOSE ? "C" : "");
	return text;
}

static void
test_combinations(void)
{
	struct event_reply reply = EVENT_REPLY_INIT;
	char text[200];
	size_t i;
	int data, n;

	for (i = 0; i < sizeof(combinations) / sizeof(*combinations); i++)
		for (data = TEXT; data <= BOTH; data++) {
			n = snprintf(text, sizeof(text),
			    "{\"accept\":%s,\"close\":%s,%s}",
			    combinations[i].accept, combinations[i].close,
			    data_json[data]);
			if (data == BOTH) {
				ok(event_read(&reply, text, (size_t)n),
				    "wrong: %s", text);
				continue;
			}
			ok(!event_read(&reply, text, (size_t)n), "%s", text);
			is_str(letters(event_actions(&reply, 1)),
			    combinations[i].want[data][0], "while it waits");
			is_str(letters(event_actions(&reply, 0)),
			    combinations[i].want[data][1], "once it is open");
		}
	event_release(&reply);
}

/* What is followed as far as it goes, and said. */
static void
test_odd_replies(void)
{
	static const struct {
		const char *text;
		int odd;
		unsigned close;
		const char *subprotocol, *fields;
	} odd[] = {
		{ "{\"close\":1000}", 0, 1000, "", "" },
		{ "{\"close\":1003}", 0, 1003, "", "" },
		{ "{\"close\":1004}", 1, 1000, "", "" },
		{ "{\"close\":1005}", 1, 1000, "", "" },
		{ "{\"close\":1006}", 1, 1000, "", "" },
		{ "{\"close\":1014}", 0, 1014, "", "" },
		{ "{\"close\":1015}", 1, 1000, "", "" },
		{ "{\"close\":2999}", 1, 1000, "", "" },
		{ "{\"close\":3000}", 0, 3000, "", "" },
		{ "{\"close\":4999}", 0, 4999, "", "" },
		{ "{\"close\":5000}", 1, 1000, "", "" },
		{ "{\"close\":1}", 1, 1000, "", "" },
		{ "{\"close\":1e3}", 1, 1000, "", "" },
		{ "{\"close\":-5}", 1, 0, "", "" },
		{ "{\"close\":\"x\"}", 1, 0, "", "" },
		{ "{\"accept\":1}", 1, 0, "", "" },
		{ "{\"subprotocol\":\"v2\"}", 0, 0, "v2", "" },
		{ "{\"subprotocol\":null}", 0, 0, "", "" },
		{ "{\"subprotocol\":2}", 1, 0, "", "" },
		{ "{\"headers\":[]}", 0, 0, "", "" },
		{ "{\"headers\":null}", 0, 0, "", "" },
		{ "{\"headers\":[[\"set-cookie\",\"a=b; c\"],[\"x\",\"\"]]}",
		    0, 0, "", "set-cookie: a=b; c\r\nx: \r\n" },
		{ "{\"headers\":[[\"x\",\"\xef\xbf\xbf/w==\"]]}", 0, 0, "",
		    "x: \xff\r\n" },
		{ "{\"headers\":{}}", 1, 0, "", "" },
		{ "{\"headers\":[[\"a\",\"b\\r\\nc: d\"],[\"e\",\"f\"]]}", 1, 0,
		    "", "e: f\r\n" },
		{ "{\"headers\":[[\"a\\u0000\",\"b\"]]}", 1, 0, "", "" },
		{ "{\"headers\":[[\"a b\",\"b\"]]}", 1, 0, "", "" },
		{ "{\"headers\":[[\"a:\",\"b\"]]}", 1, 0, "", "" },
		{ "{\"headers\":[[\"\",\"b\"]]}", 1, 0, "", "" },
		{ "{\"headers\":[[\"a\",\"\\u0000\"]]}", 1, 0, "", "" },
		{ "{\"headers\":[[\"a\"],[\"a\",\"b\",\"c\"],1,\"x\"]}", 1,
		    0, "", "" },
		{ "{\"headers\":[[\"Upgrade\",\"h2c\"]]}", 1, 0, "", "" },
		{ "{\"headers\":[[\"Sec-WebSocket-Accept\",\"x\"]]}", 1, 0, "",
		    "" },
		{ "{\"headers\":[[\"Content-Length\",\"5\"]]}", 1, 0, "", "" },
	};
	struct event_reply reply = EVENT_REPLY_INIT;
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		ok(!event_read(&reply, odd[i].text, strlen(odd[i].text)),
		    "not ignored: %s", odd[i].text);
		is_int(reply.odd != NULL, odd[i].odd, "whether it is odd");
		is_int(reply.close, odd[i].close, "its close code");
		is_str(reply.subprotocol.len ? reply.subprotocol.data : "",
		    odd[i].subprotocol, "its subprotocol");
		is_str(reply.fields.len ? reply.fields.data : "",
		    odd[i].fields, "its header lines");
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
	static char ana[] = "ana \"a\"";
	const struct who stranger = { "", NULL, 0 };
	const struct who known = { "ID", NULL, 0 };
	const struct who user = { "ID", ana, 0 };
	const struct event_of of = { "p!1", "/a\"b", 7, &stranger };
	const struct event_of hers = { "p!1", "/", 7, &user };
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
		NULL, &stranger };
	const struct event_from unknown = { &none, "https", "/r", &nobody,
		&path, "CN=me \"x\"", &known };
	const struct offer no_offer = { .n_protocols = 0 };
	static const char *protocols[] = { "b", "a\"" };
	const struct offer offer = { .protocols = protocols,
		.n_protocols = 2 };
	struct ch_buf out = CH_BUF_INIT;

	event_connect(&out, &of, &from, &offer);
	is_str(out.data,
	    "{\"reply_channel\":\"p!1\",\"path\":\"/a\\\"b\",\"order\":7,"
	    "\"scheme\":\"ws\",\"query_string\":\"q=\\\\\",\"root_path\":\"\","
	    "\"headers\":[[\"host\",\"h\"],[\"x\",\"\xef\xbf\xbf/w==\"],"
	    "[\"y\",\"\xef\xbf\xbf" "77+/\"]],"
	    "\"client\":[\"127.0.0.1\",1234],\"server\":[\"::1\",80],"
	    "\"subprotocols\":[\"b\",\"a\\\"\"]}",
	    "a connect; a header that looks like a box is boxed");
	ok(!ch_message_check(out.data, out.len, NULL), "and is a message");

	ch_buf_clear(&out);
	event_connect(&out, &of, &unknown, &no_offer);
	is_str(strstr(out.data, ",\"client\""),
	    ",\"client\":null,\"server\":[\"/run/w\\\"b\",null],"
	    "\"tls\":{\"client\":\"CN=me \\\"x\\\"\"},"
	    "\"subprotocols\":[]}",
	    "through a unix socket, by somebody certified");
	ok(strstr(out.data, "\"scheme\":\"wss\",") != NULL, "under TLS");

	ch_buf_clear(&out);
	event_request(&out, "r!1", &unknown);
	is_str(out.data, "{\"reply_channel\":\"r!1\",\"http_version\":\"1.1\","
	    "\"method\":\"PUT\",\"scheme\":\"https\",\"path\":\"/b\","
	    "\"session\":\"ID\","
	    "\"query_string\":\"\",\"root_path\":\"/r\",\"headers\":[],"
	    "\"client\":null,\"server\":[\"/run/w\\\"b\",null],"
	    "\"tls\":{\"client\":\"CN=me \\\"x\\\"\"}",
	    "a request, but for its body");

	ch_buf_clear(&out);
	event_http_disconnect(&out, "r!1", "/b", &known);
	is_str(out.data, "{\"reply_channel\":\"r!1\",\"path\":\"/b\","
	    "\"session\":\"ID\"}", "the end of one");

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
	ch_buf_clear(&out);
	event_disconnect(&out, &hers, 1006);
	is_str(out.data, "{\"reply_channel\":\"p!1\",\"path\":\"/\","
	    "\"order\":7,\"session\":\"ID\",\"user\":\"ana \\\"a\\\"\","
	    "\"code\":1006}", "of somebody who is logged in");
	ch_buf_release(&out);
}

int
main(void)
{
	test_replies();
	test_combinations();
	test_odd_replies();
	test_wrong_replies();
	test_messages();
	return done_testing();
}
