/* Replies to WebSockets, read, and the actions that they ask for. */
#include "chserve/event.h"

#include "common/json.h"
#include "common/put.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLOSE_NORMAL 1000

static int
is_there(struct json value)
{
	return value.text && json_kind(value) != 'n';
}

int
event_may_be_sent(long code)
{
	return (code >= 1000 && code <= 1003) ||
	    (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/* What the handshake itself says, or what would change what follows it. */
static int
is_reserved(const char *name)
{
	static const char *const names[] = { "connection", "upgrade",
		"content-length", "transfer-encoding", "trailer", "te",
		"keep-alive", "proxy-connection" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return 1;
	return strncasecmp(name, "sec-websocket-", 14) == 0;
}

static int
is_field(const char *name, size_t name_len, const char *value,
    size_t value_len)
{
	size_t i;

	if (!name_len || strlen(name) != name_len || is_reserved(name) ||
	    name[strcspn(name, " \t\r\n\"(),/:;<=>?@[\\]{}")])
		return 0;
	for (i = 0; i < name_len; i++)
		if (name[i] <= ' ' || name[i] == 0x7f)
			return 0;
	for (i = 0; i < value_len; i++)
		if (((unsigned char)value[i] < ' ' && value[i] != '\t') ||
		    value[i] == 0x7f)
			return 0;
	return 1;
}

/* One pair; -1 if it is none that can be sent. */
static int
read_header(struct ch_buf *fields, struct json pair)
{
	struct json_walk walk = json_walk(pair);
	struct ch_buf line = CH_BUF_INIT;
	size_t name_len = 0;
	int rc = -1;

	if (json_kind(pair) == '[' && json_next(&walk) &&
	    json_unbox(&line, walk.value) == 0) {
		name_len = line.len;
		put_char(&line, '\0');
		if (json_next(&walk) && json_unbox(&line, walk.value) == 0 &&
		    !json_next(&walk) &&
		    is_field(line.data, name_len, line.data + name_len + 1,
			line.len - name_len - 1) &&
		    fields->len + line.len + 3 <= EVENT_FIELDS_MAX)
			rc = 0;
	}
	if (!rc) {
		put_format(fields, "%s: ", line.data);
		put_bytes(fields, line.data + name_len + 1,
		    line.len - name_len - 1);
		put_string(fields, "\r\n");
	}
	ch_buf_release(&line);
	return rc;
}

static void
read_headers(struct event_reply *reply, struct json value)
{
	struct json_walk walk = json_walk(value);

	ch_buf_clear(&reply->fields);
	if (is_there(value) && json_kind(value) != '[')
		reply->odd = "headers is no list";
	else
		while (json_next(&walk))
			if (read_header(&reply->fields, walk.value))
				reply->odd = "one of its headers cannot be "
				    "sent";
}

/* A boolean or a positive code; one that cannot be sent counts as true. */
static void
read_close(struct event_reply *reply, struct json value)
{
	char digits[8] = "";
	long code;

	reply->close = 0;
	switch (json_kind(value)) {
	case 't':
		reply->close = CLOSE_NORMAL;
		return;
	case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		if (value.len < sizeof(digits))
			memcpy(digits, value.text, value.len);
		code = strtol(digits, NULL, 10);
		if (!code && *digits)
			return;
		reply->close = CLOSE_NORMAL;
		if (event_may_be_sent(code))
			reply->close = (unsigned)code;
		else
			reply->odd = "its close code cannot be sent, 1000 is";
		return;
	case 'f':
	case 'n':
		return;
	default:
		reply->odd = "close is neither true nor false nor a code";
	}
}

static void
read_accept(struct event_reply *reply, struct json value)
{
	char kind = json_kind(value);

	reply->accept = kind == 't' ? 1 : kind == 'f' ? 0 : -1;
	if (kind != 't' && kind != 'f' && kind != 'n')
		reply->odd = "accept is neither true nor false";
}

static void
read_subprotocol(struct event_reply *reply, struct json value)
{
	ch_buf_clear(&reply->subprotocol);
	reply->has_subprotocol = json_kind(value) == '"';
	if (reply->has_subprotocol)
		json_bare(&reply->subprotocol, value);
	else if (is_there(value))
		reply->odd = "subprotocol is no string";
}

static void
read_member(struct event_reply *reply, struct json_walk *walk,
    struct json data[2])
{
	if (json_is(walk->key, "text", 4))
		data[0] = walk->value;
	else if (json_is(walk->key, "bytes", 5))
		data[1] = walk->value;
	else if (json_is(walk->key, "accept", 6))
		read_accept(reply, walk->value);
	else if (json_is(walk->key, "close", 5))
		read_close(reply, walk->value);
	else if (json_is(walk->key, "subprotocol", 11))
		read_subprotocol(reply, walk->value);
	else if (json_is(walk->key, "headers", 7))
		read_headers(reply, walk->value);
}

static void
clear_reply(struct event_reply *reply)
{
	ch_buf_clear(&reply->data);
	ch_buf_clear(&reply->subprotocol);
	ch_buf_clear(&reply->fields);
	reply->has_data = reply->has_subprotocol = 0;
	reply->accept = -1;
	reply->close = 0;
	reply->odd = NULL;
}

const char *
event_read(struct event_reply *reply, const char *text, size_t len)
{
	struct json_walk walk = json_walk(json_value(text, len));
	struct json data[2] = { { NULL, 0 }, { NULL, 0 } };
	int binary;

	clear_reply(reply);
	while (json_next(&walk))
		read_member(reply, &walk, data);
	if (is_there(data[0]) && is_there(data[1]))
		return "it has both text and bytes";
	binary = is_there(data[1]);
	if (!is_there(data[binary]))
		return NULL;
	if (json_kind(data[binary]) != '"')
		return binary ? "bytes is no string" : "text is no string";
	reply->has_data = 1;
	reply->binary = binary;
	if (!binary)
		json_bare(&reply->data, data[0]);
	else if (json_unbox(&reply->data, data[1]))
		return "bytes is no sound base64";
	return NULL;
}

void
event_release(struct event_reply *reply)
{
	ch_buf_release(&reply->data);
	ch_buf_release(&reply->subprotocol);
	ch_buf_release(&reply->fields);
}

/*
 *      waiting, and the reply has            | then
 *      accept true                           | accept, send data, close if told
 *      accept false                          | reject
 *      data that is not empty                | accept, send it, close if told
 *      close                                 | reject
 *      none of these                         | nothing: it goes on waiting
 *
 * Once open, `accept` means nothing; data is sent, then `close` closes.
 */
unsigned
event_actions(const struct event_reply *reply, int waiting)
{
	unsigned actions = (reply->has_data ? EVENT_SEND : 0) |
	    (reply->close ? EVENT_CLOSE : 0);

	if (!waiting)
		return actions;
	if (reply->accept == 0)
		return EVENT_REJECT;
	if (reply->accept == 1 || reply->data.len)
		return EVENT_ACCEPT | actions;
	return reply->close ? EVENT_REJECT : 0;
}
