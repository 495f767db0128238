/* put.c - adding to a struct ch_buf in a program. */
#include "common/put.h"

#include "common/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
put_bytes(struct ch_buf *buf, const void *bytes, size_t n)
{
	if (ch_buf_add(buf, bytes, n) < 0)
		say_memory();
}

void
put_string(struct ch_buf *buf, const char *string)
{
	put_bytes(buf, string, strlen(string));
}

void
put_char(struct ch_buf *buf, char c)
{
	put_bytes(buf, &c, 1);
}

void
put_format(struct ch_buf *buf, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0 || ch_buf_reserve(buf, (size_t)n) < 0)
		say_memory();
	va_start(ap, format);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, format, ap);
	va_end(ap);
	buf->len += (size_t)n;
}
