/* HTTP/1.x on a connection: heads, bodies, answers, in turn. */
#include "chserve/h1.h"

#include "chserve/answer.h"
#include "chserve/h1state.h"
#include "chserve/h2.h"
#include "chserve/metrics.h"
#include "chserve/serve.h"

#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE HEAD_MAX
#define TURN_STEPS 32  /* pieces of a body, say, before others have theirs */
#define BODY_STEP 8192 /* bytes of a body that earn it another wait */

static void turn(struct conn *conn);
static void late(struct conn *conn);
static void stop(struct conn *conn);

static const struct conn_role role = { turn, late, stop, h1_release };

/* --- requests ------------------------------------------------------------- */

static struct request *
new_request(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		say_memory();
	request->wire = &h1_wire;
	request->on = conn;
	request->from = conn->from;
	request->to = conn->to;
	request->scheme = conn->sock.tls ? "https" : "http";
	request->certified = sock_certified(&conn->sock);
	request->since = metrics_clock();
	h1->request = request;
	h1->served = 1;
	h1->framing = HEAD_NO_BODY;
	h1->expects = h1->wanted = 0;
	h1->progress = 0;
	h1->promised = -1;
	h1->chunks = 0;
	h1->keep = 1;
	return request;
}

static void
end_request(struct h1 *h1, int lost)
{
	struct request *request = h1->request;

	h1->request = NULL;
	if (!request)
		return;
	request_over(request, lost, outbox_left(&h1->out));
	free(request);
}

/* Refuse what came, and all that comes behind it. */
static void
refuse(struct h1 *h1, int status)
{
	struct request *request = h1->request;

	h1->keep = 0;
	h1->state = H1_ANSWER;
	if (request->taker)
		request->taker->over(request);
	answer_words(request, status, NULL);
}

static void
use_in(struct h1 *h1, size_t n)
{
	h1->in_at += n;
	if (h1->in_at < h1->in.len)
		return;
	ch_buf_release(&h1->in);
	h1->in_at = 0;
}

/* Of a body with a length no more is read than that. */
static size_t
read_size(const struct h1 *h1)
{
	return h1->state == H1_BODY && h1->framing == HEAD_LENGTH &&
	    h1->left < READ_SIZE ? (size_t)h1->left : READ_SIZE;
}

/* Read some more: 1, 0 if there is nothing, -1 at the end. */
static int
read_more(struct conn *conn)
{
	static char bytes[READ_SIZE]; /* what is kept is no larger than it is */
	struct h1 *h1 = conn->state;
	ssize_t n = sock_read(&conn->sock, bytes, read_size(h1));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (n == 0)
		return -1;
	ch_buf_consume(&h1->in, h1->in_at);
	h1->in_at = 0;
	put_bytes(&h1->in, bytes, (size_t)n);
	return 1;
}

/* --- heads ---------------------------------------------------------------- */

/* A head is whole, or will never be: the request begins. */
static void
begin_request(struct conn *conn, size_t skip, size_t len)
{
	struct h1 *h1 = conn->state;
	struct request *request = new_request(conn);
	int status = len ? head_parse(&request->head,
	    h1->in.data + h1->in_at + skip, len) : 431;

	use_in(h1, skip + len);
	conn_wait_not(conn);
	if (!status)
		status = head_body(&request->head, &h1->framing, &h1->left);
	if (status)
		metrics_add(METRIC_BAD_REQUESTS, 1);
	if (status || h1->refusal) {
		refuse(h1, status ? status : h1->refusal);
		return;
	}
	memset(&h1->chunked, 0, sizeof(h1->chunked));
	request->has_body = h1->framing != HEAD_NO_BODY;
	request->length = h1->framing == HEAD_CHUNKED ? -1 : h1->left;
	h1->expects = request->has_body && head_expects(&request->head);
	h1->keep = head_keeps(&request->head) && !conn_is_stopping();
	h1->state = request->has_body ? H1_BODY : H1_ANSWER;
	serve_request(request);
}

