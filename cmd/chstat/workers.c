/* workers.c - the workers on the store, their routes and jobs. */
#include "chstat/workers.h"

#include "base/clock.h"
#include "chstat/table.h"
#include "common/json.h"
#include "common/out.h"
#include "common/put.h"
#include "common/reports.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct print {
	int json;
	int64_t now;
	int lines; /* of the table */
};

/* --- what a report says -------------------------------------------------- */

static struct json
get(struct json object, const char *key)
{
	return json_get(object, key, strlen(key));
}

static int64_t
age_of(const struct print *print, struct json job)
{
	struct json since = get(job, "since");
	int64_t age = since.text ? print->now - strtoll(since.text, NULL, 10)
				 : 0;

	return age > 0 ? age : 0;
}

/* --- for programs -------------------------------------------------------- */

/* The job, with its age instead of its beginning. */
static void
put_job_json(const struct print *print, struct json job)
{
	struct json_walk walk = json_walk(job);
	const char *before = "{";

	while (json_next(&walk)) {
		put_string(&out, before);
		before = ",";
		if (json_is(walk.key, "since", 5)) {
			int64_t age = age_of(print, job);

			put_format(&out, "\"age\":%" PRId64 ".%03d",
			    age / 1000, (int)(age % 1000));
			continue;
		}
		put_bytes(&out, walk.key.text, walk.key.len);
		put_char(&out, ':');
		put_bytes(&out, walk.value.text, walk.value.len);
	}
	put_char(&out, '}');
}

static void
put_json(const struct print *print, struct json route)
{
	struct json jobs = get(route, "jobs");
	struct json_walk walk = json_walk(jobs);
	const char *before = "";

	if (!jobs.text)
		return;
	put_bytes(&out, route.text, (size_t)(jobs.text - route.text));
	put_char(&out, '[');
	while (json_next(&walk)) {
		put_string(&out, before);
		before = ",";
		put_job_json(print, walk.value);
	}
	put_string(&out, "]}\n");
}

/* --- for people ---------------------------------------------------------- */

static void
put_head(void)
{
	put_format(&out, "\n%-7s %-20s %-20s %7s %7s %8s %6s %7s %5s %7s\n",
	    "WORKER", "ROUTE", "CHANNEL", "RUNNING", "WAITING", "DONE",
	    "FAILED", "RETRIED", "DEAD", "DROPPED");
}

/*
 * The value as text, to the left of a column of that width. A string keeps its
 * escapes: it is from others, and for a terminal.
 */
static void
put_left(struct json value, int width)
{
	size_t quote = json_kind(value) == '"';

	put_format(&out, "%-*.*s ", width, (int)(value.len - 2 * quote),
	    value.len ? value.text + quote : "");
}

static void
put_job(const struct print *print, struct json job)
{
	struct json pid = get(job, "pid"), progress = get(job, "progress");

	put_format(&out, "%14.*s", (int)pid.len, pid.text);
	table_put_age(age_of(print, job));
	if (progress.text) {
		put_string(&out, "  ");
		put_left(progress, 0);
	}
	put_char(&out, '\n');
}

static void
put_line(const struct print *print, struct json route)
{
	static const struct {
		const char *key;
		int width;
	} counts[] = { { "running", 7 }, { "waiting", 7 }, { "done", 8 },
		{ "failed", 6 }, { "retried", 7 }, { "dead", 5 },
		{ "dropped", 7 } };
	struct json_walk walk = json_walk(get(route, "jobs"));

	put_left(get(route, "worker"), 7);
	put_left(get(route, "route"), 20);
	put_left(get(route, "takes"), 20);
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct json value = get(route, counts[i].key);

		put_format(&out, "%s%*.*s", i ? " " : "", counts[i].width,
		    (int)value.len, value.len ? value.text : "");
	}
	put_char(&out, '\n');
	while (json_next(&walk))
		put_job(print, walk.value);
}

/* --- all of them --------------------------------------------------------- */

static void
print_route(struct print *print, struct json route)
{
	if (print->json) {
		put_json(print, route);
		return;
	}
	if (!print->lines++)
		put_head();
	put_line(print, route);
}

static void
print_report(void *arg, const char *text, size_t len)
{
	const char *end = text + len, *line;

	for (line = text; line < end; line++) {
		const char *feed = memchr(line, '\n', (size_t)(end - line));
		size_t n = feed ? (size_t)(feed - line)
				: (size_t)(end - line);

		print_route(arg, json_value(line, n));
		line += n;
	}
}

int
workers_print(struct ch_layer *layer, int json, struct ch_err *err)
{
	struct print print = { json, ch_clock_real(), 0 };

	return reports_read(ch_location(layer), print_report, &print, err);
}
