/* explain.c - what would become of a message. */
#include "chwork/explain.h"

#include "chwork/exec.h"
#include "chwork/url.h"
#include "chwork/words.h"
#include "common/put.h"

#include <string.h>

static void
put_fact(struct ch_buf *out, const char *name, const char *value)
{
	put_format(out, "%s: %s\n", name, value);
}

/* A pattern with its captures filled in; nothing if it has no parts. */
static void
put_expanded(struct ch_buf *out, const char *name,
    const struct pattern *pattern, const struct match *match)
{
	if (!pattern->n)
		return;
	put_format(out, "%s: ", name);
	pattern_expand(pattern, &match->captures, out);
	put_char(out, '\n');
}

/* From the outermost on. */
static void
put_includes(struct ch_buf *out, const struct filters *filters)
{
	if (!filters)
		return;
	put_includes(out, filters->outer);
	put_fact(out, "within", filters->text);
}

static void
put_captures(struct ch_buf *out, const struct captures *captures)
{
	for (size_t i = 0; i < captures->n; i++) {
		const struct capture *capture = &captures->list[i];

		put_format(out, "capture: %s=", capture->name);
		put_bytes(out, capture->value, capture->len);
		put_char(out, '\n');
	}
}

static void
put_command(struct ch_buf *out, const struct route *route,
    char *const *environment)
{
	put_fact(out, "command", route->program);
	put_fact(out, "directory", route->dir);
	for (; *environment; environment++) {
		words_quote(out, *environment);
		put_char(out, '\n');
	}
}

static void
put_unmatched(struct ch_buf *out, const char *channel,
    const struct match *match)
{
	put_format(out, "no route: %s; the message is %s\n",
	    match->gave_up ? "the search for an expression was given up"
			   : "none takes it",
	    strcmp(channel, "websocket.connect") ? "dropped" : "rejected");
}

static void
put_url(struct ch_buf *out, const struct pattern *pattern,
    const struct match *match)
{
	struct ch_buf url = CH_BUF_INIT;

	if (url_expand(pattern, &match->captures, &url) < 0)
		put_fact(out, "url", "a capture would change where it leads");
	else
		put_fact(out, "url", url.data);
	ch_buf_release(&url);
}

int
explain_put(struct ch_buf *out, const struct routes *routes,
    const char *channel, struct json message, struct environment *environment)
{
	struct match match = { .captures.n = 0 };
	const struct route *route = routes_find(routes, channel, message,
	    &match);

	if (!route) {
		put_unmatched(out, channel, &match);
		match_release(&match);
		return 0;
	}
	put_fact(out, "place", route->place);
	put_includes(out, route->filters.outer);
	put_fact(out, "route", route->filters.text);
	put_captures(out, &match.captures);
	for (size_t i = 0; i < route->ngroups; i++)
		put_expanded(out, "group", &route->groups[i], &match);
	put_expanded(out, "subprotocol", &route->subprotocol, &match);
	put_expanded(out, route->action == ACTION_GROUP ? "group" : "channel",
	    &route->target, &match);
	if (route->url.n)
		put_url(out, &route->url, &match);
	if (route_runs(route))
		put_command(out, route, exec_environment(environment, route,
		    &match, channel, message, 0, -1));
	else if (route->argv)
		put_command(out, route, environ_plain(environment,
		    route->settings));
	match_release(&match);
	return 1;
}
