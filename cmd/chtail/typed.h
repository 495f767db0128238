/* typed.h - what a line that was typed means. Pure. */
#ifndef CHTAIL_TYPED_H
#define CHTAIL_TYPED_H

#include <stddef.h>

enum typed_what {
	TYPED_NOTHING, /* an empty line */
	TYPED_TEXT,
	TYPED_UNKNOWN, /* a command that there is not: the word is in `text` */
	TYPED_JOIN,
	TYPED_LEAVE,
	TYPED_WHO,
	TYPED_TO,
	TYPED_JSON,
	TYPED_HELP,
	TYPED_QUIT
};

struct typed {
	enum typed_what what;
	const char *text; /* the text; or what follows the command, without */
	size_t len;       /* blanks around it */
};

/* What the line, n bytes without its newline, means. "//text" is "/text". */
struct typed typed_line(const char *line, size_t n);

/*
 * The first word of what is left (to be used up), and the rest without blanks
 * before it. The word's length is 0 if there is none.
 */
struct typed typed_word(struct typed *rest);

/* The commands, for help and completion; the last has no name. */
struct typed_command {
	const char *name; /* with its slash */
	const char *operands;
	const char *help;
	enum typed_what what;
};
extern const struct typed_command typed_commands[];

#endif
