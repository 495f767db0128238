/* Certificates, keys and all else that connections under TLS share. */
#include "chserve/certs.h"

#include "base/err.h"
#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 1048576 /* a chain or a CA bundle is far smaller */
#define DAY_MS 86400000
#define DIGEST 32      /* SHA-256 */
#define TICKET_KEYS 80 /* what OpenSSL wants: name, HMAC and AES keys */

/* Mozilla's intermediate ones, without DHE; TLS 1.3 has its own, all good. */
#define CIPHERS \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

struct certs {
	const struct tls_settings *settings;
	SSL_CTX **contexts; /* settings->n_certs of them */
	unsigned char files[DIGEST];
	int64_t day; /* whose ticket keys they have */
};

static unsigned char secret[DIGEST];
static int has_secret;

/* --- words ---------------------------------------------------------------- */

/* What OpenSSL has to say about a file; it is CH_CONFIG. */
static int
wrong(struct ch_err *err, const char *what, const char *path)
{
	unsigned long code = ERR_peek_error();
	const char *why = ERR_reason_error_string(code);

	if ((ERR_GET_LIB(code) == ERR_LIB_PEM &&
		ERR_GET_REASON(code) == PEM_R_NO_START_LINE) ||
	    ERR_GET_REASON(code) == ERR_R_UNSUPPORTED)
		why = "there is none in it";
	ERR_clear_error();
	return ch_err_set(err, CH_CONFIG, "%s %s: %s", what, path,
	    why ? why : "not understood");
}

/* Read a file into the digest of all; *mode may be NULL. */
static int
take(EVP_MD_CTX *digest, const char *what, const char *path, mode_t *mode,
    struct ch_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), os = 0;
	struct ch_buf bytes = CH_BUF_INIT;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || ch_io_slurp(fd, &bytes, FILE_MAX))
		os = errno;
	else if (mode)
		*mode = st.st_mode;
	if (!os)
		EVP_DigestUpdate(digest, bytes.data, bytes.len);
	ch_io_close(&fd);
	if (bytes.data)
		OPENSSL_cleanse(bytes.data, bytes.len);
	ch_buf_release(&bytes);
	if (!os)
		return CH_OK;
	return ch_err_set(err, os == EACCES ? CH_DENIED : CH_CONFIG,
	    "%s %s: %s", what, path, strerror(os));
}

/* --- one certificate ------------------------------------------------------ */

static int
no_passphrase(char *text, int size, int writing, void *data)
{
	(void)text, (void)size, (void)writing;
	*(int *)data = 1; /* was asked for */
	return 0;
}

static int
use_key(SSL_CTX *context, const char *cert, const char *key,
    struct ch_err *err)
{
	int asked = 0, ok;

	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
	ok = SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1;
	SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
	SSL_CTX_set_default_passwd_cb(context, NULL);
	if (ok)
		return CH_OK;
	if (asked)
		return ch_err_set(err, CH_CONFIG,
		    "key %s: it is locked with a passphrase", key);
	if (ERR_GET_REASON(ERR_peek_last_error()) ==
	    X509_R_KEY_VALUES_MISMATCH) {
		ERR_clear_error();
		return ch_err_set(err, CH_CONFIG,
		    "key %s: it is not the key of certificate %s", key, cert);
	}
	return wrong(err, "key", key);
}

static void
note_dates(SSL_CTX *context, const char *path)
{
	const X509 *cert = SSL_CTX_get0_certificate(context);

	if (X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
		say_note("certificate %s: it has expired", path);
	else if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
		say_note("certificate %s: it is not valid yet", path);
}

static int
choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *len,
    const unsigned char *offered, unsigned offered_len, void *data)
{
	static const unsigned char ours[] = "\2h2\10http/1.1";
	const struct tls_settings *settings = data;
	size_t skip = settings->no_h2 ? 3 : 0;
	unsigned char *found;

	(void)ssl;
	if (SSL_select_next_proto(&found, len, ours + skip,
		(unsigned)(sizeof(ours) - 1 - skip), offered, offered_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*chosen = found;
	return SSL_TLSEXT_ERR_OK;
}

static int
use_client_ca(SSL_CTX *context, const struct tls_settings *settings,
    struct ch_err *err)
{
	const char *path = settings->client_ca;
	STACK_OF(X509_NAME) *names;

	if (!path)
		return CH_OK;
	names = SSL_load_client_CA_file(path);
	if (!names || SSL_CTX_load_verify_file(context, path) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return wrong(err, "client CA", path);
	}
	SSL_CTX_set_client_CA_list(context, names);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER |
	    (settings->client_may ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT), NULL);
	return CH_OK;
}

static SSL_CTX *
new_context(const struct tls_settings *settings)
{
	static char groups[] = "X25519:P-256:P-384";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	union {
		const void *from;
		void *to; /* OpenSSL takes no const */
	} data = { settings };

	if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
	    || !SSL_CTX_set_cipher_list(context, CIPHERS) ||
	    !SSL_CTX_set1_groups_list(context, groups) ||
	    !SSL_CTX_set_session_id_context(context,
		(const unsigned char *)"chserve", 7))
		say_memory();
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* An idle connection keeps no buffers. */
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(context, 1);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, data.to);
	return context;
}

