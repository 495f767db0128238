/* What a command prints becomes an answer, or an error that says where. */
#include "chwork/response.h"

#include "channel.h"
#include "tap.h"

#include <string.h>

static struct ch_buf out = CH_BUF_INIT;

/* The messages that are there now, one a line. */
static const char *
put_all(struct response *response)
{
	size_t start;

	ch_buf_clear(&out);
	ch_buf_adds(&out, "");
	for (;;) {
		start = out.len;
		if (!response_put(response, &out))
			return out.data;
		if (ch_message_check(out.data + start, out.len - start,
			NULL) != CH_OK)
			ok(0, "a message: %s", out.data + start);
		ch_buf_addc(&out, '\n');
	}
}

/* All messages of an output that is fed in pieces of `step` bytes. */
static const char *
answer_in(const char *text, size_t len, int cgi, size_t step)
{
	struct response response;
	static struct ch_buf all;
	size_t n;

	ch_buf_clear(&all);
	ch_buf_adds(&all, "");
	response_init(&response, cgi, 1000);
	for (; len; text += n, len -= n) {
		n = len < step ? len : step;
		response_feed(&response, text, n);
		ch_buf_adds(&all, put_all(&response));
	}
	response_end(&response, 1);
	ch_buf_adds(&all, put_all(&response));
	response_release(&response);
	return all.data;
}

static const char *
answer(const char *text)
{
	return answer_in(text, strlen(text), 1, 4096);
}

static const char *
http_answer(const char *text)
{
	return answer_in(text, strlen(text), 0, 4096);
}

#define ERROR(status, text) "{\"status\":" #status ",\"headers\":" \
	"[[\"Content-Type\",\"text/plain; charset=utf-8\"]],\"content\":\"" \
	text "\\n\"}\n"
#define BAD ERROR(502, "502 Bad Gateway")
#define LAST "{\"content\":\"\"}\n"

static void
test_heads(void)
{
	is_str(answer("Content-Type: text/plain\n\nhello\n"),
	    "{\"status\":200,\"headers\":[[\"Content-Type\",\"text/plain\"]],"
	    "\"content\":\"hello\\n\",\"more_content\":true}\n" LAST,
	    "a field and a body");
	is_str(answer("Status: 404 Not Found\r\nX-A:1\r\nx-a: \t2 \r\n\r\n"),
	    "{\"status\":404,\"headers\":[[\"X-A\",\"1\"],[\"x-a\",\"2\"]],"
	    "\"content\":\"\"}\n", "CR LF, a status, the same field twice");
	is_str(answer("Location: /elsewhere\n\n"),
	    "{\"status\":302,\"headers\":[[\"Location\",\"/elsewhere\"]],"
	    "\"content\":\"\"}\n", "a Location moves");
	is_str(answer("Location: http://x/\nStatus: 301\n\n"),
	    "{\"status\":301,\"headers\":[[\"Location\",\"http://x/\"]],"
	    "\"content\":\"\"}\n", "in the way that a Status says");
	is_str(answer("\nx"), "{\"status\":200,\"headers\":[],\"content\":"
	    "\"x\",\"more_content\":true}\n" LAST, "no field at all");
	is_str(answer("X: caf\xe9\n\n"), "{\"status\":200,\"headers\":"
	    "[[\"X\",\"\xef\xbf\xbfY2Fm6Q==\"]],\"content\":\"\"}\n",
	    "a value that is not UTF-8 is boxed");
	is_str(http_answer("HTTP/1.1 201 Created\nA: b\n\n"),
	    "{\"status\":201,\"headers\":[[\"A\",\"b\"]],\"content\":\"\"}\n",
	    "a status line");
	is_str(http_answer("404 Not Found\n\n"),
	    "{\"status\":404,\"headers\":[],\"content\":\"\"}\n",
	    "a status with a word");
	is_str(http_answer("204\r\n\r\n"),
	    "{\"status\":204,\"headers\":[],\"content\":\"\"}\n",
	    "a status alone");
	is_str(http_answer("Status: 404\n\n"),
	    "{\"status\":404,\"headers\":[],\"content\":\"\"}\n",
	    "a status as CGI has it");
}

