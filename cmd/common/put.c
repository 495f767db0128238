/* put.c - adding to a struct ch_buf in a program. */
#include "common/put.h"

#include "common/say.h"

#include <stdarg.h>
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
	int rc;

	va_start(ap, format);
	rc = ch_buf_addv(buf, format, ap);
	va_end(ap);
	if (rc < 0)
		say_memory();
}
