/* act.c - what the worker does itself. */
#include "chwork/act.h"

#include "base/hash.h"
#include "chwork/load.h"
#include "chwork/response.h"
#include "common/put.h"
#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLD 256 /* channels and paths that are told of */

/* What the layer said: whether it may say something else a little later. */
static int
judge(const char *place, int rc, const struct ch_err *err)
{
	if (rc == CH_FULL || rc == CH_UNAVAILABLE || rc == CH_IO)
		return rc;
	if (rc == CH_NONE)
		say_more("%s: %s", place, err->text);
	else if (rc != CH_OK)
		say_error("%s: %s", place, err->text);
	return CH_OK;
}

static int
answer(struct worker *worker, const char *place, const char *reply_channel,
    const char *text, struct ch_err *err)
{
	int rc;

	if (!reply_channel) {
		say_error("%s: the message has no reply_channel", place);
		return CH_OK;
	}
	rc = ch_send(worker->layer, reply_channel, text, strlen(text), NULL,
	    err);
	return judge(place, rc, err);
}

/* Answer a request with an error's status. */
static int
answer_error(struct worker *worker, const char *place,
    const char *reply_channel, int status, struct ch_err *err)
{
	struct ch_buf text = CH_BUF_INIT;
	int rc;

	response_put_error(&text, status);
	rc = answer(worker, place, reply_channel, text.data, err);
	ch_buf_release(&text);
	return rc;
}

void
act_error(struct worker *worker, const char *place,
    const char *reply_channel, int status)
{
	struct ch_err err = CH_ERR_INIT;

	if (answer_error(worker, place, reply_channel, status, &err) != CH_OK)
		say_error("%s: %s", place, err.text);
}

static void
join(struct worker *worker, const struct route *route,
    const char *reply_channel)
{
	struct ch_buf group = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;

	for (size_t i = 0; i < route->ngroups; i++) {
		ch_buf_clear(&group);
		pattern_expand(&route->groups[i], &worker->match.captures,
		    &group);
		if (ch_group_add(worker->layer, group.data, reply_channel,
			&err) != CH_OK)
			say_error("%s: %s", route->place, err.text);
	}
	ch_buf_release(&group);
}

int
act_accept(struct worker *worker, const struct route *route,
    const char *reply_channel, struct ch_err *err)
{
	struct ch_buf text = CH_BUF_INIT, name = CH_BUF_INIT;
	int rc;

	if (reply_channel)
		join(worker, route, reply_channel);
	put_string(&text, "{\"accept\":true");
	if (route->subprotocol.n) {
		pattern_expand(&route->subprotocol, &worker->match.captures,
		    &name);
		put_string(&text, ",\"subprotocol\":");
		json_quote(&text, name.data, name.len);
	}
	put_char(&text, '}');
	rc = answer(worker, route->place, reply_channel, text.data, err);
	ch_buf_release(&name);
	ch_buf_release(&text);
	return rc;
}

int
act_close(struct worker *worker, const char *place, unsigned code,
    const char *reply_channel, struct ch_err *err)
{
	char text[32] = "{\"close\":true}";

	if (code)
		snprintf(text, sizeof(text), "{\"close\":%u}", code);
	return answer(worker, place, reply_channel, text, err);
}

/* To the channel or group that the route names, as it is. */
static int
pass_on(struct worker *worker, const struct route *route, struct json message,
    struct ch_err *err)
{
	struct ch_send_opts opts = { .delay = route->delay,
		.flags = CH_CHECKED };
	struct ch_buf target = CH_BUF_INIT;
	int rc;

	pattern_expand(&route->target, &worker->match.captures, &target);
	if (route->action == ACTION_GROUP)
		rc = ch_group_send(worker->layer, target.data, message.text,
		    message.len, &opts, NULL, err);
	else
		rc = ch_send(worker->layer, target.data, message.text,
		    message.len, &opts, err);
	ch_buf_release(&target);
	return judge(route->place, rc, err);
}

