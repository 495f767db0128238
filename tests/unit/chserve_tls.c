/* TLS: what is read from files, who is let in, what goes over the line. */
#include "chserve/tls.h"

#include "base/err.h"
#include "common/say.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY (24 * 60 * 60)

static struct ch_err err;

/* --- certificates --------------------------------------------------------- */

struct identity {
	EVP_PKEY *key;
	X509 *cert;
};

static void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

/* Signed by `by`, or by itself; good from yesterday for so many days. */
static struct identity
identity_new(const char *name, const char *hosts, const struct identity *by,
    int days)
{
	struct identity new = { EVP_EC_gen("P-256"), X509_new() };
	static long serial;
	X509_NAME *subject = X509_get_subject_name(new.cert);

	X509_set_version(new.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(new.cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(new.cert), -2L * DAY);
	X509_gmtime_adj(X509_getm_notAfter(new.cert), (long)days * DAY);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(new.cert, by ? X509_get_subject_name(by->cert)
					  : subject);
	X509_set_pubkey(new.cert, new.key);
	add_extension(new.cert, NID_basic_constraints,
	    by ? "CA:FALSE" : "CA:TRUE");
	if (hosts)
		add_extension(new.cert, NID_subject_alt_name, hosts);
	X509_sign(new.cert, by ? by->key : new.key, EVP_sha256());
	return new;
}

static void
identity_free(struct identity *identity)
{
	X509_free(identity->cert);
	EVP_PKEY_free(identity->key);
}

static void
write_cert(const char *path, const struct identity *identity)
{
	FILE *file = fopen(path, "w");

	PEM_write_X509(file, identity->cert);
	fclose(file);
}

static void
write_key(const char *path, const struct identity *identity,
    const char *passphrase)
{
	FILE *file = fopen(path, "w");

	PEM_write_PrivateKey(file, identity->key,
	    passphrase ? EVP_aes_128_cbc() : NULL,
	    (const unsigned char *)passphrase,
	    passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
	fclose(file);
	chmod(path, 0600);
}

static struct identity ca, first, second, person, stranger;

static void
make_files(void)
{
	ca = identity_new("Test CA", NULL, NULL, 10);
	first = identity_new("first", "DNS:first.example", NULL, 10);
	second = identity_new("second", "DNS:*.second.example", NULL, 10);
	person = identity_new("J\xc3\xb6rg, 1", NULL, &ca, 10);
	stranger = identity_new("stranger", NULL, NULL, 10);
	write_cert("ca.pem", &ca);
	write_cert("first.pem", &first);
	write_key("first.key", &first, NULL);
	write_cert("second.pem", &second);
	write_key("second.key", &second, NULL);
	write_key("locked.key", &first, "secret");
	fclose(fopen("empty.pem", "w"));
}

static void
free_files(void)
{
	identity_free(&ca);
	identity_free(&first);
	identity_free(&second);
	identity_free(&person);
	identity_free(&stranger);
}

/* --- a client ------------------------------------------------------------- */

struct pair {
	struct tls *tls;
	SSL_CTX *context;
	SSL *ssl;
	int fds[2]; /* ours, the client's */
	int done;   /* of the server's handshake */
};

static void
pair_open(struct pair *pair)
{
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair->fds);
	pair->tls = tls_new(pair->fds[0]);
	pair->context = SSL_CTX_new(TLS_client_method());
	pair->ssl = SSL_new(pair->context);
	SSL_set_fd(pair->ssl, pair->fds[1]);
	SSL_set_security_level(pair->ssl, 0);
	pair->done = 0;
}

static void
pair_close(struct pair *pair)
{
	tls_free(pair->tls);
	SSL_free(pair->ssl);
	SSL_CTX_free(pair->context);
	close(pair->fds[0]);
	close(pair->fds[1]);
}

static void
use(struct pair *pair, const struct identity *identity)
{
	SSL_use_certificate(pair->ssl, identity->cert);
	SSL_use_PrivateKey(pair->ssl, identity->key);
}

static void
offer(struct pair *pair, const char *protocols)
{
	SSL_set_alpn_protos(pair->ssl, (const unsigned char *)protocols,
	    (unsigned)strlen(protocols));
}

/* Let both shake hands; the server's result. */
static int
shake(struct pair *pair)
{
	int i, client = 0;

	for (i = 0; i < 10 && (!pair->done || client != 1); i++) {
		client = SSL_connect(pair->ssl);
		if (!pair->done)
			pair->done = tls_handshake(pair->tls);
	}
	return pair->done;
}

static int
served_name(struct pair *pair, const char *host, char *name, size_t size)
{
	X509 *cert;
	int rc;

	pair_open(pair);
	if (host)
		SSL_set_tlsext_host_name(pair->ssl, host);
	rc = shake(pair);
	cert = SSL_get0_peer_certificate(pair->ssl);
	strcpy(name, "");
	if (cert)
		X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		    NID_commonName, name, (int)size);
	pair_close(pair);
	return rc;
}

