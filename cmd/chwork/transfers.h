/*
 * transfers.h - HTTP posts, many at once, on the worker's loop.
 *
 * All share one multi handle of libcurl, and so its connections. Redirects are
 * not followed, certificates are verified, what comes back is bounded.
 */
#ifndef CHWORK_TRANSFERS_H
#define CHWORK_TRANSFERS_H

#include "base/buf.h"
#include "chwork/loop.h"

#include <stddef.h>
#include <stdint.h>

struct transfers;
struct curl_slist;

struct transfer {
	/* Set by the owner, and kept until it has ended: */
	const char *url;
	const char *body;
	size_t len;
	int64_t timeout; /* ms, for all of it */
	size_t most;     /* bytes of an answer that are taken */
	void (*ended)(void *arg);
	void *arg;
	/* What came of it: */
	int status;          /* of HTTP; 0: there was no answer */
	const char *error;   /* then the reason */
	int64_t retry_after; /* ms; 0: nothing was said */
	struct ch_buf answer;
	char type[128]; /* its Content-Type; "" */
	int too_long;        /* the answer; it is not complete */
	/* Ours: */
	struct transfers *transfers;
	struct curl_slist *headers;
	void *easy;
	char reason[256];
};

/* NULL, after saying so, if libcurl cannot be used. */
struct transfers *transfers_new(struct loop *loop);
void transfers_free(struct transfers *transfers);

/* Before it is started: add a line "Name: value". */
void transfer_header(struct transfer *transfer, const char *line);

/* Post it; `ended` is called later, never from here. */
void transfer_start(struct transfer *transfer, struct transfers *transfers);

/* Also of one that has not ended, and then never will. */
void transfer_release(struct transfer *transfer);

#endif