/* An empty line ahead of a head is forgiven (RFC 9112, section 2.2). */
static size_t
empty_line(const struct h1 *h1)
{
	return h1->in.len - h1->in_at >= 2 &&
	    memcmp(h1->in.data + h1->in_at, "\r\n", 2) == 0 ? 2 : 0;
}

/* HTTP/2 from the start. */
static int
is_preface(const struct h1 *h1, size_t len)
{
	return !h1->served && len == strlen(H2_PREFACE) &&
	    memcmp(h1->in.data, H2_PREFACE, len) == 0 && conn_may_be_h2();
}

static int
read_head(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	size_t n = h1->in.len - h1->in_at, skip = empty_line(h1), len = 0;
	int rc;

	if (n > skip) {
		len = head_length(h1->in.data + h1->in_at + skip, n - skip);
		if (is_preface(h1, len)) {
			if (h1->refusal)
				return -1;
			h1->state = H1_LEAVE;
			return 0;
		}
		if (len > HEAD_MAX)
			len = 0;
		if (len || n >= HEAD_MAX) {
			begin_request(conn, skip, len);
			return 1;
		}
	}
	rc = read_more(conn);
	if (rc > 0 && conn->waits_for == CONN_IDLE)
		conn_wait(conn, CONN_HEAD);
	return rc;
}

/* --- bodies --------------------------------------------------------------- */

/* Pass some of the body on; it is 0, or the status to refuse it with. */
static int
pass_on(struct conn *conn, const char *bytes, size_t n)
{
	struct h1 *h1 = conn->state;
	struct request *request = h1->request;

	h1->progress += n;
	if (h1->progress >= BODY_STEP) {
		h1->progress = 0;
		conn_wait(conn, CONN_BODY);
	}
	return request->taker && n ? request->taker->body(request, bytes, n)
				   : 0;
}

static int
body_is_whole(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	h1->state = H1_ANSWER;
	conn_wait_not(conn);
	return h1->request->taker
	    ? h1->request->taker->whole(h1->request) : 0;
}

/* One step through what was read; 0, or the status to refuse it with. */
static int
use_body(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	size_t n = h1->in.len - h1->in_at, used, at = 0, len = n;
	const char *bytes = h1->in.data + h1->in_at;
	enum chunked_result result = CHUNKED_DATA;
	int status = 0;

	if (h1->framing == HEAD_CHUNKED) {
		result = chunked_next(&h1->chunked, bytes, n, &used, &at,
		    &len);
	} else {
		used = len = (off_t)n < h1->left ? n : (size_t)h1->left;
		h1->left -= (off_t)len;
	}
	if (result == CHUNKED_WRONG)
		return 400;
	if (result == CHUNKED_DATA)
		status = pass_on(conn, bytes + at, len);
	use_in(h1, used);
	if (!status && (result == CHUNKED_END ||
	    (h1->framing == HEAD_LENGTH && !h1->left)))
		status = body_is_whole(conn);
	return status;
}

static int
read_body(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	int status;

	if (h1->request->ended) { /* who answered does not want the rest */
		h1->keep = 0;
		h1->state = H1_ANSWER;
		return 1;
	}
	if (!h1->wanted)
		return conn->hung_up && !h1->request->taker ? -1 : 0;
	if (h1->in_at == h1->in.len)
		return read_more(conn);
	status = use_body(conn);
	if (status && !h1->request->status)
		refuse(h1, status);
	else if (status)
		return -1; /* it is being answered already */
	return 1;
}

/* --- turns ---------------------------------------------------------------- */

/* All is written: read another head, or see that the answer arrives. */
static void
answered(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	end_request(h1, 0);
	if (h1->keep && !conn_is_stopping()) {
		h1->state = H1_HEAD;
		conn_wait(conn, CONN_IDLE);
		return;
	}
	h1->state = H1_LINGER;
	sock_finish(&conn->sock);
	conn_wait(conn, CONN_LINGER);
}