static const char *const pems[] = { "first.pem", "second.pem" };
static const char *const keys[] = { "first.key", "second.key" };
static struct tls_settings settings = { .certs = pems, .keys = keys,
	.n_certs = 2, .n_keys = 2 };

/* --- tests ---------------------------------------------------------------- */

static int
opens(const char *cert, const char *key, const char *client_ca)
{
	struct tls_settings one = { .certs = &cert, .keys = &key,
		.n_certs = 1, .n_keys = key != NULL, .client_ca = client_ca };
	int rc;

	err.text[0] = '\0';
	rc = tls_open(&one, &err);
	tls_close();
	return rc;
}

static void
test_files(void)
{
	is_int(opens("first.pem", "first.key", NULL), CH_OK, "a pair");
	is_int(opens("first.pem", "first.key", "ca.pem"), CH_OK, "and a CA");
	is_int(opens("none.pem", "first.key", NULL), CH_CONFIG, "no file");
	is_str(err.text, "certificate none.pem: No such file or directory",
	    "is said");
	is_int(opens("first.pem", "none.key", NULL), CH_CONFIG, "no key file");
	is_str(err.text, "key none.key: No such file or directory", "is said");
	is_int(opens("empty.pem", "first.key", NULL), CH_CONFIG, "empty");
	is_str(err.text, "certificate empty.pem: there is none in it",
	    "is said");
	is_int(opens("first.pem", "first.pem", NULL), CH_CONFIG, "no key");
	is_str(err.text, "key first.pem: there is none in it", "is said");
	is_int(opens("first.pem", NULL, NULL), CH_CONFIG, "one file");
	is_int(opens("first.pem", "second.key", NULL), CH_CONFIG, "another");
	is_str(err.text,
	    "key second.key: it is not the key of certificate first.pem",
	    "is said");
	is_int(opens("first.pem", "locked.key", NULL), CH_CONFIG, "locked");
	is_str(err.text, "key locked.key: it is locked with a passphrase",
	    "is said");
	is_int(opens("first.pem", "first.key", "first.key"), CH_CONFIG,
	    "a CA that is none");
	is_str(err.text, "client CA first.key: there is none in it", "is said");
	ok(!tls_is_open(), "nothing is open");
}

static void
test_bytes(void)
{
	static char big[100000], got[100000];
	struct pair pair;
	size_t sent = 0, n = 0;
	ssize_t rc;
	char text[8] = "";

	pair_open(&pair);
	is_int(tls_handshake(pair.tls), 0, "nothing yet");
	is_int(shake(&pair), 1, "hands are shaken");
	is_int(tls_read(pair.tls, text, sizeof(text)), -1, "nothing to read");
	is_int(errno, EAGAIN, "for now");
	SSL_write(pair.ssl, "hello", 5);
	is_int(tls_read(pair.tls, text, 2), 2, "two bytes");
	is_int(tls_read(pair.tls, text + 2, 6), 3, "and three");
	is_str(text, "hello", "are what was sent");

	memset(big, 'x', sizeof(big));
	fcntl(pair.fds[0], F_SETFL, O_NONBLOCK);
	while (sent < sizeof(big) || n < sizeof(big)) {
		rc = tls_write(pair.tls, big + sent, sizeof(big) - sent);
		if (rc > 0)
			sent += (size_t)rc;
		else if (rc < 0 && errno != EAGAIN)
			break;
		if (sent == sizeof(big) || rc < 0) {
			int m = SSL_read(pair.ssl, got + n,
			    (int)(sizeof(got) - n));
			n += m > 0 ? (size_t)m : 0;
		}
	}
	ok(n == sizeof(big) && memcmp(big, got, n) == 0, "a lot arrives whole");

	tls_bye(pair.tls);
	is_int(SSL_read(pair.ssl, got, 1), 0, "then the end");
	is_int(SSL_get_error(pair.ssl, 0), SSL_ERROR_ZERO_RETURN, "is said");
	shutdown(pair.fds[1], SHUT_WR);
	is_int(tls_read(pair.tls, text, 1), 0, "an end is an end");
	pair_close(&pair);
}

