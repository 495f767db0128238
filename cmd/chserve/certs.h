/*
 * certs.h - certificates, keys and all else that connections under TLS share.
 *
 * One context for each certificate; a client that names a host gets the first
 * one whose certificate is for that host, else the first.
 *
 * Tickets: the keys come out of a secret that is made once, before processes
 * part, the files' contents and the day. So processes that share a port take
 * each other's tickets, none outlives the certificates or the client CA it was
 * given under, and a key that leaks opens the traffic of one day.
 */
#ifndef CHSERVE_CERTS_H
#define CHSERVE_CERTS_H

#include "chserve/tls.h"

#include <openssl/ssl.h>

struct certs;

/* The errors are those of tls_open. Free them with certs_free. */
int certs_load(struct certs **certs, const struct tls_settings *settings,
    struct ch_err *err);
void certs_free(struct certs *certs);

/* The context to start a connection with, its ticket keys those of today. */
SSL_CTX *certs_context(struct certs *certs);

#endif
