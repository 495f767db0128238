/* form.c - a multipart form that was taken apart, put together again. */
#include "chwork/form.h"

#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TYPE "multipart/form-data"

/* --- the boundary -------------------------------------------------------- */

static void
content_type(struct json message, struct ch_buf *type)
{
	struct json_walk walk = json_walk(json_get(message, "headers", 7));

	put_string(type, "");
	while (!type->len && json_next(&walk))
		if (json_is(json_get(walk.value, "0", 1), "content-type", 12))
			json_unbox(type, json_get(walk.value, "1", 1));
}

/* The boundary that the type names; 0 if it is none of a form's. */
static int
find_boundary(const struct ch_buf *type, struct ch_buf *boundary)
{
	const char *at;

	if (strncasecmp(type->data, TYPE, sizeof(TYPE) - 1) != 0)
		return 0;
	at = strcasestr(type->data, "boundary=");
	if (!at)
		return 0;
	at += strlen("boundary=");
	if (*at == '"')
		for (at++; *at && *at != '"'; at++)
			put_char(boundary, *at == '\\' && at[1] ? *++at : *at);
	else
		put_bytes(boundary, at, strcspn(at, "; \t"));
	return boundary->len > 0;
}

/* --- parts --------------------------------------------------------------- */

static void
add_piece(struct form *form, size_t text, char *path, int64_t size)
{
	form->pieces = realloc(form->pieces,
	    (form->n + 1) * sizeof(*form->pieces));
	if (!form->pieces)
		say_memory();
	form->pieces[form->n++] = (struct form_piece) { text, path };
	form->length += (int64_t)text + size;
}

/* A name between quotes, as browsers write it. */
static void
put_name(struct ch_buf *text, struct json name)
{
	struct ch_buf bare = CH_BUF_INIT;

	json_bare(&bare, name);
	put_char(text, '"');
	for (size_t i = 0; i < bare.len; i++) {
		if (strchr("\"\r\n", bare.data[i]))
			put_format(text, "%%%02X", bare.data[i]);
		else
			put_char(text, bare.data[i]);
	}
	put_char(text, '"');
	ch_buf_release(&bare);
}

static void
begin_part(struct form *form, const struct ch_buf *boundary, struct json name)
{
	put_string(&form->text, "--");
	put_bytes(&form->text, boundary->data, boundary->len);
	put_string(&form->text,
	    "\r\nContent-Disposition: form-data; name=");
	put_name(&form->text, name);
}

static void
add_field(struct form *form, const struct ch_buf *boundary, struct json name,
    struct json value)
{
	begin_part(form, boundary, name);
	put_string(&form->text, "\r\n\r\n");
	json_unbox(&form->text, value);
	put_string(&form->text, "\r\n");
}

static void
add_fields(struct form *form, const struct ch_buf *boundary,
    struct json fields)
{
	struct json_walk walk = json_walk(fields), values;

	while (json_next(&walk)) {
		if (json_kind(walk.value) != '[') {
			add_field(form, boundary, walk.key, walk.value);
			continue;
		}
		values = json_walk(walk.value);
		while (json_next(&values))
			add_field(form, boundary, walk.key, values.value);
	}
}

/* The file's part up to its content; `from` is where the piece begins. */
static void
add_file(struct form *form, const struct ch_buf *boundary, struct json file,
    size_t *from)
{
	struct ch_buf path = CH_BUF_INIT, type = CH_BUF_INIT;
	struct json size = json_get(file, "size", 4);

	json_bare(&path, json_get(file, "path", 4));
	json_bare(&type, json_get(file, "type", 4));
	begin_part(form, boundary, json_get(file, "field", 5));
	put_string(&form->text, "; filename=");
	put_name(&form->text, json_get(file, "name", 4));
	put_string(&form->text, "\r\nContent-Type: ");
	for (size_t i = 0; i < type.len; i++)
		if ((unsigned char)type.data[i] >= ' ')
			put_char(&form->text, type.data[i]);
	put_string(&form->text, "\r\n\r\n");
	if (path.data) {
		add_piece(form, form->text.len - *from, path.data,
		    size.text ? strtoll(size.text, NULL, 10) : 0);
		*from = form->text.len;
	}
	put_string(&form->text, "\r\n");
	ch_buf_release(&type);
}

int
form_read(struct form *form, struct json message)
{
	struct ch_buf type = CH_BUF_INIT, boundary = CH_BUF_INIT;
	struct json files = json_get(message, "files", 5);
	struct json_walk walk = json_walk(files);
	size_t from = 0;

	*form = (struct form) { .text = CH_BUF_INIT };
	content_type(message, &type);
	if (json_kind(files) == '[' && find_boundary(&type, &boundary)) {
		add_fields(form, &boundary, json_get(message, "form", 4));
		while (json_next(&walk))
			add_file(form, &boundary, walk.value, &from);
		put_string(&form->text, "--");
		put_bytes(&form->text, boundary.data, boundary.len);
		put_string(&form->text, "--\r\n");
		add_piece(form, form->text.len - from, NULL, 0);
	}
	ch_buf_release(&type);
	ch_buf_release(&boundary);
	return form->n > 0;
}

void
form_release(struct form *form)
{
	for (size_t i = 0; i < form->n; i++)
		free(form->pieces[i].path);
	free(form->pieces);
	ch_buf_release(&form->text);
	*form = (struct form) { .text = CH_BUF_INIT };
}
