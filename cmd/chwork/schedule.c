/* schedule.c - when something recurs. */
#include "chwork/schedule.h"

#include "common/when.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LEAST       100 /* ms between two times, at least */
#define ALL_HOURS   0xffffff
#define DAY_SECONDS 86400
#define DAY_MINUTES 1440
#define DAYS        14976 /* 41 years: February 29 on some day of the week */

enum field { MINUTE, HOUR, DAY, MONTH, WEEKDAY };

/* --- reading ------------------------------------------------------------- */

static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
static const char weekdays[] = "sunmontuewedthufrisat";

static const struct {
	int least, most;
	const char *names; /* three letters each */
	const char *wrong;
} kinds[SCHEDULE_FIELDS] = {
	[MINUTE] = { 0, 59, "", "is no minute: 0-59, */5, 0,30" },
	[HOUR] = { 0, 23, "", "is no hour: 0-23, */2, 8-18" },
	[DAY] = { 1, 31, "", "is no day of the month: 1-31, *" },
	[MONTH] = { 1, 12, months, "is no month: 1-12, jan-dec, *" },
	[WEEKDAY] = { 0, 7, weekdays,
	    "is no day of the week: 0-7, sun-sat, *" },
};

int
schedule_every(struct schedule *schedule, const char *duration,
    const char **wrong)
{
	*wrong = "is no duration of 100 ms or more: 30s, 5m, 1h";
	return when_duration(duration, &schedule->every) < 0 ||
	    schedule->every < LEAST ? -1 : 0;
}

static int
read_digits(const char **text, int *number)
{
	const char *p = *text;

	*number = 0;
	for (; isdigit((unsigned char)*p) && p - *text < 3; p++)
		*number = *number * 10 + (*p - '0');
	if (p == *text)
		return -1;
	*text = p;
	return 0;
}

/* A number or a name, moving on; -1 if there is none. */
static int
read_value(enum field field, const char **text, int *value)
{
	const char *names = kinds[field].names;

	for (int i = 0; names[3 * i]; i++) {
		if (strncasecmp(*text, names + 3 * i, 3))
			continue;
		*text += 3;
		*value = i + kinds[field].least;
		return 0;
	}
	if (read_digits(text, value) < 0)
		return -1;
	return *value < kinds[field].least || *value > kinds[field].most
	    ? -1 : 0;
}

/* "*", "3", "1-5", each perhaps with "/2"; moving on. */
static int
read_range(enum field field, const char **text, uint64_t *set)
{
	int from = kinds[field].least, to = kinds[field].most, step = 1;
	int one = 0;

	if (**text == '*') {
		++*text;
		/* so that steps count from Sunday once */
		to -= field == WEEKDAY;
	} else if (read_value(field, text, &from) < 0) {
		return -1;
	} else if (**text == '-') {
		++*text;
		if (read_value(field, text, &to) < 0 || to < from)
			return -1;
	} else {
		one = 1;
	}
	if (**text == '/') {
		++*text;
		if (one || read_digits(text, &step) < 0 || !step)
			return -1;
	}
	for (int i = from; i <= (one ? from : to); i += step)
		*set |= (uint64_t)1 << i;
	return 0;
}

int
schedule_field(struct schedule *schedule, int field, const char *word,
    const char **wrong)
{
	const char *p = word;
	uint64_t set = 0;

	*wrong = kinds[field].wrong;
	do {
		if (read_range((enum field)field, &p, &set) < 0)
			return -1;
	} while (*p == ',' && *++p);
	if (*p || p[-1] == ',')
		return -1;
	if (field == WEEKDAY && set >> 7)
		set = (set | 1) & 0x7f; /* Sunday is 7 as well */
	if (field == DAY)
		schedule->any_day = *word == '*';
	if (field == WEEKDAY)
		schedule->any_weekday = *word == '*';
	schedule->fields[field] = set;
	return 0;
}

int
schedule_named(struct schedule *schedule, const char *name,
    const char **wrong)
{
	static const struct {
		const char *name;
		const char *fields[SCHEDULE_FIELDS];
	} all[] = {
		{ "@yearly", { "0", "0", "1", "1", "*" } },
		{ "@annually", { "0", "0", "1", "1", "*" } },
		{ "@monthly", { "0", "0", "1", "*", "*" } },
		{ "@weekly", { "0", "0", "*", "*", "0" } },
		{ "@daily", { "0", "0", "*", "*", "*" } },
		{ "@midnight", { "0", "0", "*", "*", "*" } },
		{ "@hourly", { "0", "*", "*", "*", "*" } },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (strcmp(all[i].name, name))
			continue;
		for (int k = 0; k < SCHEDULE_FIELDS; k++)
			schedule_field(schedule, k, all[i].fields[k], wrong);
		return 0;
	}
	*wrong = "is none of @hourly, @daily, @weekly, @monthly, @yearly";
	return -1;
}

