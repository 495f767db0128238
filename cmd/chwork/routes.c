/* routes.c - what a routes text says. */
#include "chwork/routes.h"

#include "channel.h"
#include "chwork/actions.h"
#include "chwork/filter.h"
#include "chwork/line.h"
#include "chwork/settings.h"

#include <stdlib.h>

int
route_runs(const struct route *route)
{
	return route->action == ACTION_EXEC || route->action == ACTION_CGI;
}

void
route_release(struct route *route)
{
	size_t i;

	for (i = 0; i < route->nfilters; i++)
		filter_release(&route->filters[i]);
	for (i = 0; i < route->ngroups; i++)
		pattern_release(&route->groups[i]);
	for (i = 0; route->argv && route->argv[i]; i++)
		free(route->argv[i]);
	pattern_release(&route->subprotocol);
	pattern_release(&route->target);
	settings_free(route->settings);
	free(route->filters);
	free(route->groups);
	free(route->argv);
	free(route->program);
	free(route->dir);
	free(route->channel);
	free(route->place);
	free(route->command_place);
}

static void
read_route(struct line *line)
{
	struct routes *routes = line->routes;
	struct route route = { 0 };
	struct ch_err err = CH_ERR_INIT;

	line->route = &route;
	line->i = 1;
	route.place = line_place(line, line->words->list[0].at.line);
	route.channel = line_copy(words_text(line->words, 0));
	route.settings = settings_copy(line->settings);
	if (ch_name_check(route.channel, CH_TO_RECEIVE, &err) != CH_OK)
		line_wrong(line, 0, "%s", err.text);
	filters_read(line);
	action_read(line);
	if (line->errors) {
		route_release(&route);
		return;
	}
	routes->list = line_grow(routes->list, routes->n + 1, sizeof(route));
	routes->list[routes->n++] = route;
}

/* A line of settings, for the routes below it. */
static void
read_settings(struct line *line)
{
	line->i = 0;
	settings_read(line, &line->settings);
	if (line_peek(line))
		line_wrong(line, line->i, "%s is no setting (NAME=VALUE)",
		    line_peek(line));
}

void
routes_parse(struct routes *routes, const char *source, int one,
    const char *text, size_t len)
{
	struct words words;
	struct line line = { .routes = routes, .source = source, .one = one,
		.words = &words };
	int rc;

	words_init(&words, text, len);
	while ((rc = words_next(&words)) != 0) {
		line.errors = 0;
		if (rc < 0)
			line_wrong_at(&line, words.where, words.wrong);
		else if (settings_is_one(words_text(&words, 0)))
			read_settings(&line);
		else
			read_route(&line);
	}
	settings_free(line.settings);
	words_release(&words);
}

void
routes_release(struct routes *routes)
{
	for (size_t i = 0; i < routes->n; i++)
		route_release(&routes->list[i]);
	free(routes->list);
	routes->list = NULL;
	routes->n = 0;
}
