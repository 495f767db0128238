/* match.c - which route a message takes. */
#include "chwork/routes.h"

#include "channel.h"
#include "chwork/filter.h"
#include "common/put.h"

#include <string.h>

static int
names_channel(const struct route *route, const char *channel)
{
	size_t len = strlen(route->channel);

	if (!strcmp(route->channel, channel))
		return 1;
	if (route->channel[len - 1] == '!')
		return !strncmp(route->channel, channel, len);
	return ch_name_is_glob(route->channel) &&
	    ch_glob_match(route->channel, channel);
}

/* Whether every capture in it is a legal name, and the whole makes one. */
static int
makes_name(const struct pattern *pattern, enum ch_use use,
    const struct match *match, struct ch_buf *name)
{
	for (size_t i = 0; i < pattern->n; i++) {
		const struct capture *capture;

		if (!pattern->parts[i].capture)
			continue;
		capture = captures_find(&match->captures,
		    pattern->parts[i].text);
		if (!capture)
			return 0;
		ch_buf_clear(name);
		put_bytes(name, capture->value, capture->len);
		if (strlen(name->data) != name->len ||
		    ch_name_check(name->data, CH_TO_JOIN, NULL) != CH_OK)
			return 0;
	}
	ch_buf_clear(name);
	pattern_expand(pattern, &match->captures, name);
	return ch_name_check(name->data, use, NULL) == CH_OK;
}

static int
names_are_legal(const struct route *route, const struct match *match)
{
	enum ch_use use = route->action == ACTION_SEND ? CH_TO_SEND
						       : CH_TO_JOIN;
	struct ch_buf name = CH_BUF_INIT;
	int legal = 1;

	for (size_t i = 0; legal && i < route->ngroups; i++)
		legal = makes_name(&route->groups[i], CH_TO_JOIN, match,
		    &name);
	if (legal && route->target.n)
		legal = makes_name(&route->target, use, match, &name);
	ch_buf_release(&name);
	return legal;
}

int
route_takes(const struct route *route, const char *channel,
    struct json message, struct match *match)
{
	match->gave_up = 0;
	return names_channel(route, channel) &&
	    filters_hold(&route->filters, message, match) &&
	    names_are_legal(route, match);
}

struct route *
routes_find(const struct routes *routes, const char *channel,
    struct json message, struct match *match)
{
	for (size_t i = 0; i < routes->n; i++) {
		struct route *route = routes->list[i];

		if (route_takes(route, channel, message, match))
			return route;
		if (match->gave_up)
			break;
	}
	return NULL;
}

void
match_release(struct match *match)
{
	ch_buf_release(&match->values);
	ch_buf_release(&match->frame);
}
