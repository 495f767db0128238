/* What a command meets in its environment. */
#include "chwork/environ.h"

#include "common/put.h"
#include "tap.h"

#include <stdlib.h>

static struct environment environment;

/* The value of a variable in a list; NULL: it is not there. */
static const char *
value(char *const *list, const char *name)
{
	size_t len = strlen(name);

	for (; *list; list++)
		if (!strncmp(*list, name, len) && (*list)[len] == '=')
			return *list + len + 1;
	return NULL;
}

static char *const *
met(const char *message)
{
	struct captures none = { .n = 0 };

	return environ_for(&environment, NULL, "websocket.receive",
	    (struct json){ message, strlen(message) }, &none, 0);
}

static void
is_met(const char *message, const char *name, const char *wanted)
{
	is_str(value(met(message), name), wanted, "%s of %.60s", name,
	    message);
}

static void
test_base(void)
{
	char *const *list = environ_plain(&environment, NULL);

	is_str(value(list, "PATH"), "/ours:/bin", "PATH");
	is_str(value(list, "CHANNELS_URL"), "/store", "the store");
	is_str(value(list, "HOME"), "/home/x", "HOME");
	is_str(value(list, "LANG"), NULL, "no LANG if there is none");
	is_str(value(list, "SECRET"), NULL, "nothing else");
	is_str(value(list, "CH_CHANNEL"), NULL, "no parts of a message");
}

static void
test_settings(void)
{
	char setting[] = "A=b", path[] = "PATH=/else";
	char *settings[] = { setting, path, NULL };
	char *const *list = environ_plain(&environment, settings);
	size_t paths = 0;

	is_str(value(list, "A"), "b", "a setting");
	is_str(value(list, "PATH"), "/else", "one in place of what all have");
	for (; *list; list++)
		paths += !strncmp(*list, "PATH=", 5);
	is_int(paths, 1, "which is not there twice");
	list = environ_plain(&environment, NULL);
	is_str(value(list, "A"), NULL, "the next route has its own");
	is_str(value(list, "PATH"), "/ours:/bin", "PATH again");
}

static void
test_parts(void)
{
	is_met("{}", "CH_CHANNEL", "websocket.receive");
	is_met("{}", "CH_RETRIES", "0");
	is_met("{}", "CH_TRUNCATED", NULL);
	is_met("{\"reply_channel\":\"p!x\"}", "CH_REPLY_CHANNEL", "p!x");
	is_met("{\"text\":\"a\\nb\\u00e9 \\\"c\\\"\"}", "CH_TEXT",
	    "a\nb\xc3\xa9 \"c\"");
	is_met("{\"code\":1000}", "CH_CODE", "1000");
	is_met("{\"n\":9223372036854775807}", "CH_N", "9223372036854775807");
	is_met("{\"ok\":true}", "CH_OK", "true");
	is_met("{\"x\":null}", "CH_X", NULL);
	is_met("{\"x\":[1]}", "CH_X", NULL);
	is_met("{\"x\":{\"y\":1}}", "CH_Y", NULL);
	is_met("{\"x\":1,\"x\":2}", "CH_X", "2");
	is_met("{\"x y\":1}", "CH_X Y", NULL);
	is_met("{\"\":1}", "CH_", NULL);
	is_met("{\"client\":[\"::1\",5000]}", "CH_CLIENT", "::1");
	is_met("{\"client\":[\"::1\",5000]}", "CH_CLIENT_PORT", "5000");
	is_met("{\"server\":[\"h\",80]}", "CH_SERVER_PORT", "80");
}

/* Who the visitor is, of which only the server tells. */
static void
test_visitor(void)
{
	const char *text = "{\"user\":\"ana\",\"session\":\"ID\"}";
	const struct json message = { text, strlen(text) };
	struct captures none = { .n = 0 };
	char *const *list = met(text);

	is_str(value(list, "CH_USER"), "ana", "of a connection: the user");
	is_str(value(list, "CH_SESSION"), "ID", "and the session");
	list = environ_for(&environment, NULL, "http.request", message, &none,
	    0);
	is_str(value(list, "CH_USER"), "ana", "of a request: the user");
	list = environ_for(&environment, NULL, "jobs", message, &none, 0);
	is_str(value(list, "CH_USER"), NULL, "of a job: no user");
	is_str(value(list, "CH_SESSION"), NULL, "and no session");
}

