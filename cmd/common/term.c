/* term.c - what a terminal may be shown, and what nobody else is. */
#include "common/term.h"

#include "base/hash.h"
#include "common/put.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
term_is(int fd)
{
	return isatty(fd);
}

int
term_colors(int fd, enum term_when when)
{
	const char *plain = getenv("NO_COLOR"), *term = getenv("TERM");

	if (when != TERM_AUTO)
		return when == TERM_ALWAYS;
	if ((plain && *plain) || !term || !*term || !strcmp(term, "dumb"))
		return 0;
	return term_is(fd);
}

const char *
term_color(const char *name)
{
	/* no red, black or white: errors and backgrounds have those */
	static const char *const colors[] = { "\033[32m", "\033[33m",
		"\033[34m", "\033[35m", "\033[36m", "\033[92m", "\033[93m",
		"\033[94m", "\033[95m", "\033[96m" };

	return colors[ch_hash(name, strlen(name), 0) %
	    (sizeof(colors) / sizeof(colors[0]))];
}

/* Whether text begins with U+0080 to U+009F: a control, two bytes long. */
static int
is_c1(const unsigned char *text, size_t n)
{
	return n > 1 && text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0;
}

void
term_safe(struct ch_buf *buf, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t plain = 0;

	for (size_t i = 0; i < n; i++) {
		int c1 = is_c1(p + i, n - i);

		if (!c1 && p[i] != 0x7f &&
		    (p[i] >= ' ' || p[i] == '\n' || p[i] == '\t'))
			continue;
		put_bytes(buf, text + plain, i - plain);
		if (c1)
			put_format(buf, "\\u%04x", p[++i]);
		else
			put_format(buf, "^%c", p[i] ^ 0x40);
		plain = i + 1;
	}
	put_bytes(buf, text + plain, n - plain);
}