static void
test_bad_heads(void)
{
	static const char *const bad[] = { "hello\n\n", "a b: c\n\n",
		": x\n\n", "A : b\n\n", " A: b\n\n", "A: b\n c\n\n",
		"A: b\rC: d\n\n", "A: \x01\n\n", "Status: 20\n\n",
		"Status: 2000\n\n", "Status: 199\n\n", "Status: 600\n\n",
		"Status: x\n\n", "Status:\n\n", "A: b\n", "A: b", "200\n\n",
		"HTTP/1.1 200 OK\n\n", "\xc3\xa9: x\n\n" };
	static const char *const bad_http[] = { "HTTP/1.1\n\n",
		"HTTP/1.1 abc\n\n", "2\n\n", "100\n\n", "A: b\n200\n\n",
		"200\n200\n\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_str(answer(bad[i]), BAD, "bad head %zu", i);
	for (size_t i = 0; i < sizeof(bad_http) / sizeof(*bad_http); i++)
		is_str(http_answer(bad_http[i]), BAD, "bad one %zu", i);
	is_str(answer(""), BAD, "nothing is no CGI");
	is_str(http_answer(""), "", "nothing is no answer");
	is_str(answer_in("A: \0\n\n", 6, 1, 6), BAD, "a NUL");
}

static void
test_place(void)
{
	struct response response;

	response_init(&response, 1, 1000);
	response_feed(&response, "A: b\nC: d\nwrong\n", 16);
	is_int(response.line, 3, "the third line");
	ok(response.wrong != NULL, "is wrong");
	is_str(put_all(&response), BAD, "that is told at once");
	response_feed(&response, "more\n\nbody", 10);
	response_end(&response, 1);
	is_str(put_all(&response), "", "and nothing after it");
	response_release(&response);
}

static void
test_long_head(void)
{
	static char line[RESPONSE_HEAD_MOST + 10];
	struct response response;

	memset(line, 'x', sizeof(line));
	response_init(&response, 1, 1000);
	response_feed(&response, line, RESPONSE_HEAD_MOST);
	ok(!response.wrong, "64 KiB may be a head");
	response_feed(&response, line, 1);
	ok(response.wrong != NULL, "more may not");
	is_str(put_all(&response), BAD, "without waiting for its end");
	response_release(&response);
}

static void
test_parts(void)
{
	static const char text[] =
	    "A: b\r\n\r\n\xc3\xa9\xf0\x9f\x98\x80\xff\xe2\x82";
	struct response response;

	for (size_t step = 1; step < sizeof(text); step++)
		ok(strstr(answer_in(text, sizeof(text) - 1, 1, step),
		    "{\"status\":200,\"headers\":[[\"A\",\"b\"]],"
		    "\"content\":\"") != NULL, "in steps of %zu", step);
	response_init(&response, 1, 1000);
	response_feed(&response, "\n\xf0\x9f", 3);
	is_str(put_all(&response), "", "half a character waits");
	response_feed(&response, "\x98\x80!\xc3", 4);
	is_str(put_all(&response), "{\"status\":200,\"headers\":[],\"content\":"
	    "\"\xf0\x9f\x98\x80!\",\"more_content\":true}\n", "for the rest");
	response_end(&response, 1);
	is_str(put_all(&response), "{\"content\":\"\xef\xbf\xbfww==\"}\n",
	    "if there is none it is bytes");
	response_release(&response);
}

static void
test_most(void)
{
	struct response response;

	response_init(&response, 1, 3);
	response_feed(&response, "\nabcd\xc3\xa9", 7);
	is_str(put_all(&response), "{\"status\":200,\"headers\":[],\"content\":"
	    "\"abc\",\"more_content\":true}\n"
	    "{\"content\":\"d\xc3\xa9\",\"more_content\":true}\n",
	    "no message has more than it may");
	response_end(&response, 1);
	is_str(put_all(&response), LAST, "and the end is said");
	is_str(put_all(&response), "", "once");
	response_release(&response);
}

static void
test_failed(void)
{
	struct response response;

	response_init(&response, 1, 1000);
	response_feed(&response, "A: b\n\n", 6);
	is_str(put_all(&response), "", "a head alone waits");
	response_end(&response, 0);
	is_str(put_all(&response), "", "and is not said after a failure");
	ok(!response.begun, "it has not begun");
	response_release(&response);

	response_init(&response, 1, 1000);
	response_feed(&response, "A: b\n\nx", 7);
	put_all(&response);
	ok(response.begun, "a body begins it");
	response_end(&response, 0);
	is_str(put_all(&response), "{\"content\":\"\",\"closed\":true}\n",
	    "then a failure breaks it off");
	response_release(&response);
}

static void
test_events(void)
{
	struct response response;

	response_init(&response, 0, 1000);
	response_feed(&response, "content-type: text/event-stream\n\n", 33);
	is_str(put_all(&response), "{\"status\":200,\"headers\":"
	    "[[\"content-type\",\"text/event-stream\"]],\"content\":\"\","
	    "\"more_content\":true}\n", "a stream of events begins at once");
	response_release(&response);
}

static const char *
answer_with(const char *head)
{
	static char first[256];
	struct response response;

	response_init(&response, 0, 1000);
	response_feed(&response, head, strlen(head));
	response_end(&response, 1);
	snprintf(first, sizeof(first), "%s", put_all(&response));
	response_release(&response);
	return first;
}

/* Fields that are for the server. */
static void
test_asks(void)
{
	is_str(answer_with("CH-Session: ID\nA: b\nCH-User: ana \"a\"\n\n"),
	    "{\"status\":200,\"session\":\"ID\","
	    "\"user\":\"ana \\\"a\\\"\",\"headers\":[[\"A\",\"b\"]],"
	    "\"content\":\"\"}\n", "a session and a user");
	is_str(answer_with("ch-session:\nch-user: \n\n"),
	    "{\"status\":200,\"session\":null,\"user\":null,"
	    "\"headers\":[],\"content\":\"\"}\n", "the end of both");
	is_str(answer_with("CH-User: \xff\n\n"), "{\"status\":502,"
	    "\"headers\":[[\"Content-Type\",\"text/plain; charset=utf-8\"]],"
	    "\"content\":\"502 Bad Gateway\\n\"}\n", "a user of odd bytes");
}

static void
test_error(void)
{
	ch_buf_clear(&out);
	response_put_error(&out, 504);
	is_str(out.data, "{\"status\":504,\"headers\":[[\"Content-Type\","
	    "\"text/plain; charset=utf-8\"]],\"content\":"
	    "\"504 Gateway Timeout\\n\"}", "an error in words");
}

int
main(void)
{
	test_heads();
	test_bad_heads();
	test_place();
	test_long_head();
	test_parts();
	test_most();
	test_failed();
	test_events();
	test_asks();
	test_error();
	ch_buf_release(&out);
	return done_testing();
}
