/*
 * buf.h - a growing string of bytes, ended by a NUL that `len` does not count.
 *
 * Start with CH_BUF_INIT, end with ch_buf_release. The adding functions return
 * 0, or -1 when memory runs out; then the buffer is as it was.
 */
#ifndef CH_BASE_BUF_H
#define CH_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct ch_buf {
	char *data; /* NULL until something is added */
	size_t len;
	size_t size; /* allocated */
};
#define CH_BUF_INIT { NULL, 0, 0 }

int ch_buf_reserve(struct ch_buf *buf, size_t more); /* room for more + NUL */
int ch_buf_add(struct ch_buf *buf, const void *bytes, size_t n);
int ch_buf_adds(struct ch_buf *buf, const char *string);
int ch_buf_addc(struct ch_buf *buf, char c);
int ch_buf_addf(struct ch_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int ch_buf_addv(struct ch_buf *buf, const char *format, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* Drop the first n bytes. */
void ch_buf_consume(struct ch_buf *buf, size_t n);
/* Empty it, keeping the memory. */
void ch_buf_clear(struct ch_buf *buf);
/* Free the memory; the buffer is as after CH_BUF_INIT. */
void ch_buf_release(struct ch_buf *buf);

#endif
