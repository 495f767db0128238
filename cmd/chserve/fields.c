/* What a form has brought: fields in memory, files in the spool. */
#include "chserve/fields.h"

#include "chserve/spool.h"

#include "common/json.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Places in the pool; a NUL stands behind each name. */
struct field {
	size_t name;
	size_t value;
	size_t length;
};

struct upload {
	size_t field;
	size_t name;
	size_t type;
	struct spool spool;
};

void
fields_init(struct fields *fields, const struct form_limits *limits)
{
	memset(fields, 0, sizeof(*fields));
	fields->limits = limits;
}

void
fields_forget(struct fields *fields)
{
	free(fields->fields);
	fields->fields = NULL;
	fields->n_fields = 0;
	ch_buf_release(&fields->pool);
}

void
fields_release(struct fields *fields)
{
	size_t i;

	for (i = 0; i < fields->n_uploads; i++)
		spool_release(&fields->uploads[i].spool);
	free(fields->uploads);
	fields_forget(fields);
	fields_init(fields, fields->limits);
}

/* At most: lists have room for twice what is in them. */
size_t
fields_held(const struct fields *fields)
{
	return fields->pool.size + 2 * (fields->n_fields *
	    sizeof(*fields->fields) + fields->n_uploads *
	    sizeof(*fields->uploads));
}

/* --- taking -------------------------------------------------------------- */

/* Room for one more behind n, which doubles at the powers of two. */
static void *
grow(void *list, size_t n, size_t size)
{
	if (n & (n - 1))
		return list;
	list = n > SIZE_MAX / 2 / size ? NULL :
	    realloc(list, (n ? n * 2 : 1) * size);
	if (!list)
		say_memory();
	return list;
}

/* Add to the pool; 0 or 413. */
static int
keep(struct fields *fields, const char *bytes, size_t n)
{
	if (n > fields->limits->total - fields->pool.len)
		return 413;
	put_bytes(&fields->pool, bytes, n);
	return 0;
}

/* Keep a text with its NUL, what is not UTF-8 in it replaced by U+FFFD. */
static int
keep_text(struct fields *fields, const char *text, size_t *at)
{
	size_t n = strlen(text), valid;
	int status = 0;

	*at = fields->pool.len;
	while (!status && (valid = json_utf8(text, n)) < n) {
		status = keep(fields, text, valid);
		if (!status)
			status = keep(fields, "\xef\xbf\xbd", 3);
		text += valid + 1;
		n -= valid + 1;
	}
	return status ? status : keep(fields, text, n + 1);
}

static int
begin_field(struct fields *fields, const char *name)
{
	struct field *field;
	int status;

	if (fields->n_fields >= fields->limits->fields)
		return 413;
	fields->fields = grow(fields->fields, fields->n_fields,
	    sizeof(*field));
	field = &fields->fields[fields->n_fields];
	status = keep_text(fields, name, &field->name);
	if (status)
		return status;
	field->value = fields->pool.len;
	field->length = 0;
	fields->n_fields++;
	return 0;
}

static int
begin_upload(struct fields *fields, const struct part *part)
{
	const char *type = part->type ? part->type : "";
	struct upload *upload;
	int status;

	fields->uploads = grow(fields->uploads, fields->n_uploads,
	    sizeof(*upload));
	upload = &fields->uploads[fields->n_uploads++];
	upload->spool = (struct spool)SPOOL_INIT;
	/* text/plain, the default, would say more than the client did */
	if (!*type)
		type = "application/octet-stream";
	status = keep_text(fields, part->name, &upload->field);
	if (!status)
		status = keep_text(fields, part->filename, &upload->name);
	return status ? status : keep_text(fields, type, &upload->type);
}

int
fields_begin(struct fields *fields, const struct part *part)
{
	size_t n = strlen(part->name);

	if (json_utf8(part->name, n) != n)
		return 400;
	if (n > FORM_NAME_MAX)
		return 413;
	fields->in_upload = part->filename != NULL;
	if (fields->in_upload)
		return begin_upload(fields, part);
	return begin_field(fields, part->name);
}

static int
add_to_field(struct fields *fields, const char *bytes, size_t n)
{
	struct field *field = &fields->fields[fields->n_fields - 1];

	if (n > fields->limits->field_size - field->length)
		return 413;
	field->length += n;
	return keep(fields, bytes, n);
}

/* The file comes into being with its first byte, or at its end. */
static int
open_upload(const struct fields *fields, struct upload *upload)
{
	if (upload->spool.path)
		return 0;
	if (fields->n_uploads > fields->limits->files)
		return 413;
	return spool_new(&upload->spool) < 0 ? spool_status(errno) : 0;
}

