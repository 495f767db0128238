/* url.c - the address of a post. */
#include "chwork/url.h"

#include "common/put.h"

#include <ctype.h>
#include <string.h>

/* Behind the scheme, or NULL. */
static const char *
host_of(const char *text)
{
	if (!strncasecmp(text, "https://", 8))
		return text + 8;
	if (!strncasecmp(text, "http://", 7))
		return text + 7;
	return NULL;
}

const char *
url_fault(const char *text)
{
	const char *host = host_of(text), *p;
	size_t len;

	if (!host)
		return "a URL begins with http:// or https://";
	for (p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 127)
			return "a URL is ASCII without blanks; others are "
			    "written %XX";
	len = strcspn(host, "/?#");
	if (!len || *host == ':')
		return "the URL has no host";
	if (memchr(host, '{', len) || memchr(host, '}', len))
		return "a capture cannot be part of the host";
	if (memchr(host, '@', len))
		return "a name and password go into --header, not the URL";
	if (strchr(host, '#'))
		return "a URL to post to has no #fragment";
	return NULL;
}

void
url_put_byte(struct ch_buf *out, char byte)
{
	unsigned char c = (unsigned char)byte;

	if (c < 128 && (isalnum(c) || (c && strchr("-._~", c))))
		put_char(out, byte);
	else
		put_format(out, "%%%02X", c);
}

/* Whether a segment of the path is one of those that lead elsewhere. */
static int
has_dots(const char *url)
{
	const char *p = host_of(url), *end;
	size_t len;

	if (!p)
		return 0;
	end = p + strcspn(p, "?");
	for (p = memchr(p, '/', (size_t)(end - p)); p && p < end; p += len) {
		len = strcspn(++p, "/?");
		if ((len == 1 || len == 2) && !strncmp(p, "..", len))
			return 1;
	}
	return 0;
}

int
url_expand(const struct pattern *url, const struct captures *captures,
    struct ch_buf *out)
{
	const struct capture *capture;
	size_t start = out->len;

	for (size_t i = 0; i < url->n; i++) {
		const struct pattern_part *part = &url->parts[i];

		capture = part->capture ? captures_find(captures, part->text)
					: NULL;
		if (!part->capture)
			put_string(out, part->text);
		for (size_t k = 0; capture && k < capture->len; k++)
			url_put_byte(out, capture->value[k]);
	}
	return has_dots(out->data + start) ? -1 : 0;
}
