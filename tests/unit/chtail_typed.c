/* chtail_typed.c - what a line that was typed means. */
#include "chtail/typed.h"

#include "tap.h"

#include <string.h>

/* What it means and with which text, as "WHAT TEXT". */
static const char *
meant(const char *line)
{
	static char text[256];
	struct typed typed = typed_line(line, strlen(line));

	snprintf(text, sizeof(text), "%d %.*s", typed.what, (int)typed.len,
	    typed.text);
	return text;
}

static void
is_meant(const char *line, enum typed_what what, const char *text)
{
	char want[256];

	snprintf(want, sizeof(want), "%d %s", what, text);
	is_str(meant(line), want, "%s", line);
}

static void
test_words(void)
{
	struct typed rest = typed_line("/to  a!b  c d ", 14), word;

	word = typed_word(&rest);
	ok(word.len == 3 && !memcmp(word.text, "a!b", 3), "the first word");
	ok(rest.len == 3 && !memcmp(rest.text, "c d", 3), "and the rest");
	typed_word(&rest);
	typed_word(&rest);
	word = typed_word(&rest);
	is_int(word.len, 0, "until there is none");
}

int
main(void)
{
	is_meant("hello", TYPED_TEXT, "hello");
	is_meant("  a /join b ", TYPED_TEXT, "  a /join b ");
	is_meant("", TYPED_NOTHING, "");
	is_meant(" \t", TYPED_NOTHING, " \t");
	is_meant("//join", TYPED_TEXT, "/join");
	is_meant("//", TYPED_TEXT, "/");
	is_meant("/", TYPED_UNKNOWN, "/");
	is_meant("/joi x", TYPED_UNKNOWN, "/joi");
	is_meant("/joins x", TYPED_UNKNOWN, "/joins");
	is_meant("/join  chat ", TYPED_JOIN, "chat");
	is_meant("/join\tchat", TYPED_JOIN, "chat");
	is_meant("/leave", TYPED_LEAVE, "");
	is_meant("/who", TYPED_WHO, "");
	is_meant("/to a b", TYPED_TO, "a b");
	is_meant("/json {\"a\": 1}", TYPED_JSON, "{\"a\": 1}");
	is_meant("/help", TYPED_HELP, "");
	is_meant("/quit now", TYPED_QUIT, "now");
	test_words();
	return done_testing();
}
