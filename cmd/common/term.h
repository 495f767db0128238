/* term.h - what a terminal may be shown, and what nobody else is. */
#ifndef CMD_COMMON_TERM_H
#define CMD_COMMON_TERM_H

#include "base/buf.h"

/* The choices of --color, in this order. */
enum term_when { TERM_AUTO, TERM_ALWAYS, TERM_NEVER };
#define TERM_CHOICES "auto|always|never"

#define TERM_RESET "\033[0m"
#define TERM_CLEAR "\033[H\033[J"

/* Whether fd is a terminal. */
int term_is(int fd);

/*
 * Whether to colour what goes to fd: `when`, where auto means on a terminal
 * unless NO_COLOR is set to anything or TERM is unset or dumb.
 */
int term_colors(int fd, enum term_when when);

/* The colour (an escape sequence) that always goes with this name. */
const char *term_color(const char *name);

/*
 * Append text for a terminal: control characters but tab and line feed become
 * visible (^[ for ESC), so that a message cannot command the terminal.
 */
void term_safe(struct ch_buf *buf, const char *text, size_t n);

#endif
