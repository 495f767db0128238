/*
 * fields.h - what a form has brought: fields in memory, files in the spool.
 *
 * The parsers call fields_begin, fields_add for each piece of the value, and
 * fields_end, which return 0 or the status to refuse the request with; after
 * one there is only fields_release.
 */
#ifndef CHSERVE_FIELDS_H
#define CHSERVE_FIELDS_H

#include "chserve/form.h"
#include "chserve/part.h"

#include "base/buf.h"

struct field;
struct upload;

struct fields {
	const struct form_limits *limits;
	struct ch_buf pool; /* names and values */
	struct field *fields;
	struct upload *uploads;
	size_t n_fields, n_uploads;
	int in_upload;
};

void fields_init(struct fields *fields, const struct form_limits *limits);
void fields_release(struct fields *fields);

int fields_begin(struct fields *fields, const struct part *part);
int fields_add(struct fields *fields, const char *bytes, size_t n);
int fields_end(struct fields *fields);

/* As form_held, form_put and form_forget. */
size_t fields_held(const struct fields *fields);
void fields_put(const struct fields *fields, struct ch_buf *out);
void fields_forget(struct fields *fields);

#endif
