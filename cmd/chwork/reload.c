/* reload.c - the routes, read again while the worker works. */
#include "chwork/reload.h"

#include "chwork/act.h"
#include "chwork/intake.h"
#include "chwork/job.h"
#include "chwork/load.h"
#include "chwork/peer.h"
#include "chwork/stream.h"
#include "chwork/ticker.h"
#include "common/manager.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define SOON 200  /* ms from a change to the reading of it */
#define TIDY 1000 /* ms between looks at what is left of old routes */

/* --- which are the same -------------------------------------------------- */

static int
same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int
same_settings(char *const *a, char *const *b)
{
	if (!a || !b)
		return a == b;
	for (; *a && *b; a++, b++)
		if (strcmp(*a, *b) != 0)
			return 0;
	return *a == *b;
}

static int
same_filters(const struct filters *a, const struct filters *b)
{
	for (; a && b; a = a->outer, b = b->outer)
		if (strcmp(a->text, b->text) != 0)
			return 0;
	return a == b;
}

static int
same_route(const struct route *a, const struct route *b)
{
	return a->stamp == b->stamp &&
	    same_filters(&a->filters, &b->filters) &&
	    same_settings(a->settings, b->settings) &&
	    same_text(a->program, b->program) && same_text(a->dir, b->dir);
}

/*
 * Of two that are the same the one that is in use stays, at the place of the
 * other and within its includes.
 */
static void
keep(struct route *old, struct route **place)
{
	struct route fresh = **place, *spare = *place;

	spare->place = old->place;
	spare->command_place = old->command_place;
	spare->filters = old->filters;
	old->place = fresh.place;
	old->command_place = fresh.command_place;
	old->command_column = fresh.command_column;
	old->filters = fresh.filters;
	*place = old;
	route_free(spare);
}

/* Keep those that are the same; how many are new. The rest is left in old. */
static size_t
merge(struct routes *old, struct routes *fresh)
{
	size_t news = 0, k;

	for (size_t i = 0; i < fresh->n; i++) {
		for (k = 0; k < old->n; k++)
			if (same_route(old->list[k], fresh->list[i]))
				break;
		if (k == old->n) {
			news++;
			continue;
		}
		keep(old->list[k], &fresh->list[i]);
		old->n--;
		memmove(old->list + k, old->list + k + 1,
		    (old->n - k) * sizeof(*old->list));
	}
	return news;
}

/* --- those that are gone ------------------------------------------------- */

static int
is_in_use(const struct worker *worker, const struct route *route)
{
	const struct child *child;
	const struct job *job;

	if (route->running)
		return 1;
	for (job = worker->all; job; job = job->older)
		if (job->route == route)
			return 1;
	for (child = worker->crew.first; child; child = child->next)
		if (child->route == route)
			return 1;
	return 0;
}

static void
forget(struct worker *worker, struct routes *routes)
{
	size_t kept = 0;

	for (size_t i = 0; i < routes->n; i++) {
		struct route *route = routes->list[i];

		if (is_in_use(worker, route)) {
			routes->list[kept++] = route;
			continue;
		}
		stream_free(route);
		route_free(route);
	}
	routes->n = kept;
}

static void
tidy(void *arg)
{
	struct worker *worker = arg;
	struct routes **at = &worker->routes->older, *routes;

	intakes_forget(worker);
	while ((routes = *at)) {
		forget(worker, routes);
		if (routes->n) {
			at = &routes->older;
			continue;
		}
		*at = routes->older;
		routes_release(routes);
		free(routes);
	}
	if (worker->routes->older)
		loop_set(&worker->loop, &worker->reload.tidy, TIDY);
}

