/* show.c - a received message on standard output. */
#include "common/show.h"

#include "common/out.h"
#include "common/put.h"
#include "common/template.h"
#include "common/term.h"

#include <string.h>
#include <unistd.h>

#define COLOR_KEY "\033[1;34m"
#define COLOR_STRING "\033[32m"
#define COLOR_OTHER "\033[36m"

void
show_start(struct show *show, const struct opt_program *program)
{
	const char *fault;

	if (show->envelope + show->raw + !!show->format + !!show->field > 1)
		opt_wrong(program, "%s cannot go together",
		    show->field ? "-e, --raw, -F and --field"
				: "-e, --raw and -F");
	fault = show->format ? template_fault(show->format) : NULL;
	if (fault)
		opt_wrong(program, "-F: '%s' %s", show->format, fault);
	show->terminal = term_is(STDOUT_FILENO);
}

/* --- JSON --------------------------------------------------------------- */

static void
put_text(const struct show *show, struct ch_buf *buf, const char *text,
    size_t len)
{
	if (show->terminal)
		term_safe(buf, text, len);
	else
		put_bytes(buf, text, len);
}

/* Whether a colon follows, so that what ends at p is a key. */
static int
is_key(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == ':';
}

/* A string or another value that holds no others. */
static void
put_scalar(const struct show *show, struct ch_buf *buf, struct json value,
    int key)
{
	const char *color = COLOR_OTHER;

	if (*value.text == '"')
		color = key ? COLOR_KEY : COLOR_STRING;
	if (show->colors)
		put_string(buf, color);
	put_text(show, buf, value.text, value.len);
	if (show->colors)
		put_string(buf, TERM_RESET);
}

/* Not by recursion: the depth is the sender's choice, the stack is ours. */
static void
put_pretty(const struct show *show, struct ch_buf *buf, struct json value)
{
	const char *p = value.text, *end = p + value.len;

	while (p < end) {
		if (strchr("{}[]", *p)) {
			put_char(buf, *p++);
		} else if (*p == ',' || *p == ':') {
			put_char(buf, *p++);
			put_char(buf, ' ');
		} else if (*p == ' ' || *p == '\t' || *p == '\r') {
			p++;
		} else {
			value = json_value(p, (size_t)(end - p));
			p += value.len;
			put_scalar(show, buf, value, is_key(p, end));
		}
	}
}

static void
put_json(const struct show *show, struct ch_buf *buf, struct json text)
{
	if (show->pretty)
		put_pretty(show, buf, text);
	else
		put_text(show, buf, text.text, text.len);
}

/* --- the ways to show --------------------------------------------------- */

static void
put_envelope(const struct show *show, struct ch_buf *buf,
    const struct ch_message *message, const char *group)
{
	struct json text = { message->text, message->len };

	put_string(buf, group ? "{\"group\":\"" : "{\"channel\":\"");
	put_string(buf, group ? group : message->channel);
	put_string(buf, "\",\"message\":");
	put_json(show, buf, text);
	put_char(buf, '}');
}

/*
 * What is bare, to be made safe for a terminal as a whole. Returns whether it
 * is bytes, to which nothing is added.
 */
static int
put_bare(const struct show *show, struct ch_buf *buf,
    const struct ch_message *message, const char *group)
{
	struct json text = { message->text, message->len }, value;
	struct template_fields fields = {
		.message = text,
		.channel = group ? NULL : message->channel,
		.group = group,
		.time = message->time,
	};

	if (show->format) {
		template_put(buf, show->format, &fields);
		return 0;
	}
	if (show->field) {
		value = json_get(text, show->field, strlen(show->field));
		if (value.text)
			json_bare(buf, value);
		return 0;
	}
	value = json_get(text, "text", 4);
	if (json_kind(value) == '"') {
		json_bare(buf, value);
		return 0;
	}
	value = json_get(text, "bytes", 5);
	if (value.text && !json_unbox(buf, value))
		return 1;
	put_bytes(buf, text.text, text.len);
	return 0;
}

static int
show_bare(const struct show *show, const struct ch_message *message,
    const char *group)
{
	struct ch_buf buf = CH_BUF_INIT;

	if (!show->terminal)
		return put_bare(show, &out, message, group);
	put_bare(show, &buf, message, group);
	term_safe(&out, buf.data ? buf.data : "", buf.len);
	ch_buf_release(&buf);
	return 0;
}

void
show_message(const struct show *show, const struct ch_message *message,
    const char *group)
{
	int bytes = 0;

	if (show->envelope)
		put_envelope(show, &out, message, group);
	else if (show->raw || show->format || show->field)
		bytes = show_bare(show, message, group);
	else
		put_json(show, &out,
		    (struct json){ message->text, message->len });
	if (show->null)
		put_char(&out, '\0');
	else if (!bytes)
		put_char(&out, '\n');
}
