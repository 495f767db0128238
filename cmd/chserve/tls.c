/* TLS on accepted sockets, with OpenSSL. */
#include "chserve/tls.h"

#include "chserve/certs.h"

#include "common/say.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define DRAINED 65536 /* of a request that was not for us */

struct tls {
	SSL *ssl;
	char *peer;
	const char *trouble;
	int fd;
	int broken; /* nothing may be said any more */
};

static const struct tls_settings *settings;
static struct certs *certs;

/* --- certificates --------------------------------------------------------- */

int
tls_open(const struct tls_settings *with, struct ch_err *err)
{
	settings = with;
	return certs_load(&certs, settings, err);
}

int
tls_reload(struct ch_err *err)
{
	struct certs *fresh;
	int rc = certs_load(&fresh, settings, err);

	if (rc != CH_OK)
		return rc;
	certs_free(certs);
	certs = fresh;
	return CH_OK;
}

void
tls_close(void)
{
	certs_free(certs);
	certs = NULL;
}

int
tls_is_open(void)
{
	return certs != NULL;
}

/* --- connections ---------------------------------------------------------- */

struct tls *
tls_new(int fd)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		say_memory();
	tls->fd = fd;
	tls->ssl = SSL_new(certs_context(certs));
	if (!tls->ssl || !SSL_set_fd(tls->ssl, fd))
		say_memory();
	SSL_set_accept_state(tls->ssl);
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	OPENSSL_free(tls->peer);
	free(tls);
}

/* What the last call on it means: 0 at its end, -1 with errno. */
static int
outcome(struct tls *tls, int rc)
{
	switch (SSL_get_error(tls->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		tls->broken = 1;
		tls->trouble = ERR_reason_error_string(ERR_peek_error());
		errno = ECONNRESET;
		return -1;
	}
}

/* Somebody typed http:// for https://; take what came, so it can be read. */
static void
answer_plain(int fd)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 37\r\nConnection: close\r\n\r\n"
	    "This port speaks HTTPS: use https://\n";
	char bytes[4096];
	size_t n;
	ssize_t got = 1;

	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		return;
	shutdown(fd, SHUT_WR);
	for (n = 0; n < DRAINED && got > 0; n += (size_t)got)
		got = recv(fd, bytes, sizeof(bytes), 0);
}

static int
is_plain_http(void)
{
	unsigned long code = ERR_peek_error();

	return ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    (ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST ||
		ERR_GET_REASON(code) == SSL_R_HTTPS_PROXY_REQUEST);
}

int
tls_handshake(struct tls *tls)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(tls->ssl);
	if (rc == 1)
		return 1;
	if (outcome(tls, rc) < 0 && errno == EAGAIN)
		return 0;
	tls->broken = 1;
	if (is_plain_http())
		answer_plain(tls->fd);
	ERR_clear_error();
	return -1;
}

const char *
tls_trouble(const struct tls *tls)
{
	return tls->trouble ? tls->trouble : "the connection was lost";
}

ssize_t
tls_read(struct tls *tls, void *bytes, size_t n)
{
	int rc;

	ERR_clear_error();
	rc = SSL_read(tls->ssl, bytes, n > INT_MAX ? INT_MAX : (int)n);
	return rc > 0 ? rc : outcome(tls, rc);
}

ssize_t
tls_write(struct tls *tls, const void *bytes, size_t n)
{
	int rc;

	if (!n)
		return 0;
	ERR_clear_error();
	rc = SSL_write(tls->ssl, bytes, n > INT_MAX ? INT_MAX : (int)n);
	if (rc > 0)
		return rc;
	if (outcome(tls, rc) == 0)
		errno = EPIPE;
	return -1;
}

void
tls_bye(struct tls *tls)
{
	ERR_clear_error();
	if (!tls->broken && SSL_is_init_finished(tls->ssl) &&
	    !(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN))
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

int
tls_is_h2(const struct tls *tls)
{
	const unsigned char *name = NULL;
	unsigned len = 0;

	SSL_get0_alpn_selected(tls->ssl, &name, &len);
	return len == 2 && memcmp(name, "h2", 2) == 0;
}

const char *
tls_peer(struct tls *tls)
{
	X509 *cert;
	BIO *text;
	long n;
	char *bytes;

	if (tls->peer)
		return tls->peer;
	cert = SSL_get0_peer_certificate(tls->ssl);
	if (!cert || SSL_get_verify_result(tls->ssl) != X509_V_OK)
		return NULL;
	text = BIO_new(BIO_s_mem());
	if (!text)
		say_memory();
	X509_NAME_print_ex(text, X509_get_subject_name(cert), 0,
	    XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	n = BIO_get_mem_data(text, &bytes);
	tls->peer = OPENSSL_strndup(bytes, n > 0 ? (size_t)n : 0);
	BIO_free(text);
	if (!tls->peer)
		say_memory();
	return tls->peer;
}
