/*
 * h2.h - HTTP/2 on a connection: its role.
 *
 * What is read from the socket is given to the session (h2session.h), whose
 * frames are written here. Nothing of it waits or grows: while the socket takes
 * nothing, nothing is read; and what came of bodies and was not taken yet
 * counts against windows, which are given back only then.
 */
#ifndef CHSERVE_H2_H
#define CHSERVE_H2_H

#include "chserve/conn.h"

#include <nghttp2/nghttp2.h>
#include <stddef.h>

/* The head, so to speak, with which it begins where there is no TLS. */
#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\n"

/* Begin; n bytes were read already. Then it is to have a turn. */
void h2_begin(struct conn *conn, const void *bytes, size_t n);

/* --- for h2stream.c ------------------------------------------------------- */

nghttp2_session *h2_session(const struct conn *conn);

#endif
