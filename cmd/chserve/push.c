/* The draft's Server Push messages, as preload links. */
#include "chserve/push.h"

#include "common/json.h"
#include "common/put.h"

#include <string.h>
#include <strings.h>

/* What a browser has to know to use what it fetched: its `as`. */
static const char *
kind_of(const char *path)
{
	static const struct {
		const char *suffix;
		const char *as;
	} table[] = {
		{ "css", "style" },
		{ "js", "script" }, { "mjs", "script" },
		{ "png", "image" }, { "jpg", "image" }, { "jpeg", "image" },
		{ "gif", "image" }, { "webp", "image" }, { "avif", "image" },
		{ "svg", "image" }, { "ico", "image" },
		{ "woff2", "font; crossorigin" },
		{ "woff", "font; crossorigin" },
		{ "ttf", "font; crossorigin" },
		{ "otf", "font; crossorigin" },
		{ "vtt", "track" },
	};
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t i;

	for (i = 0; dot && dot > slash && i < sizeof(table) / sizeof(*table);
	     i++)
		if (strcasecmp(dot + 1, table[i].suffix) == 0)
			return table[i].as;
	return "fetch; crossorigin";
}

/* Whether the byte stands for itself in a path or query. */
static int
is_literal(unsigned char c, const char *others)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || (c && strchr(others, c));
}

static void
put_escaped(struct ch_buf *out, const char *text, const char *others)
{
	for (; *text; text++)
		if (is_literal((unsigned char)*text, others))
			put_char(out, *text);
		else
			put_format(out, "%%%02X", (unsigned char)*text);
}

/* The string at `key`, without NUL; 0, or -1 if it is there and unfit. */
static int
get(struct ch_buf *out, struct json request, const char *key)
{
	struct json value = json_get(request, key, strlen(key));

	put_string(out, "");
	if (!value.text || json_kind(value) == 'n')
		return 0;
	if (json_kind(value) != '"' || json_unbox(out, value))
		return -1;
	return strlen(out->data) == out->len ? 0 : -1;
}

int
push_read(struct ch_buf *link, const char *text, size_t len)
{
	struct json request = json_get(json_value(text, len), "request", 7);
	struct ch_buf path = CH_BUF_INIT, query = CH_BUF_INIT;
	int rc = -1;

	if (json_kind(request) != '{')
		return 0;
	/* //x would be the root of another host */
	if (get(&path, request, "path") == 0 &&
	    get(&query, request, "query_string") == 0 &&
	    path.data[0] == '/' && path.data[1] != '/') {
		put_char(link, '<');
		put_escaped(link, path.data, "-._~!$&'()*+,;=:@/");
		if (query.len) {
			put_char(link, '?');
			put_escaped(link, query.data, "-._~!$&'()*+,;=:@/?%");
		}
		put_format(link, ">; rel=preload; as=%s", kind_of(path.data));
		rc = 1;
	}
	ch_buf_release(&path);
	ch_buf_release(&query);
	return rc;
}
