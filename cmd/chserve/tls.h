/*
 * tls.h - TLS on accepted sockets, with OpenSSL; nothing of it shows here.
 *
 * Calling sequence
 * ----------------
 *     tls_open(&settings, err)         before the processes part, if they do
 *     struct tls *tls = tls_new(fd)
 *     tls_handshake(tls)               until it no longer says 0
 *     tls_read(tls, …), tls_write(tls, …)   as recv(2), send(2)
 *     tls_bye(tls); tls_free(tls)      the descriptor stays the caller's
 *
 * Sockets are non-blocking. Where the other direction has to move first, too,
 * errno is EAGAIN: whoever waits for a socket that has TLS waits for both, and
 * reads until EAGAIN, for bytes may be here that the socket no longer has.
 *
 * TLS 1.2 and 1.3, ciphers with forward secrecy and authentication only, in
 * the client's order: all are good, and a phone knows which it is fast at. No
 * compression, no renegotiation, no early data. Sessions are resumed by
 * tickets; see certs.h.
 *
 * An end without close_notify is an end: HTTP and WebSocket say themselves
 * where a message is over.
 */
#ifndef CHSERVE_TLS_H
#define CHSERVE_TLS_H

#include "channel.h"

#include <stddef.h>
#include <sys/types.h>

struct tls_settings {
	const char *const *certs; /* files: certificate, then its chain */
	const char *const *keys;  /* one for each, or none: in the same file */
	size_t n_certs, n_keys;   /* the first is for names nobody has */
	const char *client_ca;    /* NULL: no client certificates */
	int client_may;           /* a client without one is let in */
	int no_h2;                /* do not offer HTTP/2 */
};

/*
 * Read the files; settings stay the caller's and have to last. CH_CONFIG,
 * CH_DENIED: which file, and why not. What is only odd (a certificate that has
 * expired, a key that others can read) is said as a note.
 */
int tls_open(const struct tls_settings *settings, struct ch_err *err);
void tls_close(void);
int tls_is_open(void);

/*
 * Read them again, for the connections to come. If that fails, what was read
 * before stays in force.
 */
int tls_reload(struct ch_err *err);

struct tls;

struct tls *tls_new(int fd);
void tls_free(struct tls *tls);

/*
 * 1 done, 0 later, -1 failed: the sentence is in tls_trouble. Who spoke plain
 * HTTP has been answered 400 by then.
 */
int tls_handshake(struct tls *tls);
const char *tls_trouble(const struct tls *tls);

/* > 0, 0 at the end (read only), -1 with errno: EAGAIN, ECONNRESET. */
ssize_t tls_read(struct tls *tls, void *bytes, size_t n);
ssize_t tls_write(struct tls *tls, const void *bytes, size_t n);

/* Say that nothing more will come (close_notify), as far as it goes. */
void tls_bye(struct tls *tls);

/* After the handshake: whether HTTP/2 was agreed on. */
int tls_is_h2(const struct tls *tls);

/* The subject of the client's certificate, as RFC 4514 has it; NULL: none. */
const char *tls_peer(struct tls *tls);

#endif