/* The new ones come into force; what is left of the old ones is gone. */
static void
replace(struct worker *worker, struct routes *fresh)
{
	struct routes *gone = malloc(sizeof(*gone));

	if (!gone)
		say_memory();
	*gone = *worker->routes;
	fresh->older = gone;
	*worker->routes = *fresh;
	for (size_t i = 0; i < gone->n; i++) {
		stream_close(gone->list[i]);
		peers_close(worker, gone->list[i]);
	}
	streams_start(worker);
	if (!worker->once)
		ticker_start(worker);
	status_touch(worker);
	worker->reload.tidy.fire = tidy;
	worker->reload.tidy.arg = worker;
	loop_set(&worker->loop, &worker->reload.tidy, TIDY);
}

/* --- reading ------------------------------------------------------------- */

static void
on_soon(void *arg)
{
	reload_now(arg);
}

/*
 * Watch what the routes are made of. What was not watched when it was read may
 * have changed since, and is read once more.
 */
static void
watch_routes(struct worker *worker, const struct routes *routes)
{
	struct watch *watch = &worker->reload.watch;
	int more = 0;

	if (!worker->watch)
		return;
	for (size_t i = 0; i < routes->nfiles; i++)
		more |= watch_file(watch, routes->files[i]);
	for (size_t i = 0; i < routes->n; i++)
		for (size_t k = 0; k < routes->list[i]->nscripts; k++)
			more |= watch_file(watch, routes->list[i]->scripts[k]);
	if (more)
		loop_set(&worker->loop, &worker->reload.soon, SOON);
}

/* Whether the new ones may come into force; intakes are then open for them. */
static int
try(struct worker *worker, struct routes *fresh)
{
	struct ch_err err = CH_ERR_INIT;
	char wrong[256];

	if (load(fresh, worker->sources, wrong, sizeof(wrong)) < 0) {
		if (*wrong)
			say_error("%s", wrong);
		return 0;
	}
	if (intakes_match(worker, fresh, &err) != CH_OK) {
		say_error("%s", err.text);
		return 0;
	}
	return 1;
}

static void
reload(struct worker *worker)
{
	struct routes fresh = { .wrong = worker->routes->wrong };
	size_t news, gone;

	if (!try(worker, &fresh)) {
		say_error("the routes of before stay in force");
		watch_routes(worker, &fresh);
		routes_release(&fresh);
		return;
	}
	watch_routes(worker, &fresh);
	news = merge(worker->routes, &fresh);
	gone = worker->routes->n;
	replace(worker, &fresh);
	if (!news && !gone) {
		say_more("the routes are the same as before");
		return;
	}
	say_note("%zu routes from now on: %zu are new, %zu gone",
	    routes_count(worker->routes), news, gone);
	act_warn(worker);
}

void
reload_now(struct worker *worker)
{
	loop_unset(&worker->loop, &worker->reload.soon);
	if (worker->stage != WORKING)
		return;
	manager_reloading();
	reload(worker);
	manager_reloaded();
}

/* --- watching ------------------------------------------------------------ */

static void
on_changed(void *arg)
{
	struct worker *worker = arg;

	if (watch_changed(&worker->reload.watch))
		loop_set(&worker->loop, &worker->reload.soon, SOON);
}

int
reload_start(struct worker *worker, struct ch_err *err)
{
	struct reload *reload = &worker->reload;
	int rc;

	if (!worker->watch)
		return CH_OK;
	rc = watch_open(&reload->watch, err);
	if (rc != CH_OK)
		return rc;
	reload->soon.fire = on_soon;
	reload->soon.arg = worker;
	reload->changed = (struct source) { .fd = reload->watch.fd,
		.ready = on_changed, .arg = worker };
	loop_watch(&worker->loop, &reload->changed, EPOLLIN);
	watch_routes(worker, worker->routes);
	return CH_OK;
}

void
reload_release(struct worker *worker)
{
	struct reload *reload = &worker->reload;
	struct routes *routes;

	loop_unset(&worker->loop, &reload->soon);
	loop_unset(&worker->loop, &reload->tidy);
	if (reload->changed.ready) {
		loop_watch(&worker->loop, &reload->changed, 0);
		watch_release(&reload->watch);
	}
	while ((routes = worker->routes->older)) {
		worker->routes->older = routes->older;
		routes_release(routes);
		free(routes);
	}
}
