/* Request bodies that are forms. */
#include "chserve/form.h"

#include "chserve/fields.h"
#include "chserve/multipart.h"
#include "chserve/part.h"
#include "chserve/urlencoded.h"

#include "common/say.h"

#include <stdlib.h>
#include <string.h>

struct form {
	struct form_limits limits;
	struct fields fields;
	int is_multipart;
	struct multipart multipart;
	struct urlencoded urlencoded;
};

/* The boundary that the parameters name; NULL: not exactly one. */
static const char *
find_boundary(char *params)
{
	char *name, *value, *boundary = NULL;
	int rc;

	while ((rc = part_param(&params, &name, &value)) > 0) {
		if (strcmp(name, "boundary") != 0)
			continue;
		if (boundary)
			return NULL;
		boundary = value;
	}
	return rc < 0 ? NULL : boundary;
}

/* 0, 400, or -1: it is no form. */
static int
start(struct form *form, char *type)
{
	const char *kind = part_word(&type), *boundary;

	if (strcmp(kind, "application/x-www-form-urlencoded") == 0) {
		urlencoded_init(&form->urlencoded, &form->fields);
		return 0;
	}
	if (strcmp(kind, "multipart/form-data") != 0)
		return -1;
	form->is_multipart = 1;
	boundary = find_boundary(type);
	return boundary ?
	    multipart_init(&form->multipart, boundary, &form->fields) : 400;
}

struct form *
form_new(const char *content_type, const struct form_limits *limits,
    int *status)
{
	struct form *form = calloc(1, sizeof(*form));
	char *type = strdup(content_type ? content_type : "");

	if (!form || !type)
		say_memory();
	form->limits = *limits;
	fields_init(&form->fields, &form->limits);
	*status = start(form, type);
	free(type);
	if (*status) {
		form_free(form);
		form = NULL;
	}
	if (*status < 0)
		*status = 0;
	return form;
}

int
form_feed(struct form *form, const char *bytes, size_t n)
{
	if (form->is_multipart)
		return multipart_feed(&form->multipart, bytes, n);
	return urlencoded_feed(&form->urlencoded, bytes, n);
}

int
form_end(struct form *form)
{
	if (form->is_multipart)
		return multipart_end(&form->multipart);
	return urlencoded_end(&form->urlencoded);
}

size_t
form_held(const struct form *form)
{
	return sizeof(*form) + fields_held(&form->fields) +
	    form->multipart.head.size + form->urlencoded.pair.size;
}

void
form_put(const struct form *form, struct ch_buf *out)
{
	fields_put(&form->fields, out);
}

void
form_forget(struct form *form)
{
	fields_forget(&form->fields);
	multipart_release(&form->multipart);
	urlencoded_release(&form->urlencoded);
}

void
form_free(struct form *form)
{
	if (!form)
		return;
	fields_release(&form->fields);
	multipart_release(&form->multipart);
	urlencoded_release(&form->urlencoded);
	free(form);
}
