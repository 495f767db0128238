/* routes.c - what a routes text says. */
#include "chwork/routes.h"

#include "channel.h"
#include "chwork/actions.h"
#include "chwork/filter.h"
#include "chwork/line.h"
#include "chwork/recur.h"
#include "chwork/settings.h"

#include <stdlib.h>
#include <string.h>

#define INCLUDES 16 /* in each other */

int
route_runs(const struct route *route)
{
	return route->action == ACTION_EXEC || route->action == ACTION_CGI;
}

int
route_takes_time(const struct route *route)
{
	return route_runs(route) || route->action == ACTION_POST;
}

void
route_free(struct route *route)
{
	size_t i;

	filters_release(&route->filters);
	recur_free(route->recur);
	for (i = 0; i < route->ngroups; i++)
		pattern_release(&route->groups[i]);
	for (i = 0; route->argv && route->argv[i]; i++)
		free(route->argv[i]);
	pattern_release(&route->subprotocol);
	pattern_release(&route->target);
	pattern_release(&route->url);
	settings_free(route->settings);
	free(route->groups);
	free(route->argv);
	free(route->program);
	free(route->dead);
	free(route->key_file);
	for (i = 0; i < route->headers.n; i++)
		free((void *)(uintptr_t)route->headers.items[i]);
	free(route->headers.items);
	ch_buf_release(&route->key);
	free(route->dir);
	for (i = 0; i < route->nscripts; i++)
		free(route->scripts[i]);
	free(route->scripts);
	free(route->channel);
	free(route->place);
	free(route->command_place);
	free(route);
}

/* Channel and filters. */
static void
read_message(struct line *line)
{
	struct route *route = line->route;
	struct ch_err err = CH_ERR_INIT;

	route->channel = line_copy(words_text(line->words, 0));
	if (ch_name_check(route->channel, CH_TO_RECEIVE, &err) != CH_OK)
		line_wrong(line, 0, "%s", err.text);
	route->filters.outer = line->in ? line->in->filters : NULL;
	line->i = 1;
	filters_read(line, &route->filters, 0);
}

static void
read_route(struct line *line)
{
	struct routes *routes = line->routes;
	struct route *route = line_grow(NULL, 1, sizeof(*route));
	size_t action;

	*route = (struct route) { 0 };
	line->route = route;
	route->place = line_place(line, line->words->list[0].at.line);
	route->settings = settings_copy(line->settings);
	route->filters.text = line_text(line);
	if (recur_is_one(words_text(line->words, 0)))
		recur_read(line);
	else
		read_message(line);
	action = line->i;
	action_read(line);
	if (route->recur && !line->errors)
		recur_check(line, action);
	if (line->errors) {
		route_free(route);
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

/* The filters of an include, which live as long as the routes. */
static struct filters *
new_scope(struct line *line)
{
	struct routes *routes = line->routes;
	struct filters *scope = line_grow(NULL, 1, sizeof(*scope));

	*scope = (struct filters) { .outer = line->in ? line->in->filters
						      : NULL,
		.text = line_text(line) };
	routes->scopes = line_grow(routes->scopes, routes->nscopes + 1,
	    sizeof(scope));
	routes->scopes[routes->nscopes++] = scope;
	return scope;
}

static void
read_include(struct line *line)
{
	struct filters *scope = new_scope(line);
	struct include include = { .filters = scope,
		.settings = line->settings,
		.depth = line->in ? line->in->depth + 1 : 0 };
	char wrong[512];

	line->i = 1;
	if (!line_peek(line)) {
		line_wrong(line, 0, "a file is missing");
		return;
	}
	include.file = line_peek(line);
	line->i++;
	filters_read(line, scope, 1);
	if (line_peek(line))
		line_wrong(line, line->i, "%s is no filter (KEY=PATTERN or "
		    "KEY~REGEX)", line_peek(line));
	if (include.depth >= INCLUDES)
		line_wrong(line, 1, "more than %d includes in each other",
		    INCLUDES);
	if (!line->errors && line->routes->include(line->routes, &include,
		wrong, sizeof(wrong)) < 0)
		line_wrong(line, 1, "%s", wrong);
}

static void
read_line(struct line *line)
{
	const char *first = words_text(line->words, 0);

	if (settings_is_one(first))
		read_settings(line);
	else if (!strcmp(first, "include"))
		read_include(line);
	else
		read_route(line);
}

void
routes_parse(struct routes *routes, const char *source, int one,
    const char *text, size_t len, const struct include *in)
{
	struct words words;
	struct line line = { .routes = routes, .source = source, .one = one,
		.in = in, .words = &words };
	int rc;

	line.settings = in ? settings_copy(in->settings) : NULL;
	words_init(&words, text, len);
	while ((rc = words_next(&words)) != 0) {
		line.errors = 0;
		if (rc < 0)
			line_wrong_at(&line, words.where, words.wrong);
		else
			read_line(&line);
	}
	settings_free(line.settings);
	words_release(&words);
}

void
routes_add_delay(struct routes *routes)
{
	static const char text[] = "asgi.delay delay";

	routes_parse(routes, "built in", 1, text, sizeof(text) - 1, NULL);
	routes->list[routes->n - 1]->built_in = 1;
}

size_t
routes_count(const struct routes *routes)
{
	size_t n = 0;

	for (size_t i = 0; i < routes->n; i++)
		n += !routes->list[i]->built_in;
	return n;
}

void
routes_release(struct routes *routes)
{
	for (size_t i = 0; i < routes->n; i++)
		route_free(routes->list[i]);
	for (size_t i = 0; i < routes->nscopes; i++) {
		filters_release(routes->scopes[i]);
		free(routes->scopes[i]);
	}
	for (size_t i = 0; i < routes->nfiles; i++)
		free(routes->files[i]);
	free(routes->list);
	free(routes->scopes);
	free(routes->files);
	*routes = (struct routes) { .wrong = routes->wrong,
		.include = routes->include };
}