static int
add_to_upload(struct fields *fields, const char *bytes, size_t n)
{
	struct upload *upload = &fields->uploads[fields->n_uploads - 1];
	int status = open_upload(fields, upload);

	if (status)
		return status;
	if ((off_t)n > fields->limits->file_size - upload->spool.size)
		return 413;
	return spool_write(&upload->spool, bytes, n) < 0 ?
	    spool_status(errno) : 0;
}

int
fields_add(struct fields *fields, const char *bytes, size_t n)
{
	if (!n)
		return 0;
	if (fields->in_upload)
		return add_to_upload(fields, bytes, n);
	return add_to_field(fields, bytes, n);
}

int
fields_end(struct fields *fields)
{
	struct upload *upload;
	int status;

	if (!fields->in_upload)
		return 0;
	upload = &fields->uploads[fields->n_uploads - 1];
	if (!upload->spool.path && !fields->pool.data[upload->name]) {
		/* what browsers send where no file was chosen */
		fields->pool.len = upload->field;
		fields->n_uploads--;
		return 0;
	}
	status = open_upload(fields, upload);
	if (!status && spool_done(&upload->spool) < 0)
		status = spool_status(errno);
	return status;
}

/* --- telling ------------------------------------------------------------- */

static void
put_text(struct ch_buf *out, const char *key, const char *text)
{
	put_format(out, "\"%s\":", key);
	json_quote(out, text, strlen(text));
}

/* Bytes: as they are where they are UTF-8 and no box, else boxed. */
static void
put_value(const struct fields *fields, const struct field *field,
    struct ch_buf *out)
{
	const char *bytes = fields->pool.data + field->value;
	size_t n = field->length;

	if (json_utf8(bytes, n) == n &&
	    (n < 3 || memcmp(bytes, "\xef\xbf\xbf", 3) != 0))
		json_quote(out, bytes, n);
	else
		json_box(out, bytes, n);
}

/* A field, and the next one of that name. */
struct link {
	const char *name;
	size_t field;
	struct link *next;
	int later; /* it is not the first one */
};

static int
by_name(const void *a, const void *b)
{
	const struct link *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : x->field < y->field ? -1 : 1;
}

/* In the order of `by_field`, where each field's link is found. */
static struct link *
link_fields(const struct fields *fields, struct link **by_field)
{
	size_t i, n = fields->n_fields;
	struct link *links = calloc(n + 1, sizeof(*links));

	if (!links)
		say_memory();
	for (i = 0; i < n; i++) {
		links[i].field = i;
		links[i].name = fields->pool.data + fields->fields[i].name;
	}
	qsort(links, n, sizeof(*links), by_name);
	for (i = 0; i < n; i++) {
		by_field[links[i].field] = &links[i];
		if (i + 1 == n ||
		    strcmp(links[i].name, links[i + 1].name) != 0)
			continue;
		links[i].next = &links[i + 1];
		links[i + 1].later = 1;
	}
	return links;
}

static void
put_values(const struct fields *fields, const struct link *link,
    struct ch_buf *out)
{
	int many = link->next != NULL;

	json_quote(out, link->name, strlen(link->name));
	put_string(out, many ? ":[" : ":");
	for (; link; link = link->next) {
		put_value(fields, &fields->fields[link->field], out);
		if (link->next)
			put_char(out, ',');
	}
	if (many)
		put_char(out, ']');
}

static void
put_upload(const struct fields *fields, const struct upload *upload,
    struct ch_buf *out)
{
	put_char(out, '{');
	put_text(out, "field", fields->pool.data + upload->field);
	put_char(out, ',');
	put_text(out, "name", fields->pool.data + upload->name);
	put_char(out, ',');
	put_text(out, "type", fields->pool.data + upload->type);
	put_format(out, ",\"size\":%lld,", (long long)upload->spool.size);
	put_text(out, "path", upload->spool.path);
	put_char(out, '}');
}

void
fields_put(const struct fields *fields, struct ch_buf *out)
{
	struct link **by_field = calloc(fields->n_fields + 1,
	    sizeof(struct link *));
	struct link *links;
	size_t i, n = 0;

	if (!by_field)
		say_memory();
	links = link_fields(fields, by_field);
	put_string(out, "\"form\":{");
	for (i = 0; i < fields->n_fields; i++) {
		if (by_field[i]->later)
			continue;
		if (n++)
			put_char(out, ',');
		put_values(fields, by_field[i], out);
	}
	put_string(out, "},\"files\":[");
	for (i = 0; i < fields->n_uploads; i++) {
		if (i)
			put_char(out, ',');
		put_upload(fields, &fields->uploads[i], out);
	}
	put_char(out, ']');
	free(links);
	free(by_field);
}
