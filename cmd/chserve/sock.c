/* A connected socket, plain or under TLS. */
#include "chserve/sock.h"

#include "base/io.h"

#include <sys/sendfile.h>
#include <sys/socket.h>

ssize_t
sock_read(struct sock *sock, void *bytes, size_t size)
{
	return recv(sock->fd, bytes, size, 0);
}

ssize_t
sock_write(struct sock *sock, const void *bytes, size_t n, int more)
{
	return send(sock->fd, bytes, n, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

ssize_t
sock_peek(struct sock *sock, void *bytes, size_t size)
{
	return recv(sock->fd, bytes, size, MSG_PEEK);
}

void
sock_skip(struct sock *sock, size_t n)
{
	recv(sock->fd, NULL, n, MSG_TRUNC);
}

ssize_t
sock_file(struct sock *sock, int file, off_t *at, size_t n)
{
	return sendfile(sock->fd, file, at, n);
}

void
sock_finish(struct sock *sock)
{
	shutdown(sock->fd, SHUT_WR);
}

void
sock_close(struct sock *sock)
{
	ch_io_close(&sock->fd);
}
