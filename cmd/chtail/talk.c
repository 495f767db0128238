/* talk.c - doing what was typed: sending, joining, telling who is here. */
#include "chtail/talk.h"

#include "base/err.h"
#include "base/io.h"
#include "chtail/typed.h"
#include "common/json.h"
#include "common/put.h"
#include "common/say.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
failed(struct talk *talk, int rc, const struct ch_err *err)
{
	if (talk->rc == CH_OK)
		talk->rc = rc;
	say_error("%s", err->text);
}

/* The text as a string of its own. */
static char *
copied(const char *text, size_t n)
{
	char *copy = strndup(text, n);

	if (!copy)
		say_memory();
	return copy;
}

/* Lines go to `name`; NULL: to the first that is watched and takes them. */
static void
send_to(struct talk *talk, const char *name)
{
	const struct watch *watch = talk->watch;

	free(talk->to);
	talk->to = name ? copied(name, strlen(name)) : NULL;
	for (size_t i = 0; !talk->to && i < watch->n; i++)
		if (watch->list[i].here && ch_name_check(watch->list[i].name,
		    watch->channels ? CH_TO_SEND : CH_TO_JOIN, NULL) == CH_OK)
			send_to(talk, watch->list[i].name);
}

void
talk_start(struct talk *talk, struct watch *watch)
{
	*talk = (struct talk){ .watch = watch };
	send_to(talk, NULL);
}

void
talk_stop(struct talk *talk)
{
	free(talk->to);
	talk->to = NULL;
}

/* --- sending ------------------------------------------------------------- */

static int
deliver(const struct talk *talk, const char *text, size_t len,
    struct ch_err *err)
{
	struct ch_layer *layer = talk->watch->layer;
	struct ch_group_sent sent;
	int rc;

	if (!talk->to)
		return ch_err_set(err, CH_USAGE,
		    "nothing is watched to send to: /join one");
	if (talk->watch->channels)
		return ch_send(layer, talk->to, text, len, NULL, err);
	rc = ch_group_send(layer, talk->to, text, len, NULL, &sent, err);
	if (rc == CH_OK)
		say_more("sent to %" PRIu64 " of %" PRIu64, sent.sent,
		    sent.members);
	return rc;
}

/* Append {"text": …}; CH_REFUSED: it is not UTF-8. */
static int
compose_text(struct ch_buf *message, const char *text, size_t n,
    struct ch_err *err)
{
	size_t valid = json_utf8(text, n);

	if (valid < n)
		return ch_err_set(err, CH_REFUSED,
		    "not UTF-8 from byte %zu on", valid + 1);
	put_string(message, "{\"text\":");
	json_quote(message, text, n);
	put_char(message, '}');
	return CH_OK;
}

void
talk_text(struct talk *talk, const char *line, size_t n)
{
	struct ch_buf message = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int rc = compose_text(&message, line, n, &err);

	if (rc == CH_OK)
		rc = deliver(talk, message.data, message.len, &err);
	if (rc != CH_OK)
		failed(talk, rc, &err);
	ch_buf_release(&message);
}

static void
talk_json(struct talk *talk, struct typed *typed)
{
	struct ch_err err = CH_ERR_INIT;
	int rc = deliver(talk, typed->text, typed->len, &err);

	if (rc != CH_OK)
		failed(talk, rc, &err);
}

/* /to CHANNEL TEXT */
static void
talk_to(struct talk *talk, struct typed *rest)
{
	struct typed word = typed_word(rest);
	struct ch_buf message = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	char *channel = copied(word.text, word.len);
	int rc;

	if (!rest->len)
		rc = ch_err_set(&err, CH_USAGE, "/to CHANNEL TEXT");
	else
		rc = compose_text(&message, rest->text, rest->len, &err);
	if (rc == CH_OK)
		rc = ch_send(talk->watch->layer, channel, message.data,
		    message.len, NULL, &err);
	if (rc != CH_OK)
		failed(talk, rc, &err);
	ch_buf_release(&message);
	free(channel);
}

/* --- what is watched ----------------------------------------------------- */

