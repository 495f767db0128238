/* What a consumer answers a request with, read and checked. */
#include "chserve/reply.h"

#include "chserve/sse.h"
#include "chserve/token.h"

#include "common/json.h"
#include "common/put.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
is_token(const struct ch_buf *name)
{
	size_t n = 0;

	while (n < name->len && token_has(name->data[n]))
		n++;
	return n && n == name->len;
}

static int
has_control(const struct ch_buf *value)
{
	size_t n = 0;

	while (n < value->len && !token_control(value->data[n]))
		n++;
	return n < value->len;
}

static int
is(const struct ch_buf *name, const char *word)
{
	return strcasecmp(name->data, word) == 0;
}

/* Those are about the connection, which is ours. */
static int
is_ours(const struct ch_buf *name)
{
	static const char *const ours[] = { "connection", "transfer-encoding",
		"keep-alive", "upgrade", "proxy-connection", "te", "trailer",
		"date", "server" };
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (is(name, ours[i]))
			return 1;
	return 0;
}

static off_t
read_length(const char *digits)
{
	size_t n = strlen(digits);

	return n && n < 19 && strspn(digits, "0123456789") == n
	    ? (off_t)strtoll(digits, NULL, 10) : -1;
}

static void
take_field(struct reply *reply, struct ch_buf *name, struct ch_buf *value)
{
	put_string(value, ""); /* so that there is a NUL */
	if (!is_token(name)) {
		reply->ignored = "a header's name is none";
	} else if (has_control(value)) {
		reply->ignored = "a header has control bytes";
	} else if (is(name, "content-length")) {
		reply->length = read_length(value->data);
	} else if (!is_ours(name)) {
		if (is(name, "content-type") &&
		    strncasecmp(value->data, "text/event-stream", 17) == 0)
			reply->is_events = 1;
		put_format(&reply->fields, "%s: %s\r\n", name->data,
		    value->data);
	}
}

/* One [name, value], both byte strings. */
static int
read_field(struct reply *reply, struct json pair)
{
	struct ch_buf parts[2] = { CH_BUF_INIT, CH_BUF_INIT };
	struct json_walk walk = json_walk(pair);
	int n = 0, rc = json_kind(pair) == '[' ? 0 : -1;

	while (!rc && json_next(&walk)) {
		if (n == 2 || json_kind(walk.value) != '"' ||
		    json_unbox(&parts[n], walk.value))
			rc = -1;
		n++;
	}
	if (n != 2)
		rc = -1;
	if (!rc && parts[0].len)
		take_field(reply, &parts[0], &parts[1]);
	ch_buf_release(&parts[0]);
	ch_buf_release(&parts[1]);
	return rc;
}

static const char *
read_fields(struct reply *reply, struct json headers)
{
	struct json_walk walk = json_walk(headers);

	if (json_kind(headers) != '[')
		return "headers is no list";
	while (json_next(&walk))
		if (read_field(reply, walk.value))
			return "headers has something that is no pair of "
			       "strings";
	return NULL;
}

static const char *
read_status(struct reply *reply, struct json status)
{
	char digits[4] = "";

	if (status.len == 3)
		memcpy(digits, status.text, 3);
	reply->status = strspn(digits, "0123456789") == 3 ? atoi(digits) : 0;
	if (reply->status < 200 || reply->status > 599) {
		reply->status = 0;
		return "status is none from 200 to 599";
	}
	return NULL;
}

static const char *
read_content(struct reply *reply, struct json content)
{
	if (json_kind(content) != '"')
		return "content is no string";
	return json_unbox(&reply->content, content)
	    ? "content is no sound base64" : NULL;
}

/* null: what there was is taken away. */
static void
read_nothing(struct reply_wish *wish, struct json key)
{
	if (json_is(key, "session", 7))
		wish->what = REPLY_SESSION_ENDS;
	else if (json_is(key, "user", 4))
		wish->logs_out = 1;
}

static const char *
read_session(struct reply_wish *wish, struct json session)
{
	char kind = json_kind(session);

	if (kind != '"' && kind != '{')
		return "session is neither an id nor an object nor null";
	wish->what = kind == '"' ? REPLY_SESSION_GIVEN : REPLY_SESSION_DATA;
	ch_buf_clear(&wish->session);
	json_bare(&wish->session, session);
	put_string(&wish->session, ""); /* so that there is a NUL */
	return NULL;
}

static const char *
read_user(struct reply_wish *wish, struct json user)
{
	if (json_kind(user) != '"')
		return "user is neither a name nor null";
	ch_buf_clear(&wish->user);
	json_bare(&wish->user, user);
	put_string(&wish->user, "");
	if (memchr(wish->user.data, '\0', wish->user.len))
		return "user has a NUL";
	wish->logs_in = 1;
	return NULL;
}

const char *
reply_read(struct reply *reply, const char *text, size_t len, int first,
    int events)
{
	struct json message = json_value(text, len);
	struct json_walk walk = json_walk(message);
	int has_content = 0, n = 0;
	const char *wrong = NULL;

	reply_release(reply);
	*reply = (struct reply)REPLY_INIT;
	reply->length = -1;
	while (!wrong && json_next(&walk)) {
		if (json_kind(walk.value) == 'n') {
			read_nothing(&reply->wish, walk.key);
			continue;
		}
		n++;
		if (json_is(walk.key, "status", 6)) {
			wrong = read_status(reply, walk.value);
		} else if (json_is(walk.key, "headers", 7)) {
			ch_buf_clear(&reply->fields);
			wrong = read_fields(reply, walk.value);
		} else if (json_is(walk.key, "content", 7)) {
			has_content = 1;
			ch_buf_clear(&reply->content);
			wrong = read_content(reply, walk.value);
		} else if (json_is(walk.key, "more_content", 12)) {
			reply->more = json_kind(walk.value) == 't';
		} else if (json_is(walk.key, "closed", 6)) {
			reply->closed = json_kind(walk.value) == 't';
		} else if (json_is(walk.key, "session", 7)) {
			wrong = read_session(&reply->wish, walk.value);
		} else if (json_is(walk.key, "user", 4)) {
			wrong = read_user(&reply->wish, walk.value);
		} else {
			n--;
		}
	}
	if (wrong)
		return wrong;
	if (first && !reply->status)
		return "it has no status";
	if (!first && events && !has_content)
		reply->more = sse_put(&reply->content, message);
	else if (!n)
		return "it has none of an answer's keys";
	return NULL;
}

void
reply_release(struct reply *reply)
{
	ch_buf_release(&reply->fields);
	ch_buf_release(&reply->content);
	ch_buf_release(&reply->wish.session);
	ch_buf_release(&reply->wish.user);
}
