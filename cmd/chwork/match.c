/* match.c - which route a message takes. */
#include "channel.h"
#include "chwork/routes.h"
#include "common/mux.h"
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

static int
is_scalar(struct json value)
{
	return value.text && !strchr("{[n", json_kind(value));
}

/*
 * Values are gathered one behind the other, and captures hold offsets until
 * all are there: the buffer may move while it grows.
 */
static int
filters_hold(const struct route *route, struct json message,
    struct match *match)
{
	struct captures found;
	size_t start, offset[PATTERN_CAPTURES], n;
	struct json value;

	for (size_t f = 0; f < route->nfilters; f++) {
		const struct filter *filter = &route->filters[f];

		value = mux_get(message, filter->key, &match->frame);
		if (!is_scalar(value))
			return 0;
		start = match->values.len;
		json_bare(&match->values, value);
		n = match->captures.n;
		found.n = 0;
		put_bytes(&match->values, "", 0);
		if (!pattern_match(&filter->pattern,
			match->values.data + start, match->values.len - start,
			&found))
			return 0;
		for (size_t i = 0; i < found.n; i++, n++) {
			offset[n] = (size_t)(found.list[i].value -
			    match->values.data);
			match->captures.list[n] = found.list[i];
		}
		match->captures.n = n;
	}
	for (size_t i = 0; i < match->captures.n; i++)
		match->captures.list[i].value = match->values.data + offset[i];
	return 1;
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
	match->captures.n = 0;
	ch_buf_clear(&match->values);
	return names_channel(route, channel) &&
	    filters_hold(route, message, match) &&
	    names_are_legal(route, match);
}

struct route *
routes_find(const struct routes *routes, const char *channel,
    struct json message, struct match *match)
{
	for (size_t i = 0; i < routes->n; i++)
		if (route_takes(&routes->list[i], channel, message, match))
			return &routes->list[i];
	return NULL;
}

void
match_release(struct match *match)
{
	ch_buf_release(&match->values);
	ch_buf_release(&match->frame);
}
