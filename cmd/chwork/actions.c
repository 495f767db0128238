/* actions.c - the actions of routes, and their options. */
#include "chwork/actions.h"

#include "channel.h"
#include "chwork/filter.h"
#include "chwork/values.h"
#include "common/put.h"

#include <stddef.h>
#include <string.h>

#define PEERS_MOST 1000 /* processes of --per connection, unless told */
#define POSTS      16   /* at once, */
#define POST_TIMEOUT 30000 /* ms for each, */
#define POST_RETRIES 5  /* and so many more, */
#define POST_DELAY 1000 /* ms before the first of these */

/* --- the tables ---------------------------------------------------------- */

static const struct {
	const char *name;
	void (*operand)(struct line *line); /* NULL: none */
} actions[] = {
	[ACTION_ACCEPT] = { "accept", NULL },
	[ACTION_REJECT] = { "reject", NULL },
	[ACTION_CLOSE] = { "close", operand_code },
	[ACTION_DROP] = { "drop", NULL },
	[ACTION_EXEC] = { "exec", operand_command },
	[ACTION_CGI] = { "cgi", operand_command },
	[ACTION_STREAM] = { "stream", operand_command },
	[ACTION_POST] = { "post", operand_url },
	[ACTION_SEND] = { "send", operand_channel },
	[ACTION_GROUP] = { "group", operand_group },
	[ACTION_DELAY] = { "delay", NULL },
};

#define ON(action) (1u << ACTION_##action)
#define WORKS (ON(EXEC) | ON(CGI) | ON(STREAM) | ON(POST))
#define FIELD(name) offsetof(struct route, name)

static const struct option {
	unsigned actions; /* that have it */
	const char *name;
	/* NULL: it takes no value, and makes an int 1 */
	void (*read)(struct line *line, const char *value, void *field);
	size_t field;
} action_options[] = {
	{ ON(ACCEPT) | ON(STREAM), "--group", value_group, FIELD(groups) },
	{ ON(ACCEPT) | ON(STREAM), "--subprotocol", value_subprotocol,
	    FIELD(subprotocol) },
	{ ON(EXEC) | ON(POST), "--reply", value_reply, FIELD(reply) },
	{ WORKS, "--timeout", value_duration, FIELD(timeout) },
	{ WORKS, "--jobs", value_jobs, FIELD(jobs) },
	{ WORKS, "--retries", value_retries, FIELD(retries) },
	{ WORKS, "--retry-delay", value_duration, FIELD(retry_delay) },
	{ WORKS, "--dead", value_channel, FIELD(dead) },
	{ ON(POST), "--header", value_header, FIELD(headers) },
	{ ON(POST), "--form", NULL, FIELD(form) },
	{ ON(POST), "--sign", value_file, FIELD(key_file) },
	{ ON(CGI), "--authorization", NULL, FIELD(authorization) },
	{ ON(STREAM), "--per", value_per, FIELD(per_connection) },
	{ ON(STREAM), "--text", NULL, FIELD(text) },
	{ ON(STREAM), "--bytes", NULL, FIELD(bytes) },
	{ ON(STREAM), "--null", NULL, FIELD(null) },
	{ ON(SEND), "--delay", value_duration, FIELD(delay) },
};

/* What a route has without options. */
static void
set_defaults(struct route *route)
{
	if (route->action == ACTION_STREAM)
		route->reply = REPLY_ENVELOPES;
	if (route->action == ACTION_POST) {
		route->jobs = POSTS;
		route->timeout = POST_TIMEOUT;
		route->retries = POST_RETRIES;
		route->retry_delay = POST_DELAY;
	}
	if (route->action == ACTION_CGI ||
	    (route->action == ACTION_EXEC &&
		!strcmp(route->channel, "http.request")))
		route->reply = REPLY_HTTP;
	else if (route->action == ACTION_EXEC &&
	    !strncmp(route->channel, "websocket.", 10))
		route->reply = filters_look_at(&route->filters, "stream")
		    ? REPLY_FRAMES : REPLY_TEXT;
}

/* A copy for each connection has to hear of all that concerns one. */
static const char *
check_peer(const struct route *route)
{
	static const char *const all[] = { "websocket.connect",
		"websocket.receive", "websocket.disconnect" };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!ch_glob_match(route->channel, all[i]))
			return "--per connection is for the channel "
			       "websocket.*, all of it";
	return route->text && route->bytes ? "--text and --bytes are two ways"
					   : NULL;
}

/* How the options of stream go together; the action was that word. */
static void
finish_stream(struct line *line, size_t word)
{
	struct route *route = line->route;
	const char *what = NULL;

	if (route->per_connection) {
		route->reply = route->bytes ? REPLY_BYTES : REPLY_TEXT;
		what = check_peer(route);
		if (!what && (route->retries_told || route->dead))
			what = "--per connection keeps no messages: there is "
			       "nothing for --retries and --dead";
	} else if (route->text || route->bytes || route->ngroups ||
	    route->subprotocol.n) {
		what = "--text, --bytes, --group and --subprotocol need "
		       "--per connection";
	}
	if (what)
		line_wrong(line, word, "%s", what);
	if (!route->jobs)
		route->jobs = route->per_connection ? PEERS_MOST : 1;
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

/* The value behind "=" or in the next word; NULL after telling of none. */
static const char *
option_value(struct line *line, const struct option *option)
{
	const char *value = strchr(line_peek(line), '=');

	if (value)
		return value + 1;
	line->i++;
	value = line_peek(line);
	if (!value)
		line_wrong(line, line->i - 1, "%s needs a value",
		    option->name);
	return value;
}

/* An option and its value; -1 if the rest makes no sense. */
static int
read_option(struct line *line)
{
	const char *word = line_peek(line), *value;
	const struct option *option = find_option(line->route->action, word);
	void *field;

	if (!option || (!option->read && strchr(word, '='))) {
		line_wrong(line, line->i, "%s has no option %s",
		    actions[line->route->action].name, word);
		return -1;
	}
	field = (char *)line->route + option->field;
	if (!option->read) {
		*(int *)field = 1;
	} else {
		value = option_value(line, option);
		if (!value)
			return -1;
		option->read(line, value, field);
	}
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
		    "(KEY=PATTERN or KEY~REGEX) nor one of %s", word,
		    names.data);
	ch_buf_release(&names);
	return i < n ? (int)i : -1;
}

void
action_read(struct line *line)
{
	struct route *route = line->route;
	size_t word = line->i;
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
	if (route->action == ACTION_STREAM)
		finish_stream(line, word);
	if (line_peek(line))
		line_wrong(line, line->i, actions[action].operand
		    ? "%s takes one operand only" : "%s takes no operand",
		    actions[action].name);
}
