/*
 * chunked.h - a body in chunks (RFC 9112, section 7.1), decoded. Pure.
 *
 * As strict as head.h: what two parsers could read differently is wrong. Lines
 * end with CR LF, a size has hex digits only and fits in 60 bits, extensions
 * and trailers are read past, and are limited.
 */
#ifndef CHSERVE_CHUNKED_H
#define CHSERVE_CHUNKED_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed, it is at the beginning of a body. */
struct chunked {
	int state;
	unsigned digits;
	uint64_t left; /* of this chunk */
	size_t extra;  /* bytes of extensions and trailers so far */
};

enum chunked_result {
	CHUNKED_WRONG = -1,
	CHUNKED_MORE,  /* all n bytes are used up */
	CHUNKED_DATA,  /* len bytes of the body are at bytes + at */
	CHUNKED_END    /* the body is over; what is not used follows it */
};

/* One step: *used of the n bytes are done with, whatever it answers. */
enum chunked_result chunked_next(struct chunked *chunked, const char *bytes,
    size_t n, size_t *used, size_t *at, size_t *len);

#endif
