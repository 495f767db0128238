/* routes.c - what a routes text says. */
#include "chwork/routes.h"

#include "base/err.h"
#include "channel.h"
#include "chwork/words.h"
#include "common/put.h"
#include "common/say.h"
#include "common/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line being read. */
struct line {
	struct routes *routes;
	const char *source;
	int one;
	const struct words *words;
	size_t i; /* the word that is next */
	struct route *route;
	size_t errors;
};

static const char *const actions[] = {
	[ACTION_ACCEPT] = "accept",
	[ACTION_REJECT] = "reject",
	[ACTION_DROP] = "drop",
	[ACTION_EXEC] = "exec",
	[ACTION_STREAM] = "stream",
};

static const char *const replies[] = {
	[REPLY_NONE] = "none",
	[REPLY_TEXT] = "text",
	[REPLY_JSON] = "json",
	[REPLY_ENVELOPES] = "envelopes",
};

static void *
grow(void *list, size_t n, size_t size)
{
	list = realloc(list, n * size);
	if (!list)
		say_memory();
	return list;
}

static char *
copy(const char *text)
{
	char *new = strdup(text);

	if (!new)
		say_memory();
	return new;
}

static char *
place_of(const struct line *line, unsigned number)
{
	struct ch_buf place = CH_BUF_INIT;

	put_string(&place, line->source);
	if (!line->one || number > 1)
		put_format(&place, ":%u", number);
	return place.data;
}

static void
wrong_at(struct line *line, struct place at, const char *what)
{
	char *place = place_of(line, at.line);

	line->errors++;
	line->routes->errors++;
	line->routes->wrong(place, at.column, what);
	free(place);
}

__attribute__((format(printf, 3, 4)))
static void
wrong(struct line *line, size_t word, const char *format, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	wrong_at(line, line->words->list[word].at, what);
}

static const char *
peek(const struct line *line)
{
	return line->i < line->words->n ? words_text(line->words, line->i)
					: NULL;
}

static int
find(const char *const names[], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

/* --- filters ------------------------------------------------------------- */

/* The length of the key if the word begins as a filter does, else 0. */
static size_t
key_length(const char *word)
{
	size_t n = 0;

	while (isalnum((unsigned char)word[n]) || word[n] == '_' ||
	    word[n] == '-' || word[n] == '.')
		n++;
	return word[n] == '=' ? n : 0;
}

static const char *
captured_twice(const struct route *route)
{
	struct captures seen = { .n = 0 };
	const struct pattern *pattern;

	for (size_t i = 0; i < route->nfilters; i++) {
		pattern = &route->filters[i].pattern;
		for (size_t k = 0; k < pattern->n; k++) {
			const char *name = pattern->parts[k].text;

			if (!pattern->parts[k].capture)
				continue;
			if (captures_find(&seen, name))
				return "a capture has its name twice";
			if (seen.n == PATTERN_CAPTURES)
				return "too many captures";
			seen.list[seen.n++].name = name;
		}
	}
	return NULL;
}

static void
read_filter(struct line *line, const char *word, size_t key)
{
	struct route *route = line->route;
	struct filter filter = { 0 };
	const char *what = NULL;

	if (pattern_parse(&filter.pattern, word + key + 1, &what) < 0) {
		wrong(line, line->i, "%s", what);
		return;
	}
	filter.key = copy(word);
	filter.key[key] = '\0';
	route->filters = grow(route->filters, route->nfilters + 1,
	    sizeof(filter));
	route->filters[route->nfilters++] = filter;
	what = captured_twice(route);
	if (what)
		wrong(line, line->i, "%s", what);
}

static void
read_filters(struct line *line)
{
	const char *word;
	size_t key;

	for (; (word = peek(line)); line->i++) {
		key = key_length(word);
		if (!key)
			return;
		read_filter(line, word, key);
	}
}

/* --- actions ------------------------------------------------------------- */

/* Whether a capture of the route has this name. */
static int
captures_it(const struct route *route, const char *name)
{
	for (size_t i = 0; i < route->nfilters; i++) {
		const struct pattern *pattern = &route->filters[i].pattern;

		for (size_t k = 0; k < pattern->n; k++)
			if (pattern->parts[k].capture &&
			    !strcmp(pattern->parts[k].text, name))
				return 1;
	}
	return 0;
}

/*
 * Whether a group may be named so, once captures stand for some legal name;
 * CH_CONFIG or CH_REFUSED, with the sentence in err.
 */
static int
check_group(const struct route *route, const struct pattern *group,
    struct ch_err *err)
{
	struct ch_buf name = CH_BUF_INIT;
	int literal = 0, rc = CH_OK;

	put_string(&name, "");
	for (size_t i = 0; rc == CH_OK && i < group->n; i++) {
		const struct pattern_part *part = &group->parts[i];

		if (part->capture && !captures_it(route, part->text))
			rc = ch_err_set(err, CH_CONFIG, "no filter of this "
			    "route captures %s", part->text);
		literal |= !part->capture;
		put_string(&name, part->capture ? "x" : part->text);
	}
	if (rc == CH_OK)
		rc = ch_name_check(name.data, CH_TO_JOIN, err);
	if (rc == CH_OK && !literal)
		rc = ch_err_set(err, CH_CONFIG, "a group must not be a "
		    "capture alone: any group could be joined");
	ch_buf_release(&name);
	return rc;
}

static void
read_group(struct line *line, const char *value)
{
	struct route *route = line->route;
	struct ch_err err = CH_ERR_INIT;
	struct pattern group;
	const char *what;

	if (pattern_parse(&group, value, &what) < 0) {
		wrong(line, line->i, "%s", what);
		return;
	}
	if (check_group(route, &group, &err) != CH_OK)
		wrong(line, line->i, "%s", err.text);
	route->groups = grow(route->groups, route->ngroups + 1, sizeof(group));
	route->groups[route->ngroups++] = group;
}

static void
read_reply(struct line *line, const char *value)
{
	int how = find(replies, sizeof(replies) / sizeof(*replies), value);

	if (how < 0)
		wrong(line, line->i, "%s is none of text, json, envelopes, "
		    "none", value);
	else
		line->route->reply = (enum reply)how;
}

static void
read_timeout(struct line *line, const char *value)
{
	if (when_duration(value, &line->route->timeout) < 0 ||
	    line->route->timeout <= 0)
		wrong(line, line->i, "%s is not a duration", value);
}

static void
read_jobs(struct line *line, const char *value)
{
	unsigned long jobs;
	char *end;

	errno = 0;
	jobs = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || !jobs ||
	    jobs > 1000)
		wrong(line, line->i, "%s is not a number from 1 to 1000",
		    value);
	else
		line->route->jobs = jobs;
}

