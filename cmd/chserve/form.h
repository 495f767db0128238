/*
 * form.h - request bodies that are forms: fields to memory, files to the
 * spool.
 *
 * Calling sequence
 * ----------------
 *     form = form_new(content_type, &limits, &status);
 *     … form_feed(form, bytes, n) for each piece of the body …
 *     status = form_end(form);
 *     form_put(form, &message);
 *     form_free(form);                    when the answer is there
 *
 * application/x-www-form-urlencoded is read as the URL standard of the WHATWG
 * says, multipart/form-data as RFC 7578 and RFC 2046 say and browsers and curl
 * do it. Pieces may end anywhere. A status that is not 0 is what to refuse the
 * request with: 400 malformed, 413 over a limit; 507 disk full, 503, 500 as
 * spool_status has them. After it there is only form_free.
 */
#ifndef CHSERVE_FORM_H
#define CHSERVE_FORM_H

#include "base/buf.h"

#include <stddef.h>
#include <sys/types.h>

#define FORM_NAME_MAX 1024 /* bytes of a field's name */

/* The largest allowed; that of the whole body is the caller's to keep. */
struct form_limits {
	size_t fields;
	size_t field_size;
	size_t total; /* of names and values, which are kept in memory */
	size_t files;
	off_t file_size;
};

struct form;

/*
 * A parser for a body of that Content-Type (may be NULL). NULL with *status 0:
 * it is no form; with *status 400: a multipart/form-data without a sound
 * boundary.
 */
struct form *form_new(const char *content_type,
    const struct form_limits *limits, int *status);

/* The next piece; 0 or a status. */
int form_feed(struct form *form, const char *bytes, size_t n);

/* That was all; 0 or a status, 400 if something is missing. */
int form_end(struct form *form);

/* Bytes that it holds in memory. */
size_t form_held(const struct form *form);

/*
 * Append `"form":{…},"files":[…]`: channels-messages(7) says what is in
 * them. After form_end only.
 */
void form_put(const struct form *form, struct ch_buf *out);

/* What form_put told is not needed any more: keep the files alone. */
void form_forget(struct form *form);

/* Removes the files as well. NULL is fine. */
void form_free(struct form *form);

#endif
