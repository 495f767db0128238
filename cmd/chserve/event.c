/* Connection events as messages. */
#include "chserve/event.h"

#include "common/json.h"
#include "common/put.h"

#include <string.h>

static void
put_text(struct ch_buf *out, const char *key, const char *text)
{
	put_format(out, "\"%s\":", key);
	json_quote(out, text, strlen(text));
}

static void
put_byte_string(struct ch_buf *out, const char *bytes)
{
	json_bytes(out, bytes, strlen(bytes));
}

static void
put_who(struct ch_buf *out, const struct who *who)
{
	if (*who->session)
		put_format(out, ",\"session\":\"%s\"", who->session);
	if (who->user) {
		put_char(out, ',');
		put_text(out, "user", who->user);
	}
}

static void
put_of(struct ch_buf *out, const struct event_of *of)
{
	put_char(out, '{');
	put_text(out, "reply_channel", of->reply_channel);
	put_char(out, ',');
	put_text(out, "path", of->path);
	put_format(out, ",\"order\":%llu", (unsigned long long)of->order);
	put_who(out, of->who);
}

/* [HOST, PORT]; of a unix socket [PATH, null], or null without a name. */
static void
put_peer(struct ch_buf *out, const char *key, const struct event_peer *peer)
{
	put_format(out, ",\"%s\":", key);
	if (!*peer->host) {
		put_string(out, "null");
		return;
	}
	put_char(out, '[');
	put_byte_string(out, peer->host);
	if (peer->local)
		put_string(out, ",null]");
	else
		put_format(out, ",%u]", peer->port);
}

static void
put_subprotocols(struct ch_buf *out, const struct offer *offer)
{
	size_t i;

	put_string(out, ",\"subprotocols\":[");
	for (i = 0; i < offer->n_protocols; i++) {
		put_string(out, i ? "," : "");
		json_quote(out, offer->protocols[i],
		    strlen(offer->protocols[i]));
	}
	put_char(out, ']');
}

/* What is said of the request, whatever it is for. */
static void
put_from(struct ch_buf *out, const struct event_from *from)
{
	const struct head *head = from->head;
	size_t i;

	put_string(out, ",");
	put_text(out, "query_string", head->query);
	put_string(out, ",");
	put_text(out, "root_path", from->root_path);
	put_string(out, ",\"headers\":[");
	for (i = 0; i < head->n_fields; i++) {
		put_string(out, i ? ",[" : "[");
		put_byte_string(out, head->fields[i].name);
		put_char(out, ',');
		put_byte_string(out, head->fields[i].value);
		put_char(out, ']');
	}
	put_char(out, ']');
	put_peer(out, "client", from->client);
	put_peer(out, "server", from->server);
	if (from->certified) {
		put_string(out, ",\"tls\":{\"client\":");
		put_byte_string(out, from->certified);
		put_char(out, '}');
	}
}

void
event_connect(struct ch_buf *out, const struct event_of *of,
    const struct event_from *from, const struct offer *offer)
{
	put_of(out, of);
	put_format(out, ",\"scheme\":\"%s\"",
	    strcmp(from->scheme, "https") == 0 ? "wss" : "ws");
	put_from(out, from);
	put_subprotocols(out, offer);
	put_char(out, '}');
}

void
event_request(struct ch_buf *out, const char *reply_channel,
    const struct event_from *from)
{
	const struct head *head = from->head;

	put_char(out, '{');
	put_text(out, "reply_channel", reply_channel);
	put_string(out, head->minor == HEAD_HTTP2 ? ",\"http_version\":\"2\""
	    : head->minor ? ",\"http_version\":\"1.1\""
			  : ",\"http_version\":\"1.0\"");
	put_char(out, ',');
	put_text(out, "method", head->method);
	put_char(out, ',');
	put_text(out, "scheme", from->scheme);
	put_char(out, ',');
	put_text(out, "path", head->path);
	put_who(out, from->who);
	put_from(out, from);
}

void
event_http_disconnect(struct ch_buf *out, const char *reply_channel,
    const char *path, const struct who *who)
{
	put_char(out, '{');
	put_text(out, "reply_channel", reply_channel);
	put_char(out, ',');
	put_text(out, "path", path);
	put_who(out, who);
	put_char(out, '}');
}

void
event_receive(struct ch_buf *out, const struct event_of *of, const char *data,
    size_t len, int binary)
{
	put_of(out, of);
	if (binary) {
		put_string(out, ",\"bytes\":");
		json_box(out, data, len);
	} else {
		put_string(out, ",\"text\":");
		json_quote(out, data, len);
	}
	put_char(out, '}');
}

void
event_disconnect(struct ch_buf *out, const struct event_of *of, unsigned code)
{
	put_of(out, of);
	put_format(out, ",\"code\":%u}", code);
}
