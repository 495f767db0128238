/*
 * chwork_routes.c - fuzzes the routes parser: a routes text, a NUL, a message.
 * What the text includes is itself, once.
 *
 * Whatever the text, parsing ends; every error has a place inside it; every
 * route that comes out is whole; and asking whether it takes the message ends,
 * with captures that lie inside the value and are legal where they name.
 */
#include "channel.h"
#include "chwork/routes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t told;

static void
check(int good)
{
	if (!good)
		abort();
}

static void
tell(const char *place, unsigned column, const char *what)
{
	check(!strncmp(place, "routes:", 7) && column > 0 && *what);
	told++;
}

static void
check_route(const struct route *route)
{
	check(ch_name_check(route->channel, CH_TO_RECEIVE, NULL) == CH_OK);
	if (route_runs(route) || route->action == ACTION_STREAM)
		check(route->argv && route->argv[0]);
	else
		check(!route->argv);
	if (route->action == ACTION_STREAM)
		check(route->jobs > 0);
	check((route->target.n > 0) == (route->action == ACTION_SEND ||
	    route->action == ACTION_GROUP));
	for (char **s = route->settings; s && *s; s++)
		check(strchr(*s, '=') && strncmp(*s, "CH_", 3) != 0);
}

/* What {name} captures is a segment; what an expression captures may be any. */
static int
has_regex(const struct filters *filters)
{
	for (; filters; filters = filters->outer)
		for (size_t i = 0; i < filters->n; i++)
			if (filters->list[i].regex)
				return 1;
	return 0;
}

static void
check_match(const struct route *route, const struct match *match)
{
	struct ch_buf name = CH_BUF_INIT;

	for (size_t i = 0; i < match->captures.n; i++) {
		const struct capture *capture = &match->captures.list[i];

		check(capture->value >=
		    match->values.data && capture->value + capture->len <=
		    match->values.data + match->values.len);
		check(has_regex(&route->filters) || (capture->len &&
		    !memchr(capture->value, '/', capture->len)));
	}
	for (size_t i = 0; i < route->ngroups; i++) {
		ch_buf_clear(&name);
		pattern_expand(&route->groups[i], &match->captures, &name);
		check(ch_name_check(name.data, CH_TO_JOIN, NULL) == CH_OK);
	}
	if (route->target.n) {
		ch_buf_clear(&name);
		pattern_expand(&route->target, &match->captures, &name);
		check(ch_name_check(name.data, route->action == ACTION_SEND
		    ? CH_TO_SEND : CH_TO_JOIN, NULL) == CH_OK);
	}
	ch_buf_release(&name);
}

static const char *text; /* the routes */
static size_t text_len;

static int
include(struct routes *routes, const struct include *what, char *wrong,
    size_t size)
{
	snprintf(wrong, size, "once only");
	if (what->depth)
		return -1;
	routes_parse(routes, "routes", 0, text, text_len, what);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = (const char *)data + size;
	const char *nul = size ? memchr(data, '\0', size) : NULL;
	struct json message = { "{}", 2 };
	struct routes routes = { .wrong = tell, .include = include };
	struct match match = { .captures.n = 0 };

	if (nul && end - nul > 1)
		message = (struct json){ nul + 1, (size_t)(end - nul) - 1 };
	text = (const char *)data;
	text_len = (size_t)((nul ? nul : end) - text);
	told = 0;
	routes_parse(&routes, "routes", 0, text, text_len, NULL);
	check(told == routes.errors);
	for (size_t i = 0; i < routes.n; i++) {
		const struct route *route = routes.list[i];

		check_route(route);
		if (route_takes(route, route->channel, message, &match))
			check_match(route, &match);
	}
	match_release(&match);
	routes_release(&routes);
	return 0;
}
