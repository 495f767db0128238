/* template.c - what -F says: text with fields in braces. */
#include "common/template.h"

#include "common/put.h"
#include "common/when.h"

#include <string.h>

static int
is_name(const char *name, size_t len, const char *what)
{
	return strlen(what) == len && !strncmp(name, what, len);
}

static int
is_known(const char *name, size_t len)
{
	return is_name(name, len, "@channel") ||
	    is_name(name, len, "@group") || is_name(name, len, "@time");
}

const char *
template_fault(const char *format)
{
	size_t len;

	while ((format = strchr(format, '{'))) {
		if (*++format == '{') {
			format++;
			continue;
		}
		len = strcspn(format, "{}");
		if (format[len] != '}')
			return "has a brace that is not closed";
		if (!len)
			return "has a field without a name";
		if (*format == '@' && !is_known(format, len))
			return "may name {@channel}, {@group} and {@time}";
		format += len + 1;
	}
	return NULL;
}

static void
put_field(struct ch_buf *buf, const char *name, size_t len,
    const struct template_fields *fields)
{
	char time[WHEN_SIZE];
	struct json value;

	if (is_name(name, len, "@channel")) {
		put_string(buf, fields->channel ? fields->channel : "");
	} else if (is_name(name, len, "@group")) {
		put_string(buf, fields->group ? fields->group : "");
	} else if (is_name(name, len, "@time")) {
		when_rfc3339(fields->time, time);
		put_string(buf, time);
	} else {
		value = json_get(fields->message, name, len);
		if (value.text)
			json_bare(buf, value);
	}
}

void
template_put(struct ch_buf *buf, const char *format,
    const struct template_fields *fields)
{
	size_t len;

	for (;;) {
		len = strcspn(format, "{");
		put_bytes(buf, format, len);
		format += len;
		if (!*format)
			return;
		if (*++format == '{') {
			put_char(buf, *format++);
			continue;
		}
		len = strcspn(format, "}");
		put_field(buf, format, len, fields);
		format += len + 1;
	}
}
