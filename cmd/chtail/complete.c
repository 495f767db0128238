/* complete.c - what Tab completes: commands, groups, channels, members. */
#include "chtail/complete.h"

#include "chtail/typed.h"
#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <readline/readline.h>

/* What may stand at a place. */
enum { COMMANDS = 1, WATCHED = 2, GROUPS = 4, CHANNELS = 8, MEMBERS = 16 };

static const struct talk *talk;

/* The candidates, ended by NULL; readline takes them one by one. */
static struct {
	const char *prefix;
	size_t len;
	char **list;
	size_t n;
	size_t next;
} found;

static int
add(void *arg, const char *name)
{
	char **list;

	(void)arg;
	if (strncmp(name, found.prefix, found.len))
		return CH_OK;
	list = realloc(found.list, (found.n + 1) * sizeof(*list));
	if (!list)
		say_memory();
	found.list = list;
	list[found.n] = strdup(name);
	if (!list[found.n++])
		say_memory();
	return CH_OK;
}

static int
add_channel(void *arg, const struct ch_channel_stat *stat)
{
	return add(arg, stat->channel);
}

static void
look(unsigned kinds)
{
	const struct typed_command *command = typed_commands;
	const struct watch *watch = talk->watch;

	for (; kinds & COMMANDS && command->name; command++)
		add(NULL, command->name);
	for (size_t i = 0; kinds & WATCHED && i < watch->n; i++)
		if (watch->list[i].here)
			add(NULL, watch->list[i].name);
	if (kinds & GROUPS)
		ch_groups(watch->layer, NULL, add, NULL, NULL);
	if (kinds & CHANNELS)
		ch_stat_channels(watch->layer, NULL, add_channel, NULL, NULL);
	if (kinds & MEMBERS && talk->to && !watch->channels)
		ch_group_members(watch->layer, talk->to, NULL, add, NULL,
		    NULL);
}

/* What belongs where a word begins at `start` of the line. */
static unsigned
kinds_at(const char *line, int start)
{
	struct typed typed;

	if (!start)
		return *line == '/' ? COMMANDS : GROUPS | CHANNELS | MEMBERS;
	typed = typed_line(line, (size_t)start);
	switch (typed.what) {
	case TYPED_JOIN:
		return talk->watch->channels ? CHANNELS : GROUPS;
	case TYPED_LEAVE:
		return WATCHED;
	case TYPED_WHO:
		return GROUPS;
	case TYPED_TO:
		return typed.len ? 0 : CHANNELS | MEMBERS;
	case TYPED_NOTHING:
	case TYPED_TEXT:
		return GROUPS | CHANNELS | MEMBERS;
	default:
		return 0;
	}
}

/* rl_completion_matches: the next one, or NULL. */
static char *
next_found(const char *text, int again)
{
	(void)text;
	if (!again)
		found.next = 0;
	return found.next < found.n ? found.list[found.next++] : NULL;
}

/* readline frees what it got, the list is ours. */
static char **
complete(const char *text, int start, int end)
{
	char **matches;

	(void)end;
	rl_attempted_completion_over = 1; /* no names of files */
	found.prefix = text;
	found.len = strlen(text);
	found.n = 0;
	look(kinds_at(rl_line_buffer, start));
	matches = found.n ? rl_completion_matches(text, next_found) : NULL;
	free(found.list);
	found.list = NULL;
	return matches;
}

void
complete_start(const struct talk *to)
{
	talk = to;
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t\n";
	rl_completion_query_items = 100;
}
