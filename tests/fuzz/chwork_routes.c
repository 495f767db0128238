/*
 * chwork_routes.c - fuzzes the routes parser: a routes text, a NUL, a message.
 *
 * Whatever the text, parsing ends; every error has a place inside it; every
 * route that comes out is whole; and asking whether it takes the message ends,
 * with captures that lie inside the value and are legal where they name.
 */
#include "channel.h"
#include "chwork/routes.h"

#include <stdint.h>
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

static void
check_match(const struct route *route, const struct match *match)
{
	struct ch_buf name = CH_BUF_INIT;

	for (size_t i = 0; i < match->captures.n; i++) {
		const struct capture *capture = &match->captures.list[i];

		check(capture->len > 0 && capture->value >=
		    match->values.data && capture->value + capture->len <=
		    match->values.data + match->values.len);
		check(!memchr(capture->value, '/', capture->len));
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	const char *nul = size ? memchr(text, '\0', size) : NULL;
	struct json message = { "{}", 2 };
	struct routes routes = { .wrong = tell };
	struct match match = { .captures.n = 0 };

	if (nul && end - nul > 1)
		message = (struct json){ nul + 1, (size_t)(end - nul) - 1 };
	told = 0;
	routes_parse(&routes, "routes", 0, text,
	    (size_t)((nul ? nul : end) - text));
	check(told == routes.errors);
	for (size_t i = 0; i < routes.n; i++) {
		const struct route *route = &routes.list[i];

		check_route(route);
		if (route_takes(route, route->channel, message, &match))
			check_match(route, &match);
	}
	match_release(&match);
	routes_release(&routes);
	return 0;
}