int
schedule_check(const struct schedule *schedule, const char **wrong)
{
	*wrong = "there is no such day";
	/* the wall may be behind: its epoch is not ours */
	return schedule_next(schedule, DAY_SECONDS * 1000) < 0 ? -1 : 0;
}

/* --- the next time ------------------------------------------------------- */

/*
 * What the clock on the wall shows is a number of seconds as well: those since
 * the epoch if this were UTC.
 */

static int
has(const struct schedule *schedule, enum field field, int value)
{
	return schedule->fields[field] >> value & 1;
}

static int
has_day(const struct schedule *schedule, const struct tm *tm)
{
	int day = has(schedule, DAY, tm->tm_mday);
	int weekday = has(schedule, WEEKDAY, tm->tm_wday);

	if (!has(schedule, MONTH, tm->tm_mon + 1))
		return 0;
	if (schedule->any_day || schedule->any_weekday)
		return day && weekday;
	return day || weekday;
}

/* The first minute of the day at or behind `from` that is meant; -1: none. */
static int
find_minute(const struct schedule *schedule, int from)
{
	for (int minute = from; minute < DAY_MINUTES; minute++) {
		if (!has(schedule, HOUR, minute / 60))
			minute += 59 - minute % 60;
		else if (has(schedule, MINUTE, minute % 60))
			return minute;
	}
	return -1;
}

/* The first time on the wall at or behind `wall` that is meant; -1: none. */
static int64_t
find_wall(const struct schedule *schedule, int64_t wall)
{
	int from = (int)(wall % DAY_SECONDS / 60), minute;
	int64_t day = wall / DAY_SECONDS;
	struct tm tm;
	time_t start;

	for (int64_t last = day + DAYS; day < last; day++, from = 0) {
		start = (time_t)(day * DAY_SECONDS);
		if (!gmtime_r(&start, &tm))
			break;
		minute = has_day(schedule, &tm)
		    ? find_minute(schedule, from) : -1;
		if (minute >= 0)
			return start + 60 * minute;
	}
	return -1;
}

/* Seconds that the clock on the wall is ahead of UTC. */
static int64_t
offset(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

/* When it became other than it was at `from`, having done so by `to`. */
static int64_t
change(int64_t from, int64_t to)
{
	int64_t was = offset(from), middle;

	while (to - from > 1) {
		middle = from + (to - from) / 2;
		if (offset(middle) == was)
			from = middle;
		else
			to = middle;
	}
	return to;
}

/* When the wall shows this: the first time; if never, when it shows more. */
static int64_t
moment(int64_t wall)
{
	int64_t before = offset(wall - DAY_SECONDS);
	int64_t behind = offset(wall + DAY_SECONDS);
	int64_t most = before > behind ? before : behind;
	int64_t least = before + behind - most;

	if (offset(wall - most) == most)
		return wall - most;
	if (offset(wall - least) == least)
		return wall - least;
	return change(wall - DAY_SECONDS, wall + DAY_SECONDS);
}

/* Where hours are named: each time on the wall once. */
static int64_t
next_named(const struct schedule *schedule, int64_t after)
{
	int64_t wall = after + offset(after), when = -1;

	for (wall -= wall % 60; when <= after; wall += 60) {
		wall = find_wall(schedule, wall);
		if (wall < 0)
			return -1;
		when = moment(wall);
	}
	return when;
}

/* Where every hour is meant: whatever hour comes. */
static int64_t
next_passing(const struct schedule *schedule, int64_t after)
{
	int64_t when = after - after % 60 + 60, ahead, wall, found;

	for (;;) {
		ahead = offset(when);
		wall = when + ahead;
		found = find_wall(schedule, wall);
		if (found < 0)
			return -1;
		if (offset(when + found - wall) == ahead)
			return when + found - wall;
		when = change(when, when + found - wall);
	}
}

int64_t
schedule_next(const struct schedule *schedule, int64_t after)
{
	int64_t seconds = after / 1000;

	if (schedule->every)
		return (after / schedule->every + 1) * schedule->every;
	seconds = schedule->fields[HOUR] == ALL_HOURS
	    ? next_passing(schedule, seconds) : next_named(schedule, seconds);
	return seconds < 0 ? -1 : seconds * 1000;
}
