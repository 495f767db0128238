/* hooks.c - commands of the worker's own, around that of a message. */
#include "chwork/hooks.h"

#include "chwork/command.h"
#include "chwork/line.h"
#include "common/put.h"
#include "common/say.h"

#include <string.h>

/* What makes a route of a command. */
#define ROUTE "hook exec --reply none -- "

static void
tell_wrong(const char *place, unsigned column, const char *what)
{
	unsigned before = sizeof(ROUTE) - 1;

	say_error("%s:%u: %s", place, column > before ? column - before : 1,
	    what);
}

static const struct route *
read_one(struct routes *routes, const char *option, const char *command)
{
	size_t n = routes->n;
	struct ch_buf text = CH_BUF_INIT;

	if (!command)
		return NULL;
	put_format(&text, ROUTE "%s", command);
	routes_parse(routes, option, 1, text.data, text.len, NULL);
	ch_buf_release(&text);
	if (routes->n == n)
		return NULL;
	routes->list[n]->dir = line_copy(".");
	return routes->list[n];
}

int
hooks_load(struct hooks *hooks, const char *path)
{
	hooks->routes = (struct routes) { .wrong = tell_wrong };
	hooks->before = read_one(&hooks->routes, "--before",
	    hooks->before_text);
	hooks->after = read_one(&hooks->routes, "--after", hooks->after_text);
	commands_find(&hooks->routes, path);
	return hooks->routes.errors ? -1 : 0;
}

void
hooks_release(struct hooks *hooks)
{
	routes_release(&hooks->routes);
}
