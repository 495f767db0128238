/*
 * secure.h - connections until TLS is agreed upon.
 *
 * A handshake has as long as a head has. Then the connection goes on as what
 * the two agreed on: h2.c or h1.c.
 */
#ifndef CHSERVE_SECURE_H
#define CHSERVE_SECURE_H

#include "chserve/conn.h"

void secure_begin(struct conn *conn);

#endif
