/* buf.c - a growing string of bytes. */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
ch_buf_reserve(struct ch_buf *buf, size_t more)
{
	size_t need, size;
	char *data;

	if (more >= SIZE_MAX / 2 - buf->len)
		return -1;
	need = buf->len + more + 1;
	if (need <= buf->size)
		return 0;
	size = buf->size ? buf->size : 64;
	while (size < need)
		size *= 2;
	data = realloc(buf->data, size);
	if (!data)
		return -1;
	data[buf->len] = '\0';
	buf->data = data;
	buf->size = size;
	return 0;
}

int
ch_buf_add(struct ch_buf *buf, const void *bytes, size_t n)
{
	if (ch_buf_reserve(buf, n) < 0)
		return -1;
	if (n)
		memcpy(buf->data + buf->len, bytes, n);
	buf->len += n;
	buf->data[buf->len] = '\0';
	return 0;
}

int
ch_buf_adds(struct ch_buf *buf, const char *string)
{
	return ch_buf_add(buf, string, strlen(string));
}

int
ch_buf_addc(struct ch_buf *buf, char c)
{
	return ch_buf_add(buf, &c, 1);
}

int
ch_buf_addf(struct ch_buf *buf, const char *format, ...)
{
	va_list ap;
	int rc;

	va_start(ap, format);
	rc = ch_buf_addv(buf, format, ap);
	va_end(ap);
	return rc;
}

int
ch_buf_addv(struct ch_buf *buf, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0 || ch_buf_reserve(buf, (size_t)n) < 0)
		return -1;
	vsnprintf(buf->data + buf->len, (size_t)n + 1, format, ap);
	buf->len += (size_t)n;
	return 0;
}

void
ch_buf_consume(struct ch_buf *buf, size_t n)
{
	if (!n)
		return;
	buf->len -= n;
	memmove(buf->data, buf->data + n, buf->len + 1);
}

void
ch_buf_clear(struct ch_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

void
ch_buf_release(struct ch_buf *buf)
{
	free(buf->data);
	*buf = (struct ch_buf)CH_BUF_INIT;
}
