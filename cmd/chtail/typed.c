/* typed.c - what a line that was typed means. */
#include "chtail/typed.h"

#include <string.h>

const struct typed_command typed_commands[] = {
	{ "/join", "NAME", "watch it too, and send there from now on",
	    TYPED_JOIN },
	{ "/leave", "[NAME]", "watch it no longer", TYPED_LEAVE },
	{ "/who", "[GROUP]", "list the members", TYPED_WHO },
	{ "/to", "CHANNEL TEXT", "send to one member, or to any channel",
	    TYPED_TO },
	{ "/json", "{...}", "send this message as it is", TYPED_JSON },
	{ "/help", "", "list the commands", TYPED_HELP },
	{ "/quit", "", "end, as Ctrl-D does", TYPED_QUIT },
	{ NULL, NULL, NULL, TYPED_NOTHING },
};

static int
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
trim(struct typed *typed)
{
	for (; typed->len && is_blank(*typed->text); typed->text++)
		typed->len--;
	while (typed->len && is_blank(typed->text[typed->len - 1]))
		typed->len--;
}

struct typed
typed_word(struct typed *rest)
{
	struct typed word = *rest;

	while (rest->len && !is_blank(*rest->text)) {
		rest->text++;
		rest->len--;
	}
	word.len -= rest->len;
	trim(rest);
	return word;
}

struct typed
typed_line(const char *line, size_t n)
{
	struct typed typed = { TYPED_TEXT, line, n }, word;
	const struct typed_command *command = typed_commands;

	if (!n || *line != '/') {
		trim(&typed);
		return (struct typed){ typed.len ? TYPED_TEXT : TYPED_NOTHING,
			line, n };
	}
	if (n > 1 && line[1] == '/')
		return (struct typed){ TYPED_TEXT, line + 1, n - 1 };
	trim(&typed);
	word = typed_word(&typed);
	for (; command->name; command++)
		if (strlen(command->name) == word.len &&
		    !memcmp(command->name, word.text, word.len))
			break;
	typed.what = command->what;
	return command->name ? typed
	    : (struct typed){ TYPED_UNKNOWN, word.text, word.len };
}
