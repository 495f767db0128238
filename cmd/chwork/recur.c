/* recur.c - routes that take no message: they come with the clock. */
#include "chwork/recur.h"

#include "base/hash.h"
#include "channel.h"
#include "common/put.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
recur_is_one(const char *word)
{
	return !strcmp(word, "every") || !strcmp(word, "cron") ||
	    word[0] == '@';
}

/* The next word; NULL after telling that there is none. */
static const char *
take(struct line *line, const char *missing)
{
	const char *word;

	line->i++;
	word = line_peek(line);
	if (!word)
		line_wrong(line, line->i - 1, "%s is missing", missing);
	return word;
}

static void
read_every(struct line *line, struct schedule *schedule)
{
	const char *word = take(line, "a duration"), *wrong;

	if (word && schedule_every(schedule, word, &wrong) < 0)
		line_wrong(line, line->i, "%s %s", word, wrong);
}

static void
read_cron(struct line *line, struct schedule *schedule)
{
	static const char *const names[SCHEDULE_FIELDS] = { "the minute",
		"the hour", "the day of the month", "the month",
		"the day of the week" };
	const char *word, *wrong;

	for (int i = 0; i < SCHEDULE_FIELDS; i++) {
		word = take(line, names[i]);
		if (!word)
			return;
		if (schedule_field(schedule, i, word, &wrong) < 0)
			line_wrong(line, line->i, "%s %s", word, wrong);
	}
	if (!line->errors && schedule_check(schedule, &wrong) < 0)
		line_wrong(line, 1, "%s", wrong);
}

void
recur_read(struct line *line)
{
	const char *first = words_text(line->words, 0), *wrong;
	struct recur *recur = line_grow(NULL, 1, sizeof(*recur));
	struct ch_buf text = CH_BUF_INIT;

	*recur = (struct recur) { .text = NULL };
	line->route->recur = recur;
	line->route->channel = line_copy("schedule");
	line->i = 0;
	if (!strcmp(first, "every"))
		read_every(line, &recur->schedule);
	else if (!strcmp(first, "cron"))
		read_cron(line, &recur->schedule);
	else if (schedule_named(&recur->schedule, first, &wrong) < 0)
		line_wrong(line, 0, "%s %s", first, wrong);
	if (line_peek(line))
		line->i++;
	for (size_t i = 0; i < line->i; i++)
		put_format(&text, i ? " %s" : "%s",
		    words_text(line->words, i));
	recur->text = text.data;
}

void
recur_check(struct line *line, size_t word)
{
	static const unsigned sound = 1u << ACTION_EXEC | 1u << ACTION_STREAM |
	    1u << ACTION_POST | 1u << ACTION_SEND | 1u << ACTION_GROUP;
	const struct route *route = line->route;

	if (!(sound & (1u << route->action)) || route->per_connection)
		line_wrong(line, word, "%s needs a connection or a request, "
		    "and a schedule has none", words_text(line->words, word));
}

void
recur_name(struct route *route)
{
	char dir[PATH_MAX], name[32];
	uint64_t hash;

	if (!realpath(route->dir, dir))
		dir[0] = '\0';
	hash = ch_hash(dir, strlen(dir), 0);
	hash = ch_hash(route->filters.text, strlen(route->filters.text), hash);
	snprintf(name, sizeof(name), "schedule.%016" PRIx64, hash);
	free(route->channel);
	route->channel = line_copy(name);
}

void
recur_free(struct recur *recur)
{
	if (recur)
		free(recur->text);
	free(recur);
}
