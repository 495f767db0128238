/* values.c - the values of actions' options, and their operands. */
#include "chwork/values.h"

#include "base/err.h"
#include "channel.h"
#include "chwork/filter.h"
#include "chwork/settings.h"
#include "chwork/url.h"
#include "common/put.h"
#include "common/when.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

		if (part->capture &&
		    !filters_capture(&route->filters, part->text))
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

void
value_group(struct line *line, const char *value, void *field)
{
	struct route *route = line->route;
	struct pattern **groups = field, group;

	if (read_name(line, value, CH_TO_JOIN, &group) < 0)
		return;
	*groups = line_grow(*groups, route->ngroups + 1, sizeof(group));
	(*groups)[route->ngroups++] = group;
}

/* How many characters of a token of HTTP the text begins with. */
static size_t
token_length(const char *text)
{
	size_t n = 0;

	while (text[n] && (isalnum((unsigned char)text[n]) ||
	    strchr("!#$%&'*+-.^_`|~", text[n])))
		n++;
	return n;
}

/* A token of HTTP, with captures. */
void
value_subprotocol(struct line *line, const char *value, void *field)
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

		if (part->capture && !filters_capture(&line->route->filters,
			part->text))
			line_wrong(line, line->i, "no filter of this route "
			    "captures %s", part->text);
		if (!part->capture && part->text[token_length(part->text)])
			line_wrong(line, line->i, "%s is no name of a "
			    "subprotocol", value);
	}
}

void
value_reply(struct line *line, const char *value, void *field)
{
	static const char *const names[] = {
		[REPLY_NONE] = "none",
		[REPLY_TEXT] = "text",
		[REPLY_JSON] = "json",
		[REPLY_ENVELOPES] = "envelopes",
		[REPLY_FRAMES] = "frames",
		[REPLY_HTTP] = "http",
	};
	enum reply *reply = field;

	if (!strcmp(value, names[REPLY_FRAMES]) &&
	    !filters_look_at(&line->route->filters, "stream"))
		line_wrong(line, line->i,
		    "frames are of the stream of a filter stream=");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(names[i], value)) {
			*reply = (enum reply)i;
			return;
		}
	}
	line_wrong(line, line->i, "%s is none of text, json, envelopes, "
	    "frames, http, none", value);
}

void
value_duration(struct line *line, const char *value, void *field)
{
	int64_t *ms = field;

	if (when_duration(value, ms) < 0 || *ms <= 0)
		line_wrong(line, line->i, "%s is not a duration", value);
}

void
value_jobs(struct line *line, const char *value, void *field)
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

void
value_retries(struct line *line, const char *value, void *field)
{
	unsigned *retries = field;
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || n > 1000)
		line_wrong(line, line->i, "%s is not a number from 0 to 1000",
		    value);
	else
		*retries = (unsigned)n;
	line->route->retries_told = 1;
}

/* A channel of that name, as it is written; not the route's own. */
void
value_channel(struct line *line, const char *value, void *field)
{
	struct ch_err err = CH_ERR_INIT;
	char **channel = field;

	if (ch_name_check(value, CH_TO_SEND, &err) != CH_OK)
		line_wrong(line, line->i, "%s", err.text);
	else if (ch_glob_match(line->route->channel, value))
		line_wrong(line, line->i, "%s would come to this route again",
		    value);
	free(*channel);
	*channel = line_copy(value);
}

/* "Name: value"; what the post itself says is not among them. */
void
value_header(struct line *line, const char *value, void *field)
{
	static const char *const ours[] = { "Content-Length", "Host",
		"Transfer-Encoding", "Connection", "Content-Type" };
	struct opt_list *headers = field;
	size_t n = token_length(value);

	if (!n || value[n] != ':' || strpbrk(value, "\r\n")) {
		line_wrong(line, line->i, "%s is not NAME: VALUE", value);
		return;
	}
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (strlen(ours[i]) == n && !strncasecmp(ours[i], value, n))
			line_wrong(line, line->i, "%s is not for --header",
			    ours[i]);
	headers->items = line_grow(headers->items, headers->n + 1,
	    sizeof(*headers->items));
	headers->items[headers->n++] = line_copy(value);
}

void
value_file(struct line *line, const char *value, void *field)
{
	char **file = field;

	if (!*value)
		line_wrong(line, line->i, "a file has a name");
	free(*file);
	*file = line_copy(value);
}

void
value_per(struct line *line, const char *value, void *field)
{
	if (strcmp(value, "connection") != 0)
		line_wrong(line, line->i, "%s is not connection", value);
	*(int *)field = 1;
}

/* --- operands ------------------------------------------------------------ */

void
operand_command(struct line *line)
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

void
operand_group(struct line *line)
{
	read_target(line, CH_TO_JOIN, "a group");
}

/* A URL, with captures in its path and query. */
void
operand_url(struct line *line)
{
	struct pattern *url = &line->route->url;
	const char *word = line_peek(line), *what;

	if (!word) {
		line_wrong(line, line->words->n - 1, "a URL is missing");
		return;
	}
	line->route->command_place = line_place(line,
	    line->words->list[line->i].at.line);
	line->route->command_column = line->words->list[line->i].at.column;
	what = url_fault(word);
	if (what || pattern_parse(url, word, &what) < 0)
		line_wrong(line, line->i, "%s", what);
	for (size_t i = 0; i < url->n; i++)
		if (url->parts[i].capture && !filters_capture(
			&line->route->filters, url->parts[i].text))
			line_wrong(line, line->i, "no filter of this route "
			    "captures %s", url->parts[i].text);
	line->i++;
}

/* What is sent to where it came from would come for ever. */
void
operand_channel(struct line *line)
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

void
operand_code(struct line *line)
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
