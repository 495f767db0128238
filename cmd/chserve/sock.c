/* A connected socket, plain or under TLS. */
#include "chserve/sock.h"

#include "chserve/tls.h"

#include "base/io.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD 16384 /* as much as goes into one, under TLS */

ssize_t
sock_read(struct sock *sock, void *bytes, size_t size)
{
	if (sock->tls)
		return tls_read(sock->tls, bytes, size);
	return recv(sock->fd, bytes, size, 0);
}

ssize_t
sock_write(struct sock *sock, const void *bytes, size_t n, int more)
{
	if (sock->tls)
		return tls_write(sock->tls, bytes, n);
	return send(sock->fd, bytes, n, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

/* What TLS could not write it wants again: from the same place it is. */
static ssize_t
copy_file(struct sock *sock, int file, off_t *at, size_t n)
{
	char bytes[RECORD];
	ssize_t len = pread(file, bytes, n < sizeof(bytes) ? n : sizeof(bytes),
	    *at);

	if (len > 0)
		len = tls_write(sock->tls, bytes, (size_t)len);
	if (len > 0)
		*at += len;
	return len;
}

ssize_t
sock_file(struct sock *sock, int file, off_t *at, size_t n)
{
	if (sock->tls)
		return copy_file(sock, file, at, n);
	return sendfile(sock->fd, file, at, n);
}

const char *
sock_certified(struct sock *sock)
{
	return sock->tls ? tls_peer(sock->tls) : NULL;
}

void
sock_finish(struct sock *sock)
{
	if (sock->tls)
		tls_bye(sock->tls);
	shutdown(sock->fd, SHUT_WR);
}

void
sock_close(struct sock *sock)
{
	if (sock->tls)
		tls_bye(sock->tls);
	tls_free(sock->tls);
	sock->tls = NULL;
	ch_io_close(&sock->fd);
}
