/*
 * h2fields.h - the fields of an answer, as HTTP/2 has them. Pure.
 *
 * Names become lower case, and what only means something on an HTTP/1.1
 * connection (Connection, Transfer-Encoding, Upgrade and their like) is left
 * out.
 */
#ifndef CHSERVE_H2FIELDS_H
#define CHSERVE_H2FIELDS_H

#include <nghttp2/nghttp2.h>
#include <stddef.h>

struct h2fields {
	char *text; /* what the rest points into */
	nghttp2_nv *items;
	size_t n;
};

/* Of `fields`, "Name: value\r\n" each; :status comes first. */
void h2fields_init(struct h2fields *to, int status, const char *fields);
void h2fields_release(struct h2fields *fields);

#endif
