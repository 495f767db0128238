/* io.c - whole reads and writes on descriptors. */
#include "base/io.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int
ch_io_write(int fd, const void *bytes, size_t n)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	const char *p = bytes;
	ssize_t w;

	while (n) {
		w = write(fd, p, n);
		if (w < 0 && errno == EAGAIN) {
			poll(&ready, 1, -1);
			continue;
		}
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

ssize_t
ch_io_read(int fd, void *bytes, size_t n)
{
	ssize_t r;

	do
		r = read(fd, bytes, n);
	while (r < 0 && errno == EINTR);
	return r;
}

int
ch_io_slurp(int fd, struct ch_buf *buf, size_t max)
{
	size_t before = buf->len;
	ssize_t r;

	for (;;) {
		if (ch_buf_reserve(buf, 4096) < 0) {
			errno = ENOMEM;
			return -1;
		}
		r = ch_io_read(fd, buf->data + buf->len,
		    buf->size - buf->len - 1);
		if (r < 0)
			return -1;
		buf->len += (size_t)r;
		buf->data[buf->len] = '\0';
		if (r == 0)
			return 0;
		if (buf->len - before > max) {
			errno = EFBIG;
			return -1;
		}
	}
}

void
ch_io_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}