static const struct action_option {
	enum action action;
	const char *name;
	void (*read)(struct line *line, const char *value);
} action_options[] = {
	{ ACTION_ACCEPT, "--group", read_group },
	{ ACTION_EXEC, "--reply", read_reply },
	{ ACTION_EXEC, "--timeout", read_timeout },
	{ ACTION_EXEC, "--jobs", read_jobs },
	{ ACTION_STREAM, "--jobs", read_jobs },
};

/* The option that the word is, or begins as "--name=". */
static const struct action_option *
find_option(enum action action, const char *word)
{
	size_t i, len = strcspn(word, "=");

	for (i = 0; i < sizeof(action_options) / sizeof(*action_options); i++)
		if (action_options[i].action == action &&
		    strlen(action_options[i].name) == len &&
		    !strncmp(action_options[i].name, word, len))
			return &action_options[i];
	return NULL;
}

/* Options up to the first other word; -1 if the rest makes no sense. */
static int
read_options(struct line *line)
{
	const struct action_option *option;
	const char *word, *value;

	for (; (word = peek(line)) && word[0] == '-'; line->i++) {
		if (!strcmp(word, "--")) {
			line->i++;
			return 0;
		}
		option = find_option(line->route->action, word);
		if (!option) {
			wrong(line, line->i, "%s has no option %s",
			    actions[line->route->action], word);
			return -1;
		}
		value = strchr(word, '=');
		if (value) {
			value++;
		} else {
			line->i++;
			value = peek(line);
		}
		if (!value) {
			wrong(line, line->i - 1, "%s needs a value",
			    option->name);
			return -1;
		}
		option->read(line, value);
	}
	return 0;
}

static void
read_command(struct line *line)
{
	struct route *route = line->route;
	size_t n = line->words->n - line->i;
	struct place at;

	if (!n) {
		wrong(line, line->words->n - 1, "a command is missing");
		return;
	}
	at = line->words->list[line->i].at;
	route->command_place = place_of(line, at.line);
	route->command_column = at.column;
	route->argv = grow(NULL, n + 1, sizeof(*route->argv));
	for (size_t i = 0; i < n; i++)
		route->argv[i] = copy(words_text(line->words, line->i++));
	route->argv[n] = NULL;
}

static void
read_action(struct line *line)
{
	struct route *route = line->route;
	const char *word = peek(line);
	int action;

	if (!word) {
		wrong(line, line->words->n - 1, "an action is missing");
		return;
	}
	action = find(actions, sizeof(actions) / sizeof(*actions), word);
	if (action < 0) {
		wrong(line, line->i, "%s is neither a filter (KEY=PATTERN) "
		    "nor one of accept, reject, drop, exec, stream", word);
		return;
	}
	line->i++;
	route->action = (enum action)action;
	if (route->action == ACTION_STREAM)
		route->jobs = 1;
	if (route->action == ACTION_EXEC &&
	    !strncmp(route->channel, "websocket.", 10))
		route->reply = REPLY_TEXT;
	if (read_options(line) < 0)
		return;
	if (route->action == ACTION_EXEC || route->action == ACTION_STREAM)
		read_command(line);
	else if (peek(line))
		wrong(line, line->i, "%s takes no operand", actions[action]);
}

/* --- routes -------------------------------------------------------------- */

void
route_release(struct route *route)
{
	size_t i;

	for (i = 0; i < route->nfilters; i++) {
		free(route->filters[i].key);
		pattern_release(&route->filters[i].pattern);
	}
	for (i = 0; i < route->ngroups; i++)
		pattern_release(&route->groups[i]);
	for (i = 0; route->argv && route->argv[i]; i++)
		free(route->argv[i]);
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
	route.place = place_of(line, line->words->list[0].at.line);
	route.channel = copy(words_text(line->words, 0));
	if (ch_name_check(route.channel, CH_TO_RECEIVE, &err) != CH_OK)
		wrong(line, 0, "%s", err.text);
	read_filters(line);
	read_action(line);
	if (line->errors) {
		route_release(&route);
		return;
	}
	routes->list = grow(routes->list, routes->n + 1, sizeof(route));
	routes->list[routes->n++] = route;
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
			wrong_at(&line, words.where, words.wrong);
		else
			read_route(&line);
	}
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