/* Read and forget, so that closing resets nothing the peer has yet to read. */
static int
linger(struct conn *conn)
{
	static char bytes[READ_SIZE];
	ssize_t n = sock_read(&conn->sock, bytes, sizeof(bytes));

	if (n > 0)
		return 1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static int
step(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	switch (h1->state) {
	case H1_HEAD:
		return read_head(conn);
	case H1_BODY:
		return read_body(conn);
	case H1_ANSWER:
		if (!h1->request->ended)
			return conn->hung_up ? -1 : 0;
		if (!outbox_is_empty(&h1->out))
			return 0;
		answered(conn);
		if (h1->in_at == h1->in.len)
			return 1;
		conn_again(conn); /* others come first */
		return 0;
	default:
		return linger(conn);
	}
}

/* The peer has to take what waits. */
static void
mind_stall(struct conn *conn, int waits)
{
	struct h1 *h1 = conn->state;
	int is_set = conn->due.queue && conn->waits_for == CONN_STALL;

	if (!waits && is_set)
		conn_wait_not(conn);
	else if (waits && !conn->due.queue)
		conn_has_to_take(conn, h1->out.written);
}

/* Write what there is: 1 if the connection may go on, 0, or -1 if lost. */
static int
write_out(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	int rc;

	if (outbox_is_empty(&h1->out))
		return 1;
	errno = 0;
	rc = outbox_write(&h1->out, &conn->sock);
	if (!rc && errno == EINTR)
		conn_again(conn);
	if (h1->state == H1_ANSWER)
		mind_stall(conn, !rc);
	/* where an answer waits, the body may be read all the same */
	return rc ? rc : h1->state == H1_BODY;
}

/* What was read is HTTP/2's. */
static void
become_h2(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	struct ch_buf in = h1->in;

	h1->in = (struct ch_buf)CH_BUF_INIT;
	h1_release(conn);
	h2_begin(conn, in.data, in.len);
	ch_buf_release(&in);
	conn->role->turn(conn);
}

/* The others' turn. */
static void
rest(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	conn_rest(conn, h1->in.size +
	    (h1->request ? h1->request->head.size : 0));
}

static void
turn(struct conn *conn)
{
	struct h1 *h1 = conn->state;
	int rc, n = 0;

	do {
		rc = write_out(conn);
		if (rc > 0)
			rc = step(conn);
	} while (rc > 0 && !h1->broken && ++n < TURN_STEPS);
	if (rc > 0)
		conn_again(conn);
	if (h1->state == H1_LEAVE) {
		become_h2(conn);
	} else if (rc < 0 || h1->broken) {
		conn_drop(conn);
	} else {
		rest(conn);
	}
}

static void
late(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	if (conn->waits_for == CONN_STALL &&
	    conn_took(conn, h1->out.written))
		return;
	if (h1->state == H1_HEAD && conn->waits_for == CONN_HEAD &&
	    h1->in.len) { /* something came, but no head */
		new_request(conn);
		refuse(h1, 408);
		turn(conn);
	} else if (h1->state == H1_BODY && !h1->request->status) {
		refuse(h1, 408);
		turn(conn);
	} else {
		conn_drop(conn);
	}
}

/*
 * Between two requests a client expects that we may close; one that has only
 * just come does not, and was perhaps accepted by the kernel alone.
 */
static void
stop(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	h1->keep = 0;
	if (h1->state == H1_HEAD && h1->served)
		conn_drop(conn);
	else if (h1->state == H1_HEAD)
		conn_wait(conn, CONN_LAST);
	else if (h1->request)
		serve_stop(h1->request);
}

void
h1_release(struct conn *conn)
{
	struct h1 *h1 = conn->state;

	end_request(h1, 1);
	outbox_release(&h1->out);
	ch_buf_release(&h1->in);
	free(h1);
}

void
h1_begin(struct conn *conn, int refusal)
{
	struct h1 *h1 = calloc(1, sizeof(*h1));

	if (!h1)
		say_memory();
	h1->out = (struct outbox)OUTBOX_INIT;
	h1->refusal = refusal;
	conn->role = &role;
	conn->state = h1;
}
