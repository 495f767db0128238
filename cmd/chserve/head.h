/*
 * head.h - the head of an HTTP/1.x request, parsed. Pure: bytes in, head out.
 *
 * Strict on purpose: whatever two parsers could read differently is refused.
 * Lines end with CR LF; no folded lines, no control bytes, no `_` in names
 * (CGI would make it a `-`), at most one Host.
 */
#ifndef CHSERVE_HEAD_H
#define CHSERVE_HEAD_H

#include <stddef.h>
#include <sys/types.h>

#define HEAD_MAX 16384 /* bytes, with the blank line */
#define HEAD_FIELDS 100
#define HEAD_HTTP2 10    /* for `minor` */
#define HEAD_KEY_SIZE 25 /* a Sec-WebSocket-Key, with its NUL */

struct field {
	const char *name;  /* lower case */
	const char *value; /* without white space around it */
};

struct head {
	char *text; /* what the rest points into */
	size_t size; /* of it, in memory */
	char *method;
	char *path;  /* decoded: valid UTF-8, no control bytes; begins with /,
		      * or is "*" where OPTIONS asks about the server */
	const char *target; /* as it came */
	const char *query; /* as it came, without the ?, "" if there was none */
	const char *host; /* "" if there was none */
	int minor;        /* HTTP/1.minor; HEAD_HTTP2 */
	size_t n_fields;
	struct field fields[HEAD_FIELDS];
};

/* The length of the head that starts here; 0 if more bytes are needed. */
size_t head_length(const char *bytes, size_t n);

/*
 * Parse a head of n bytes as head_length found it. 0, or the status to refuse
 * the request with; then what was not read is NULL. Release it in either case.
 */
int head_parse(struct head *head, const char *bytes, size_t n);
void head_release(struct head *head);

/* The value of the first field of that name, NULL if there is none. */
const char *head_get(const struct head *head, const char *name);

/* Whether a list field has that word, whatever its case. */
int head_has(const struct head *head, const char *name, const char *word);

/* How the end of the body is known. */
enum head_framing { HEAD_NO_BODY, HEAD_LENGTH, HEAD_CHUNKED };

/*
 * What body follows (RFC 9112, section 6.3), its length for HEAD_LENGTH; or
 * the status to refuse the request with.
 */
int head_body(const struct head *head, enum head_framing *framing,
    off_t *length);

/* Whether the client waits for 100 before it sends the body. */
int head_expects(const struct head *head);

/* Whether the connection may be used again. */
int head_keeps(const struct head *head);

/* Whether it asks for a WebSocket: 0 no, 1 yes, else the status to refuse. */
int head_upgrades(const struct head *head);

#endif