/* What a message must not be able to say. */
static void
test_ours(void)
{
	is_met("{\"channel\":\"x\"}", "CH_CHANNEL", "websocket.receive");
	is_met("{\"User\":\"root\"}", "CH_USER", NULL);
	is_met("{\"user\":[\"root\"]}", "CH_USER", NULL);
	is_met("{\"retries\":7}", "CH_RETRIES", "0");
	is_met("{\"truncated\":\"x\"}", "CH_TRUNCATED", NULL);
	is_met("{\"arg_room\":\"x\"}", "CH_ARG_room", NULL);
	is_met("{\"arg_room\":\"x\"}", "CH_ARG_ROOM", NULL);
	is_met("{\"client\":\"x\"}", "CH_CLIENT", NULL);
	is_met("{\"x=y\":\"z\"}", "CH_X", NULL);
}

static void
test_truncated(void)
{
	struct ch_buf message = CH_BUF_INIT;

	put_string(&message, "{\"path\":\"/\",\"text\":\"");
	for (int i = 0; i < ENVIRON_VALUE; i++)
		put_char(&message, 'x');
	put_string(&message, "\"}");
	is_int(strlen(value(met(message.data), "CH_TEXT")), ENVIRON_VALUE,
	    "64 KiB are passed");
	is_met(message.data, "CH_TRUNCATED", NULL);
	message.len -= 2;
	put_string(&message, "x\"}");
	is_str(value(met(message.data), "CH_TEXT"), NULL, "more are not");
	is_str(value(met(message.data), "CH_TRUNCATED"), "text", "and named");
	is_str(value(met(message.data), "CH_PATH"), "/", "others are passed");
	ch_buf_release(&message);

	is_met("{\"text\":\"a\\u0000b\"}", "CH_TEXT", NULL);
	is_met("{\"text\":\"a\\u0000b\"}", "CH_TRUNCATED", "text");
	is_met("{\"text\":\"\\u0000\",\"x\":\"\\u0000\"}", "CH_TRUNCATED",
	    "text x");
	is_met("{\"bytes\":\"\\uffffAP8=\"}", "CH_BYTES", NULL);
	is_met("{\"bytes\":\"\\uffffAP8=\"}", "CH_TRUNCATED", "bytes");
	is_met("{\"bytes\":\"plain\"}", "CH_BYTES", "plain");
	is_met("{\"text\":\"\\uffffAP8=\"}", "CH_TEXT", "\xef\xbf\xbf"
							"AP8=");
}

/* However much a message holds, a command can be started. */
static void
test_bounds(void)
{
	struct ch_buf message = CH_BUF_INIT;
	char *const *list;
	size_t bytes = 0, n = 0;

	put_string(&message, "{");
	for (int i = 0; i < 20; i++) {
		put_format(&message, "\"k%d\":\"", i);
		for (int k = 0; k < 50000; k++)
			put_char(&message, 'x');
		put_string(&message, "\",");
	}
	for (int i = 0; i < 20000; i++)
		put_format(&message, "\"m%d\":1,", i % 9999);
	put_string(&message, "\"text\":\"x\"}");
	for (list = met(message.data); *list; list++, n++)
		bytes += strlen(*list) + 1;
	ok(bytes < 400000, "%zu bytes", bytes);
	ok(n < 300, "%zu variables", n);
	ok(value(met(message.data), "CH_TRUNCATED") != NULL, "and it is said");
	ch_buf_release(&message);
}

static void
test_captures(void)
{
	struct captures captures = { .n = 2, .list = {
		{ .name = "room", .value = "a b/", .len = 3 },
		{ .name = "x", .value = "a\0b", .len = 3 },
	} };
	char *const *list = environ_for(&environment, NULL, "c",
	    (struct json){ "{}", 2 }, &captures, 3);

	is_str(value(list, "CH_ARG_room"), "a b", "a capture");
	is_str(value(list, "CH_ARG_x"), NULL, "not one with a NUL");
	is_str(value(list, "CH_TRUNCATED"), "x", "which is named");
	is_str(value(list, "CH_RETRIES"), "3", "tries");
}

int
main(void)
{
	setenv("HOME", "/home/x", 1);
	setenv("SECRET", "x", 1);
	unsetenv("LANG");
	environ_init(&environment, "/store", "/ours:/bin");
	test_base();
	test_settings();
	test_parts();
	test_visitor();
	test_ours();
	test_truncated();
	test_bounds();
	test_captures();
	environ_release(&environment);
	return done_testing();
}
