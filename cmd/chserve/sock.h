/* sock.h - a connected socket, plain or under TLS. */
#ifndef CHSERVE_SOCK_H
#define CHSERVE_SOCK_H

#include <stddef.h>
#include <sys/types.h>

struct tls;

struct sock {
	int fd;
	struct tls *tls; /* NULL: plain */
};

/* As recv(2) and send(2): -1 with EAGAIN when it is to be waited for. */
ssize_t sock_read(struct sock *sock, void *bytes, size_t size);
ssize_t sock_write(struct sock *sock, const void *bytes, size_t n, int more);

/* As sendfile(2), some of the n bytes at *at. */
ssize_t sock_file(struct sock *sock, int file, off_t *at, size_t n);

/* The subject of the client's certificate; NULL if there is none. */
const char *sock_certified(struct sock *sock);

/* No more will be written; the peer is to read to the end. */
void sock_finish(struct sock *sock);

/* Close it. */
void sock_close(struct sock *sock);

#endif
