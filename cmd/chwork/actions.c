/* actions.c - the actions of routes, and their options. */
#include "chwork/actions.h"

#include "base/err.h"
#include "channel.h"
#include "chwork/filter.h"
#include "chwork/settings.h"
#include "common/put.h"
#include "common/when.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- names --------------------------------------------------------------- */

/*
 * Whether the pattern makes a name for that use, once captures stand for some
 * legal name; CH_CONFIG or CH_REFUSED, with the sentence in err.
 */
static int
check_name(const struct route *route, const struct pattern *pattern,
    enum ch_use use, struct ch_err *err)
{
	struct ch_buf name = CH_BUF_INIT;
	int literal = 0, rc = CH_OK;

	put_string(&name, "");
	for (size_t i = 0; rc == CH_OK && i < pattern->n; i++) {
		const struct pattern_part *part = &pattern->parts[i];

		if (part->capture && !filters_capture(route, part->text))
			rc = ch_err_set(err, CH_CONFIG, "no filter of this "
			    "route captures %s", part->text);
		literal |= !part->capture;
		put_string(&name, part->capture ? "x" : part->text);
	}
	if (rc == CH_OK)
		rc = ch_name_check(name.data, use, err);
	if (rc == CH_OK && !literal)
		rc = ch_err_set(err, CH_CONFIG, use == CH_TO_JOIN
		    ? "a group must not be a capture alone: any group could "
		      "be named"
		    : "a channel must not be a capture alone: any channel "
		      "could be named");
	ch_buf_release(&name);
	return rc;
}

/* A name with captures; 0, or -1 after telling what is wrong with it. */
static int
read_name(struct line *line, const char *value, enum ch_use use,
    struct pattern *name)
{
	struct ch_err err = CH_ERR_INIT;
	const char *what;

	if (pattern_parse(name, value, &what) < 0) {
		line_wrong(line, line->i, "%s", what);
		return -1;
	}
	if (check_name(line->route, name, use, &err) == CH_OK)
		return 0;
	line_wrong(line, line->i, "%s", err.text);
	pattern_release(name);
	return -1;
}

/* --- options ------------------------------------------------------------- */

/* Each stores the value in the route's field. */

static void
read_group(struct line *line, const char *value, void *field)
{
	struct route *route = line->route;
	struct pattern **groups = field, group;

	if (read_name(line, value, CH_TO_JOIN, &group) < 0)
		return;
	*groups = line_grow(*groups, route->ngroups + 1, sizeof(group));
	(*groups)[route->ngroups++] = group;
}

static int
is_token(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) &&
		    !strchr("!#$%&'*+-.^_`|~", *text))
			return 0;
	return 1;
}

/* A token of HTTP, with captures. */
static void
read_subprotocol(struct line *line, const char *value, void *field)
{
	struct pattern *pattern = field;
	const char *what = "a subprotocol has a name";

	pattern_release(pattern);
	if (!*value || pattern_parse(pattern, value, &what) < 0) {
		line_wrong(line, line->i, "%s", what);
		return;
	}
	for (size_t i = 0; i < pattern->n; i++) {
		const struct pattern_part *part = &pattern->parts[i];

		if (part->capture && !filters_capture(line->route, part->text))
			line_wrong(line, line->i, "no filter of this route "
			    "captures %s", part->text);
		if (!part->capture && !is_token(part->text))
			line_wrong(line, line->i, "%s is no name of a "
			    "subprotocol", value);
	}
}

static void
read_reply(struct line *line, const char *value, void *field)
{
	static const char *const names[] = {
		[REPLY_NONE] = "none",
		[REPLY_TEXT] = "text",
		[REPLY_JSON] = "json",
		[REPLY_ENVELOPES] = "envelopes",
	};
	enum reply *reply = field;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(names[i], value)) {
			*reply = (enum reply)i;
			return;
		}
	}
	line_wrong(line, line->i, "%s is none of text, json, envelopes, none",
	    value);
}

static void
read_duration(struct line *line, const char *value, void *field)
{
	int64_t *ms = field;

	if (when_duration(value, ms) < 0 || *ms <= 0)
		line_wrong(line, line->i, "%s is not a duration", value);
}

static void
read_jobs(struct line *line, const char *value, void *field)
{
	size_t *jobs = field;
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || !n || n > 1000)
		line_wrong(line, line->i, "%s is not a number from 1 to 1000",
		    value);
	else
		*jobs = n;
}

/* --- operands ------------------------------------------------------------ */

static void
read_command(struct line *line)
{
	struct route *route = line->route;
	size_t n;
	struct place at;

	if (!line->verbatim)
		settings_read(line, &route->settings);
	n = line->words->n - line->i;
	if (!n) {
		line_wrong(line, line->words->n - 1, "a command is missing");
		return;
	}
	at = line->words->list[line->i].at;
	route->command_place = line_place(line, at.line);
	route->command_column = at.column;
	route->argv = line_grow(NULL, n + 1, sizeof(*route->argv));
	for (size_t i = 0; i < n; i++)
		route->argv[i] = line_copy(words_text(line->words, line->i++));
	route->argv[n] = NULL;
}

static void
read_target(struct line *line, enum ch_use use, const char *what)
{
	const char *word = line_peek(line);

	if (!word)
		line_wrong(line, line->words->n - 1, "%s is missing", what);
	else
		read_name(line, word, use, &line->route->target);
	line->i++;
}

static void
read_target_group(struct line *line)
{
	read_target(line, CH_TO_JOIN, "a group");
}