static int
load_one(struct certs *certs, size_t i, EVP_MD_CTX *digest,
    struct ch_err *err)
{
	const struct tls_settings *settings = certs->settings;
	const char *cert = settings->certs[i];
	const char *key = settings->n_keys ? settings->keys[i] : cert;
	SSL_CTX *context = certs->contexts[i] = new_context(settings);
	mode_t mode = 0;
	int rc;

	ERR_clear_error();
	rc = take(digest, "certificate", cert, NULL, err);
	if (rc == CH_OK && SSL_CTX_use_certificate_chain_file(context, cert) !=
	    1)
		rc = wrong(err, "certificate", cert);
	if (rc == CH_OK)
		rc = take(digest, "key", key, &mode, err);
	if (rc == CH_OK)
		rc = use_key(context, cert, key, err);
	if (rc == CH_OK)
		rc = use_client_ca(context, settings, err);
	if (rc != CH_OK)
		return rc;
	note_dates(context, cert);
	if (mode & S_IROTH)
		say_note("key %s: everybody can read it", key);
	return CH_OK;
}

/* --- all of them ---------------------------------------------------------- */

/* The client named a host: the context whose certificate is for it. */
static int
choose_context(SSL *ssl, int *alert, void *data)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct certs *certs = data;
	X509 *cert;
	size_t i;

	(void)alert;
	for (i = 0; name && i < certs->settings->n_certs; i++) {
		cert = SSL_CTX_get0_certificate(certs->contexts[i]);
		if (X509_check_host(cert, name, 0, 0, NULL) != 1)
			continue;
		SSL_set_SSL_CTX(ssl, certs->contexts[i]);
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_NOACK;
}

int
certs_load(struct certs **out, const struct tls_settings *settings,
    struct ch_err *err)
{
	struct certs *certs = calloc(1, sizeof(*certs));
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	int rc = CH_OK;
	size_t i;

	if (!certs || !digest || !EVP_DigestInit(digest, EVP_sha256()))
		say_memory();
	if (!has_secret && RAND_bytes(secret, sizeof(secret)) != 1)
		say_memory();
	has_secret = 1;
	certs->settings = settings;
	certs->day = -1;
	certs->contexts = calloc(settings->n_certs, sizeof(*certs->contexts));
	if (!certs->contexts)
		say_memory();
	if (settings->client_ca)
		rc = take(digest, "client CA", settings->client_ca, NULL, err);
	for (i = 0; rc == CH_OK && i < settings->n_certs; i++)
		rc = load_one(certs, i, digest, err);
	EVP_DigestFinal(digest, certs->files, NULL);
	EVP_MD_CTX_free(digest);
	if (rc != CH_OK) {
		certs_free(certs);
		return rc;
	}
	SSL_CTX_set_tlsext_servername_callback(certs->contexts[0],
	    choose_context);
	SSL_CTX_set_tlsext_servername_arg(certs->contexts[0], certs);
	*out = certs;
	return CH_OK;
}

void
certs_free(struct certs *certs)
{
	size_t i;

	if (!certs)
		return;
	for (i = 0; i < certs->settings->n_certs; i++) {
		/* A handshake under way keeps the context, not us. */
		if (certs->contexts[i])
			SSL_CTX_set_tlsext_servername_callback(
			    certs->contexts[i], NULL);
		SSL_CTX_free(certs->contexts[i]);
	}
	free(certs->contexts);
	free(certs);
}

static void
renew_tickets(struct certs *certs)
{
	unsigned char keys[TICKET_KEYS + DIGEST], text[DIGEST + 9];
	size_t i;

	memcpy(text, certs->files, DIGEST);
	memcpy(text + DIGEST, &certs->day, 8);
	for (i = 0; i * DIGEST < TICKET_KEYS; i++) {
		text[DIGEST + 8] = (unsigned char)i;
		HMAC(EVP_sha256(), secret, sizeof(secret), text, sizeof(text),
		    keys + i * DIGEST, NULL);
	}
	for (i = 0; i < certs->settings->n_certs; i++)
		SSL_CTX_set_tlsext_ticket_keys(certs->contexts[i], keys,
		    TICKET_KEYS);
	OPENSSL_cleanse(keys, sizeof(keys));
}

SSL_CTX *
certs_context(struct certs *certs)
{
	int64_t day = ch_clock() / DAY_MS;

	if (day != certs->day) {
		certs->day = day;
		renew_tickets(certs);
	}
	return certs->contexts[0];
}