/* What was asked of asgi.delay; what is wrong with it, or NULL. */
static const char *
read_delay(struct json message, struct ch_buf *channel, struct json *content,
    int64_t *delay)
{
	struct json name = json_get(message, "channel", 7);
	struct json ms = json_get(message, "delay", 5);
	char *end;

	*content = json_get(message, "content", 7);
	if (json_kind(name) != '"')
		return "channel is no string";
	if (json_kind(*content) != '{')
		return "content is no object";
	*delay = ms.text ? strtoll(ms.text, &end, 10) : -1;
	if (*delay < 0 || end != ms.text + ms.len)
		return "delay is no number of milliseconds";
	json_bare(channel, name);
	return NULL;
}

/* To the channel that the message names, when its delay is over. */
static int
put_off(struct worker *worker, const struct route *route, struct json message,
    struct ch_err *err)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	struct ch_buf channel = CH_BUF_INIT;
	struct json content;
	const char *wrong = read_delay(message, &channel, &content,
	    &opts.delay);
	int rc = CH_OK;

	if (wrong)
		say_error("%s: %s: %.*s", route->channel, wrong,
		    (int)(message.len < 200 ? message.len : 200),
		    message.text);
	else
		rc = judge(route->channel, ch_send(worker->layer, channel.data,
		    content.text, content.len, &opts, err), err);
	ch_buf_release(&channel);
	return rc;
}

int
act(struct worker *worker, const struct route *route, struct json message,
    const char *reply_channel, struct ch_err *err)
{
	switch (route->action) {
	case ACTION_ACCEPT:
		return act_accept(worker, route, reply_channel, err);
	case ACTION_REJECT:
	case ACTION_CLOSE:
		/* A request has no connection that could be closed. */
		if (json_kind(json_get(message, "method", 6)) == '"')
			return answer_error(worker, route->place,
			    reply_channel, 403, err);
		return act_close(worker, route->place, route->code,
		    reply_channel, err);
	case ACTION_SEND:
	case ACTION_GROUP:
		return pass_on(worker, route, message, err);
	case ACTION_DELAY:
		return put_off(worker, route, message, err);
	default:
		return CH_OK;
	}
}

/* Whether this was not told before; a visitor cannot fill the log. */
static int
is_news(const char *text, size_t len)
{
	static uint64_t told[TOLD];
	static size_t n;
	uint64_t hash = ch_hash(text, len, 0);

	for (size_t i = 0; i < n; i++)
		if (told[i] == hash)
			return 0;
	if (n == TOLD)
		return 0;
	told[n++] = hash;
	if (n == TOLD)
		say_error("no more will be said of what no route takes");
	return 1;
}

void
act_unmatched(struct worker *worker, const char *channel,
    struct json message, const char *reply_channel)
{
	struct ch_buf what = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int connect = !strcmp(channel, "websocket.connect");

	if (connect && worker->default_accept && !worker->match.gave_up) {
		if (answer(worker, channel, reply_channel, "{\"accept\":true}",
			&err) != CH_OK)
			say_error("%s: %s", channel, err.text);
		return;
	}
	put_string(&what, channel);
	if (connect) {
		put_string(&what, ": ");
		json_bare(&what, json_get(message, "path", 4));
	}
	if (is_news(what.data, what.len))
		say_error("%.300s: %s: %s", what.data, worker->match.gave_up
		    ? "the search for an expression was given up"
		    : "no route takes it", connect ? "rejected" : "dropped");
	ch_buf_release(&what);
	if (reply_channel && !strcmp(channel, "http.request"))
		act_error(worker, channel, reply_channel, 404);
	if (connect && reply_channel &&
	    act_close(worker, channel, 0, reply_channel, &err) != CH_OK)
		say_error("%s: %s", channel, err.text);
}

void
act_warn(const struct worker *worker)
{
	const struct sources *sources = worker->sources;

	if (routes_take(worker->routes, "websocket.receive") &&
	    !routes_take(worker->routes, "websocket.connect") &&
	    !worker->default_accept && !sources->only.n && !sources->exclude.n)
		say_error("no route takes websocket.connect: connections will "
		    "be rejected");
}