/* What is sent to where it came from would come for ever. */
static void
read_target_channel(struct line *line)
{
	const char *word = line_peek(line);

	if (word && !strcmp(word, line->route->channel)) {
		line_wrong(line, line->i, "%s would be sent to itself", word);
		line->i++;
		return;
	}
	read_target(line, CH_TO_SEND, "a channel");
}

/* Whether a close frame may carry it. */
static int
closes(unsigned long code)
{
	return (code >= 1000 && code <= 1003) ||
	    (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static void
read_code(struct line *line)
{
	const char *word = line_peek(line);
	unsigned long code;
	char *end;

	if (!word)
		return;
	code = strtoul(word, &end, 10);
	if (!isdigit((unsigned char)*word) || *end || !closes(code))
		line_wrong(line, line->i, "%s is not a code that closes a "
		    "connection: 1000, 3000 to 4999, ...", word);
	line->route->code = (unsigned)code;
	line->i++;
}

/* --- the tables ---------------------------------------------------------- */

static const struct {
	const char *name;
	void (*operand)(struct line *line); /* NULL: none */
} actions[] = {
	[ACTION_ACCEPT] = { "accept", NULL },
	[ACTION_REJECT] = { "reject", NULL },
	[ACTION_CLOSE] = { "close", read_code },
	[ACTION_DROP] = { "drop", NULL },
	[ACTION_EXEC] = { "exec", read_command },
	[ACTION_STREAM] = { "stream", read_command },
	[ACTION_SEND] = { "send", read_target_channel },
	[ACTION_GROUP] = { "group", read_target_group },
};

#define ON(action) (1u << ACTION_##action)
#define FIELD(name) offsetof(struct route, name)

static const struct option {
	unsigned actions; /* that have it */
	const char *name;
	void (*read)(struct line *line, const char *value, void *field);
	size_t field;
} action_options[] = {
	{ ON(ACCEPT), "--group", read_group, FIELD(groups) },
	{ ON(ACCEPT), "--subprotocol", read_subprotocol, FIELD(subprotocol) },
	{ ON(EXEC), "--reply", read_reply, FIELD(reply) },
	{ ON(EXEC), "--timeout", read_duration, FIELD(timeout) },
	{ ON(EXEC) | ON(STREAM), "--jobs", read_jobs, FIELD(jobs) },
	{ ON(SEND), "--delay", read_duration, FIELD(delay) },
};

/* What a route has without options. */
static void
set_defaults(struct route *route)
{
	int socket = !strncmp(route->channel, "websocket.", 10);

	if (route->action == ACTION_STREAM)
		route->jobs = 1;
	if (route->action == ACTION_EXEC && socket)
		route->reply = REPLY_TEXT;
}

/* --- reading ------------------------------------------------------------- */

/* The option that the word is, or begins as "--name=". */
static const struct option *
find_option(enum action action, const char *word)
{
	size_t i, len = strcspn(word, "=");

	for (i = 0; i < sizeof(action_options) / sizeof(*action_options); i++)
		if ((action_options[i].actions & (1u << action)) &&
		    strlen(action_options[i].name) == len &&
		    !strncmp(action_options[i].name, word, len))
			return &action_options[i];
	return NULL;
}

/* An option and its value; -1 if the rest makes no sense. */
static int
read_option(struct line *line)
{
	const char *word = line_peek(line), *value = strchr(word, '=');
	const struct option *option = find_option(line->route->action, word);

	if (!option) {
		line_wrong(line, line->i, "%s has no option %s",
		    actions[line->route->action].name, word);
		return -1;
	}
	if (value) {
		value++;
	} else {
		line->i++;
		value = line_peek(line);
	}
	if (!value) {
		line_wrong(line, line->i - 1, "%s needs a value",
		    option->name);
		return -1;
	}
	option->read(line, value, (char *)line->route + option->field);
	line->i++;
	return 0;
}

/* Options up to the first other word; -1 if the rest makes no sense. */
static int
read_options(struct line *line)
{
	const char *word;

	while (!line->verbatim && (word = line_peek(line)) && word[0] == '-') {
		if (!strcmp(word, "--")) {
			line->verbatim = 1;
			line->i++;
		} else if (read_option(line) < 0) {
			return -1;
		}
	}
	return 0;
}

/* The action that the next word names; -1 after telling that it is none. */
static int
read_name_of_action(struct line *line)
{
	const char *word = line_peek(line);
	struct ch_buf names = CH_BUF_INIT;
	size_t i, n = sizeof(actions) / sizeof(*actions);

	if (!word) {
		line_wrong(line, line->words->n - 1, "an action is missing");
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (!strcmp(actions[i].name, word))
			break;
		put_format(&names, i ? ", %s" : "%s", actions[i].name);
	}
	if (i < n)
		line->i++;
	else
		line_wrong(line, line->i, "%s is neither a filter "
		    "(KEY=PATTERN) nor one of %s", word, names.data);
	ch_buf_release(&names);
	return i < n ? (int)i : -1;
}

void
action_read(struct line *line)
{
	struct route *route = line->route;
	int action = read_name_of_action(line);

	if (action < 0)
		return;
	route->action = (enum action)action;
	set_defaults(route);
	line->verbatim = 0;
	if (read_options(line) < 0)
		return;
	if (actions[action].operand) {
		actions[action].operand(line);
		if (read_options(line) < 0)
			return;
	}
	if (line_peek(line))
		line_wrong(line, line->i, actions[action].operand
		    ? "%s takes one operand only" : "%s takes no operand",
		    actions[action].name);
}
