/*
 * h2head.h - the head of an HTTP/2 request, as one of HTTP/1.1. Pure.
 *
 * There is one parser that decides what a request may look like, head.c. What
 * came as a list of fields (RFC 9113, section 8) is written down as the head
 * that an HTTP/1.1 client would have sent, and read by it: the authority is
 * Host, cookies that came in crumbs are one field, and an extended CONNECT
 * (RFC 8441) is an upgrade with a key that nobody will look at.
 *
 * Calling sequence
 * ----------------
 *     struct h2head in = H2HEAD_INIT;
 *     h2head_add(&in, name, name_len, value, value_len)   for each field
 *     status = h2head_parse(&in, &head)   as head_parse
 *     h2head_release(&in)
 */
#ifndef CHSERVE_H2HEAD_H
#define CHSERVE_H2HEAD_H

#include "chserve/head.h"

#include "base/buf.h"

struct h2head {
	struct ch_buf method, path, authority, scheme, protocol;
	struct ch_buf fields; /* "name: value\r\n" each, without Host, Cookie */
	struct ch_buf host, cookie;
	int n_hosts;
	int status; /* what it is refused with, whatever else comes; or 0 */
};
#define H2HEAD_INIT { .status = 0 }

void h2head_add(struct h2head *in, const void *name, size_t name_len,
    const void *value, size_t value_len);

/* 0, or the status to refuse it with. Release *head in either case. */
int h2head_parse(const struct h2head *in, struct head *head);

/* Whether it is an extended CONNECT; then h2head_parse makes it an upgrade. */
int h2head_is_websocket(const struct h2head *in);

void h2head_release(struct h2head *in);

#endif
