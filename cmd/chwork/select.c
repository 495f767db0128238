/* select.c - which of the routes this worker uses. */
#include "channel.h"
#include "chwork/routes.h"
#include "common/opt.h"

#include <stdio.h>

static int
matches_any(const struct opt_list *globs, const char *channel)
{
	for (size_t i = 0; i < globs->n; i++)
		if (ch_glob_match(globs->items[i], channel))
			return 1;
	return 0;
}

static int
is_wanted(const struct route *route, const struct opt_list *only,
    const struct opt_list *exclude)
{
	if (only->n && !matches_any(only, route->channel))
		return 0;
	return !matches_any(exclude, route->channel);
}

static int
check_globs(const struct routes *routes, const char *option,
    const struct opt_list *globs, char *wrong, size_t size)
{
	for (size_t i = 0; i < globs->n; i++) {
		size_t k = 0;

		while (k < routes->n && !ch_glob_match(globs->items[i],
		    routes->list[k]->channel))
			k++;
		if (k < routes->n)
			continue;
		snprintf(wrong, size, "%s %s: no route has such a channel",
		    option, globs->items[i]);
		return -1;
	}
	return 0;
}

/* The channel of a route left out must not be taken through another's glob. */
static int
check_kept(const struct routes *routes, const struct route *kept,
    const struct opt_list *only, const struct opt_list *exclude, char *wrong,
    size_t size)
{
	for (size_t i = 0; i < routes->n; i++) {
		const struct route *out = routes->list[i];

		if (is_wanted(out, only, exclude) ||
		    !ch_name_is_glob(kept->channel) ||
		    !ch_glob_match(kept->channel, out->channel))
			continue;
		snprintf(wrong, size, "%s, which is to be left out, would be "
		    "taken by %s (%s)", out->channel, kept->channel,
		    kept->place);
		return -1;
	}
	return 0;
}

int
routes_select(struct routes *routes, const struct opt_list *only,
    const struct opt_list *exclude, char *wrong, size_t size)
{
	size_t kept = 0;

	if (check_globs(routes, "--only", only, wrong, size) < 0 ||
	    check_globs(routes, "--exclude", exclude, wrong, size) < 0)
		return -1;
	for (size_t i = 0; i < routes->n; i++) {
		const struct route *route = routes->list[i];

		if (is_wanted(route, only, exclude) &&
		    check_kept(routes, route, only, exclude, wrong, size) < 0)
			return -1;
	}
	for (size_t i = 0; i < routes->n; i++) {
		struct route *route = routes->list[i];

		if (is_wanted(route, only, exclude))
			routes->list[kept++] = route;
		else
			route_free(route);
	}
	routes->n = kept;
	if (kept)
		return 0;
	snprintf(wrong, size, "no route is left");
	return -1;
}

int
routes_take(const struct routes *routes, const char *channel)
{
	for (size_t i = 0; i < routes->n; i++)
		if (ch_glob_match(routes->list[i]->channel, channel))
			return 1;
	return 0;
}
