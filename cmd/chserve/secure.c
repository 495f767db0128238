/* Connections until TLS is agreed upon. */
#include "chserve/secure.h"

#include "chserve/h1.h"
#include "chserve/h2.h"
#include "chserve/metrics.h"
#include "chserve/tls.h"

#include "common/say.h"

#define TLS_BYTES 15000 /* of OpenSSL's, when the handshake is done */

static void
turn(struct conn *conn)
{
	int rc = tls_handshake(conn->sock.tls);

	if (!rc)
		return;
	if (rc < 0) {
		metrics_add(METRIC_TLS_FAILURES, 1);
		say_more("%s: no TLS: %s", conn->from.host,
		    tls_trouble(conn->sock.tls));
		conn_drop(conn);
		return;
	}
	if (tls_is_h2(conn->sock.tls))
		h2_begin(conn, NULL, 0);
	else
		h1_begin(conn, 0);
	conn->role->turn(conn);
}

/* As in h1.c: a first request is still to come. */
static void
stop(struct conn *conn)
{
	conn_wait(conn, CONN_LAST);
}

static void
nothing(struct conn *conn)
{
	(void)conn;
}

void
secure_begin(struct conn *conn)
{
	static const struct conn_role role = { turn, conn_drop, stop,
		nothing };

	conn->sock.tls = tls_new(conn->sock.fd);
	conn_weigh(conn, TLS_BYTES);
	conn->role = &role;
}