static void
test_refused(void)
{
	static const char plain[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
	struct pair pair;
	char text[512] = "";

	pair_open(&pair);
	SSL_set_max_proto_version(pair.ssl, TLS1_1_VERSION);
	is_int(shake(&pair), -1, "TLS 1.1 is refused");
	ok(strstr(tls_trouble(pair.tls), "protocol"), "because: %s",
	    tls_trouble(pair.tls));
	pair_close(&pair);

	pair_open(&pair);
	SSL_set_max_proto_version(pair.ssl, TLS1_2_VERSION);
	SSL_set_cipher_list(pair.ssl, "AES128-SHA:ECDHE-ECDSA-AES128-SHA");
	is_int(shake(&pair), -1, "weak ciphers are refused");
	pair_close(&pair);

	pair_open(&pair);
	SSL_set_max_proto_version(pair.ssl, TLS1_2_VERSION);
	is_int(shake(&pair), 1, "TLS 1.2 is not");
	is_int(SSL_renegotiate(pair.ssl), 1, "the client wants another");
	SSL_do_handshake(pair.ssl);
	is_int(tls_read(pair.tls, text, 1), -1, "handshake");
	SSL_do_handshake(pair.ssl);
	ok(SSL_renegotiate_pending(pair.ssl), "and gets none");
	pair_close(&pair);

	pair_open(&pair);
	ok(write(pair.fds[1], plain, sizeof(plain) - 1) > 0, "plain HTTP");
	is_int(tls_handshake(pair.tls), -1, "is refused");
	tls_bye(pair.tls);
	ok(read(pair.fds[1], text, sizeof(text) - 1) > 0 &&
	    strncmp(text, "HTTP/1.1 400 ", 13) == 0 &&
	    strcmp(strstr(text, "\r\n\r\n"),
		"\r\n\r\nThis port speaks HTTPS: use https://\n") == 0,
	    "with words");
	ok(strstr(text, "Content-Length: 37\r\n"), "whose length is right");
	is_int(read(pair.fds[1], text, 1), 0, "and the end");
	pair_close(&pair);

	pair_open(&pair);
	close(pair.fds[1]);
	is_int(tls_handshake(pair.tls), -1, "who leaves has left");
	ok(*tls_trouble(pair.tls), "that, too, has words");
	pair.fds[1] = -1;
	pair_close(&pair);
}

static void
test_names(void)
{
	struct pair pair;
	char name[64];

	served_name(&pair, NULL, name, sizeof(name));
	is_str(name, "first", "without a name: the first certificate");
	served_name(&pair, "first.example", name, sizeof(name));
	is_str(name, "first", "its name: it");
	served_name(&pair, "www.second.example", name, sizeof(name));
	is_str(name, "second", "a name of the second: that");
	is_int(served_name(&pair, "third.example", name, sizeof(name)), 1,
	    "nobody's name is no error");
	is_str(name, "first", "and gets the first");
}

static const char *
agreed(const char *offered)
{
	struct pair pair;
	static char is[8];

	pair_open(&pair);
	if (*offered)
		offer(&pair, offered);
	if (shake(&pair) == 1)
		strcpy(is, tls_is_h2(pair.tls) ? "h2" : "h1");
	else
		strcpy(is, "failed");
	pair_close(&pair);
	return is;
}

static void
test_protocols(void)
{
	is_str(agreed("\2h2\10http/1.1"), "h2", "HTTP/2 where it is offered");
	is_str(agreed("\10http/1.1\2h2"), "h2", "whatever the order");
	is_str(agreed("\10http/1.1"), "h1", "else HTTP/1.1");
	is_str(agreed(""), "h1", "also without a word about it");
	is_str(agreed("\3foo"), "failed", "neither: refused");
	settings.no_h2 = 1;
	is_str(agreed("\2h2\10http/1.1"), "h1", "unless told not to");
	settings.no_h2 = 0;
}

/* Connect, perhaps with a certificate: who the server saw; "" if refused. */
static const char *
seen(const struct identity *identity)
{
	static char who[128];
	struct pair pair;

	pair_open(&pair);
	if (identity)
		use(&pair, identity);
	*who = '\0';
	if (shake(&pair) == 1)
		snprintf(who, sizeof(who), "%s",
		    tls_peer(pair.tls) ? tls_peer(pair.tls) : "nobody");
	pair_close(&pair);
	return who;
}

static void
test_clients(void)
{
	is_str(seen(&person), "nobody", "a certificate nobody asked for");
	settings.client_ca = "ca.pem";
	is_int(tls_reload(&err), CH_OK, "with a CA");
	is_str(seen(&person), "CN=J\xc3\xb6rg\\, 1", "a client of it is known");
	is_str(seen(NULL), "", "who shows none is refused");
	is_str(seen(&stranger), "", "so is who shows another's");
	settings.client_may = 1;
	is_int(tls_reload(&err), CH_OK, "with one that is optional");
	is_str(seen(NULL), "nobody", "who shows none is let in");
	is_str(seen(&stranger), "", "who shows another's is not");
	is_str(seen(&person), "CN=J\xc3\xb6rg\\, 1", "who shows one is known");
	settings.client_ca = NULL;
	is_int(tls_reload(&err), CH_OK, "without it again");
}

static void
test_reload(void)
{
	struct pair pair, old;
	char name[64], text[8] = "";

	pair_open(&old);
	tls_handshake(old.tls);
	SSL_connect(old.ssl);
	write_key("first.key", &second, NULL);
	is_int(tls_reload(&err), CH_CONFIG, "a key that does not fit");
	served_name(&pair, NULL, name, sizeof(name));
	is_str(name, "first", "the old certificate stays");
	write_cert("first.pem", &second);
	is_int(tls_reload(&err), CH_OK, "another certificate");
	served_name(&pair, NULL, name, sizeof(name));
	is_str(name, "second", "is shown from now on");
	is_int(shake(&old), 1, "a handshake under way goes on");
	SSL_write(old.ssl, "old", 3);
	is_int(tls_read(old.tls, text, 3), 3, "and its connection lives");
	pair_close(&old);
	write_cert("first.pem", &first);
	write_key("first.key", &first, NULL);
	is_int(tls_reload(&err), CH_OK, "and back");
}

/* Resume `session`; whether that was taken. */
static int
resumed(SSL_SESSION *session)
{
	struct pair pair;
	int reused;
	SSL_SESSION *copy = SSL_SESSION_dup(session); /* it is used up */

	pair_open(&pair);
	SSL_set_session(pair.ssl, copy);
	shake(&pair);
	reused = SSL_session_reused(pair.ssl);
	pair_close(&pair);
	SSL_SESSION_free(copy);
	return reused;
}

static void
test_tickets(void)
{
	SSL_SESSION *session;
	struct pair pair;
	char c;

	pair_open(&pair);
	shake(&pair);
	SSL_read(pair.ssl, &c, 1); /* tickets come behind the handshake */
	session = SSL_get1_session(pair.ssl);
	tls_bye(pair.tls);
	SSL_shutdown(pair.ssl);
	pair_close(&pair);
	ok(resumed(session), "a session is resumed");
	is_int(tls_reload(&err), CH_OK, "the same files again");
	ok(resumed(session), "change nothing");
	write_cert("first.pem", &second);
	write_key("first.key", &second, NULL);
	is_int(tls_reload(&err), CH_OK, "another certificate");
	ok(!resumed(session), "ends it");
	SSL_SESSION_free(session);
}

static void
test_notes(void)
{
	struct identity old = identity_new("old", NULL, NULL, -1);
	char text[256] = "";
	int fds[2], stderr_was = dup(2);

	write_cert("old.pem", &old);
	write_key("old.key", &old, NULL);
	chmod("old.key", 0644);
	if (pipe(fds))
		return;
	dup2(fds[1], 2);
	is_int(opens("old.pem", "old.key", NULL), CH_OK, "old and open");
	dup2(stderr_was, 2);
	ok(read(fds[0], text, sizeof(text) - 1) > 0, "something is said");
	ok(strstr(text, "certificate old.pem: it has expired\n"), "is noted");
	ok(strstr(text, "key old.key: everybody can read it\n"), "both");
	close(fds[0]);
	close(fds[1]);
	close(stderr_was);
	identity_free(&old);
}

int
main(void)
{
	static const char *const files[] = { "ca.pem", "first.pem", "first.key",
		"second.pem", "second.key", "locked.key", "empty.pem",
		"old.pem", "old.key" };
	char dir[] = "/tmp/chserve_tls.XXXXXX";
	size_t i;

	if (!mkdtemp(dir) || chdir(dir))
		return 1;
	say_start("chserve_tls");
	make_files();
	test_files();
	is_int(tls_open(&settings, &err), CH_OK, "two certificates");
	test_bytes();
	test_refused();
	test_names();
	test_protocols();
	test_clients();
	test_reload();
	test_tickets();
	tls_close();
	test_notes();
	free_files();
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		unlink(files[i]);
	if (chdir("/") || rmdir(dir))
		perror(dir);
	return done_testing();
}
