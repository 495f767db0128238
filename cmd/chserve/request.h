/*
 * request.h - one HTTP request, whatever carried it here.
 *
 * A request is made by its wire (h1.c, h2.c) once its head is whole, and given
 * to serve_request(), which gives it a taker: who answers it. The wire tells
 * the taker of the body and of the end; the taker answers through the functions
 * below, at once or later. None of them frees the request or calls the taker:
 * what went wrong is told from the event loop.
 *
 *     serve_request
 *       request_read                 the body is wanted
 *         taker->body ... taker->whole
 *       request_begin, request_put ..., request_end
 *     taker->over                    all is written, or the peer has left
 *
 * A taker that has nothing more to do with a request calls request_let_go
 * instead of waiting for `over`.
 */
#ifndef CHSERVE_REQUEST_H
#define CHSERVE_REQUEST_H

#include "chserve/event.h"
#include "chserve/head.h"

#include "base/buf.h"

#include <sys/types.h>

struct client;
struct request;

struct request_wire {
	/* As the functions below. */
	void (*begin)(struct request *request, int status,
	    const struct ch_buf *fields, off_t length);
	void (*put)(struct request *request, const char *bytes, size_t n);
	void (*file)(struct request *request, int fd, off_t at, off_t len);
	void (*end)(struct request *request);
	void (*cut)(struct request *request);
	void (*hint)(struct request *request, const char *link);
	void (*read)(struct request *request, int on);
	/*
	 * Make it the WebSocket that the client is, carried by ws.c from now
	 * on; the request is freed, its taker not told. 0, or -1: it was lost.
	 */
	int (*upgrade)(struct request *request, struct client *client);
};

struct request_taker {
	/* Some of the body came: 0, or the status to refuse it with. */
	int (*body)(struct request *request, const char *bytes, size_t n);
	/* That was all of it; statuses as above. */
	int (*whole)(struct request *request);
	/* The answer is written, or will never be (request->lost). */
	void (*over)(struct request *request);
};

struct request {
	const struct request_wire *wire;
	void *on; /* the wire's own */
	const struct request_taker *taker; /* NULL: nobody */
	void *taken; /* the taker's own */

	struct head head;
	struct event_peer from, to;
	const char *scheme; /* "http", "https" */
	const char *path;   /* what of head.path lies below --root-path */
	char *told_host;    /* by a trusted proxy; NULL: head.host counts */
	const char *certified; /* the client, by its certificate; NULL */
	struct who who;     /* whose it is */
	int64_t since;      /* metrics_clock() when its head was whole */

	int status;    /* of the answer, 0: not begun */
	off_t sent;    /* bytes of content put into the answer */
	int has_body;
	off_t length;  /* of it; -1: not known */
	int bodiless;  /* the answer has no content, whatever is put */
	int ended;
	int lost;
	int upgraded; /* it has become a WebSocket */
};

/* Whoever answers it from now on. */
void request_take(struct request *request, const struct request_taker *taker,
    void *taken);
void request_let_go(struct request *request);

/*
 * Begin the answer: its fields, "Name: value\r\n" each (NULL: none), and the
 * number of bytes that follow, -1 if that is not known.
 */
void request_begin(struct request *request, int status,
    const struct ch_buf *fields, off_t length);
void request_put(struct request *request, const char *bytes, size_t n);
/* len bytes of a file, which is taken, as all that is put. */
void request_file(struct request *request, int fd, off_t at, off_t len);
void request_end(struct request *request);

/* It cannot be answered to its end: cut the connection off. */
void request_cut(struct request *request);

/* Tell, ahead of the answer, what will be needed: the value of a Link field. */
void request_hint(struct request *request, const char *link);

/* Read its body, or no more for now. */
void request_read(struct request *request, int on);

/*
 * For wires: it is over, one way or the other, and `left` bytes of its answer
 * were not written. Frees what it owns.
 */
void request_over(struct request *request, int lost, off_t left);

#endif
