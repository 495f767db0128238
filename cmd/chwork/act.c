/* act.c - what the worker does itself. */
#include "chwork/act.h"

#include "base/hash.h"
#include "common/put.h"
#include "common/say.h"

#include <string.h>

#define TOLD 256 /* channels and paths that are told of */

static void
answer(struct worker *worker, const char *place, const char *reply_channel,
    const char *text)
{
	struct ch_err err = CH_ERR_INIT;
	int rc;

	if (!reply_channel) {
		say_error("%s: the message has no reply_channel", place);
		return;
	}
	rc = ch_send(worker->layer, reply_channel, text, strlen(text), NULL,
	    &err);
	if (rc == CH_NONE)
		say_more("%s: %s", place, err.text);
	else if (rc != CH_OK)
		say_error("%s: %s", place, err.text);
}

void
act_accept(struct worker *worker, const struct route *route,
    const struct match *match, const char *reply_channel)
{
	struct ch_buf group = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;

	for (size_t i = 0; reply_channel && i < route->ngroups; i++) {
		ch_buf_clear(&group);
		pattern_expand(&route->groups[i], &match->captures, &group);
		if (ch_group_add(worker->layer, group.data, reply_channel,
			&err) != CH_OK)
			say_error("%s: %s", route->place, err.text);
	}
	ch_buf_release(&group);
	answer(worker, route->place, reply_channel, "{\"accept\":true}");
}

void
act_reject(struct worker *worker, const char *place, const char *reply_channel)
{
	answer(worker, place, reply_channel, "{\"close\":true}");
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
	int connect = !strcmp(channel, "websocket.connect");

	put_string(&what, channel);
	if (connect) {
		put_string(&what, ": ");
		json_bare(&what, json_get(message, "path", 4));
	}
	if (is_news(what.data, what.len))
		say_error("%.300s: no route takes it: %s", what.data,
		    connect ? "rejected" : "dropped");
	ch_buf_release(&what);
	if (connect && reply_channel)
		act_reject(worker, channel, reply_channel);
}