static void
talk_join(struct talk *talk, struct typed *typed)
{
	struct ch_err err = CH_ERR_INIT;
	char *name = copied(typed->text, typed->len);
	int rc = watch_join(talk->watch, name, &err);

	if (rc != CH_OK)
		failed(talk, rc, &err);
	else if (talk->watch->channels && ch_name_check(name, CH_TO_SEND,
	    NULL) != CH_OK)
		say_note("lines are sent to %s, which is one channel",
		    talk->to ? talk->to : "none");
	else
		send_to(talk, name);
	free(name);
}

static void
talk_leave(struct talk *talk, struct typed *typed)
{
	struct ch_err err = CH_ERR_INIT;
	char *name;
	int rc;

	if (!typed->len && !talk->to) {
		say_error("/leave NAME");
		return;
	}
	name = typed->len ? copied(typed->text, typed->len)
			  : copied(talk->to, strlen(talk->to));
	rc = watch_leave(talk->watch, name, &err);
	if (rc != CH_OK)
		failed(talk, rc, &err);
	else if (talk->to && !strcmp(talk->to, name))
		send_to(talk, NULL);
	free(name);
}

/* --- answers ------------------------------------------------------------- */

static void
write_answer(struct ch_buf *answer)
{
	ssize_t ignored = ch_io_write(STDERR_FILENO, answer->data,
	    answer->len);

	(void)ignored;
	ch_buf_release(answer);
}

struct members {
	const struct watch *watch;
	struct ch_buf list;
	uint64_t n;
};

static int
add_member(void *arg, const char *channel)
{
	struct members *members = arg;
	size_t len = strlen(members->watch->prefix);

	put_format(&members->list, "  %s%s\n", channel,
	    len && !strncmp(channel, members->watch->prefix, len)
		? " (this)" : "");
	members->n++;
	return CH_OK;
}

static void
talk_who(struct talk *talk, struct typed *typed)
{
	struct members members = { .watch = talk->watch };
	struct ch_buf answer = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	char *group = NULL;
	int rc;

	if (typed->len)
		group = copied(typed->text, typed->len);
	else if (talk->to && !talk->watch->channels)
		group = copied(talk->to, strlen(talk->to));
	if (group)
		rc = ch_group_members(talk->watch->layer, group, NULL,
		    add_member, &members, &err);
	else
		rc = ch_err_set(&err, CH_USAGE, "/who GROUP");
	if (rc != CH_OK) {
		failed(talk, rc, &err);
	} else {
		put_format(&answer, "%s: %" PRIu64 " member%s\n", group,
		    members.n, members.n == 1 ? "" : "s");
		put_bytes(&answer, members.list.data, members.list.len);
		write_answer(&answer);
	}
	ch_buf_release(&members.list);
	free(group);
}

static void
talk_help(struct talk *talk, struct typed *rest)
{
	const struct typed_command *command = typed_commands;
	struct ch_buf answer = CH_BUF_INIT;

	(void)talk;
	(void)rest;
	for (; command->name; command++)
		put_format(&answer, "  %-6s %-12s  %s\n", command->name,
		    command->operands, command->help);
	put_string(&answer, "Any other line is sent as {\"text\": LINE}; "
	    "one with // at its beginning as /.\n");
	write_answer(&answer);
}

static void
talk_unknown(struct talk *talk, struct typed *word)
{
	struct ch_err err = CH_ERR_INIT;

	ch_err_set(&err, CH_USAGE, "no command %.*s; /help lists them",
	    (int)(word->len < 40 ? word->len : 40), word->text);
	failed(talk, CH_USAGE, &err);
}

static void
talk_quit(struct talk *talk, struct typed *rest)
{
	(void)rest;
	talk->ended = 1;
}

static void
talk_typed(struct talk *talk, struct typed *text)
{
	talk_text(talk, text->text, text->len);
}

void
talk_line(struct talk *talk, const char *line, size_t n)
{
	static void (*const deeds[])(struct talk *, struct typed *) = {
		[TYPED_NOTHING] = NULL,
		[TYPED_TEXT] = talk_typed,
		[TYPED_UNKNOWN] = talk_unknown,
		[TYPED_JOIN] = talk_join,
		[TYPED_LEAVE] = talk_leave,
		[TYPED_WHO] = talk_who,
		[TYPED_TO] = talk_to,
		[TYPED_JSON] = talk_json,
		[TYPED_HELP] = talk_help,
		[TYPED_QUIT] = talk_quit,
	};
	struct typed typed = typed_line(line, n);

	if (deeds[typed.what])
		deeds[typed.what](talk, &typed);
}
