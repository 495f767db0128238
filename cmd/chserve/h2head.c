/* The head of an HTTP/2 request, as one of HTTP/1.1. */
#include "chserve/h2head.h"

#include "common/put.h"

#include <string.h>
#include <strings.h>

/* 16 zero bytes: RFC 8441 has no key, and no answer to one. */
#define KEY "AAAAAAAAAAAAAAAAAAAAAA=="

static size_t
length(const struct h2head *in)
{
	return in->method.len + in->path.len + in->authority.len +
	    in->host.len + in->cookie.len + in->fields.len;
}

static struct ch_buf *
pseudo(struct h2head *in, const char *name, size_t len)
{
	const struct {
		const char *name;
		struct ch_buf *to;
	} table[] = {
		{ ":method", &in->method },
		{ ":path", &in->path },
		{ ":authority", &in->authority },
		{ ":scheme", &in->scheme },
		{ ":protocol", &in->protocol },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strlen(table[i].name) == len &&
		    memcmp(table[i].name, name, len) == 0)
			return table[i].to;
	return NULL;
}

static int
is(const char *name, size_t len, const char *what)
{
	return strlen(what) == len && memcmp(name, what, len) == 0;
}

/* What would end a line, or a word of the request line, in HTTP/1.1. */
static int
is_plain(const char *bytes, size_t n)
{
	return !memchr(bytes, '\r', n) && !memchr(bytes, '\n', n) &&
	    !memchr(bytes, '\0', n);
}

static void
add_field(struct h2head *in, const char *name, size_t name_len,
    const char *value, size_t value_len)
{
	if (is(name, name_len, "cookie")) {
		if (in->cookie.len)
			put_string(&in->cookie, "; ");
		put_bytes(&in->cookie, value, value_len);
	} else if (is(name, name_len, "host")) {
		in->n_hosts++;
		ch_buf_clear(&in->host);
		put_bytes(&in->host, value, value_len);
	} else {
		put_bytes(&in->fields, name, name_len);
		put_string(&in->fields, ": ");
		put_bytes(&in->fields, value, value_len);
		put_string(&in->fields, "\r\n");
	}
}

void
h2head_add(struct h2head *in, const void *name, size_t name_len,
    const void *value, size_t value_len)
{
	struct ch_buf *to;

	if (in->status)
		return;
	if (!name_len || !is_plain(name, name_len) ||
	    !is_plain(value, value_len) ||
	    memchr((const char *)name + 1, ':', name_len - 1)) {
		in->status = 400;
		return;
	}
	if (length(in) + name_len + value_len > HEAD_MAX) {
		in->status = 431;
		return;
	}
	if (*(const char *)name != ':') {
		add_field(in, name, name_len, value, value_len);
		return;
	}
	to = pseudo(in, name, name_len);
	if (!to || to->len || memchr(value, ' ', value_len)) {
		in->status = 400;
		return;
	}
	put_bytes(to, value, value_len);
}

int
h2head_is_websocket(const struct h2head *in)
{
	return in->protocol.len && is(in->protocol.data, in->protocol.len,
	    "websocket") && is(in->method.data, in->method.len, "CONNECT");
}

/* The pseudo fields: 0, or a status. */
static int
check(const struct h2head *in)
{
	if (in->status)
		return in->status;
	if (!in->method.len || in->n_hosts > 1)
		return 400;
	if (in->authority.len && in->n_hosts && (in->host.len !=
	    in->authority.len || strncasecmp(in->host.data, in->authority.data,
	    in->host.len) != 0))
		return 400;
	if (is(in->method.data, in->method.len, "CONNECT") &&
	    !h2head_is_websocket(in))
		return in->protocol.len ? 501 : 405;
	if (in->protocol.len && !h2head_is_websocket(in))
		return 400;
	if (!in->path.len || !in->scheme.len)
		return 400;
	return is(in->scheme.data, in->scheme.len, "http") ||
	    is(in->scheme.data, in->scheme.len, "https") ? 0 : 400;
}

int
h2head_parse(const struct h2head *in, struct head *head)
{
	const struct ch_buf *host = in->authority.len ? &in->authority
						      : &in->host;
	static char none[] = "";
	struct ch_buf text = CH_BUF_INIT;
	int status = check(in), websocket = h2head_is_websocket(in);

	memset(head, 0, sizeof(*head));
	head->method = head->path = none;
	head->query = head->host = none;
	if (status)
		return status;
	put_bytes(&text, websocket ? "GET" : in->method.data,
	    websocket ? 3 : in->method.len);
	put_char(&text, ' ');
	put_bytes(&text, in->path.data, in->path.len);
	put_string(&text, " HTTP/1.1\r\nhost: ");
	put_bytes(&text, host->data, host->len);
	put_string(&text, "\r\n");
	put_bytes(&text, in->fields.data, in->fields.len);
	if (in->cookie.len)
		put_format(&text, "cookie: %s\r\n", in->cookie.data);
	if (websocket)
		put_string(&text, "connection: upgrade\r\n"
		    "upgrade: websocket\r\nsec-websocket-key: " KEY "\r\n");
	put_string(&text, "\r\n");
	status = head_parse(head, text.data, text.len);
	ch_buf_release(&text);
	return status;
}

void
h2head_release(struct h2head *in)
{
	ch_buf_release(&in->method);
	ch_buf_release(&in->path);
	ch_buf_release(&in->authority);
	ch_buf_release(&in->scheme);
	ch_buf_release(&in->protocol);
	ch_buf_release(&in->fields);
	ch_buf_release(&in->host);
	ch_buf_release(&in->cookie);
	in->n_hosts = 0;
	in->status = 0;
}
