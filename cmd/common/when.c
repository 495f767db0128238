/* when.c - durations and times as people write them. */
#include "common/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Beyond this nothing is meant, and sums stay far from overflow. */
#define WHEN_MAX (INT64_MAX / 1000000)

#define DAY_MS ((int64_t)86400000)

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at *text to *number, moving on; -1 if there is none or too many. */
static int
digits(const char **text, int64_t *number)
{
	const char *p = *text;
	int64_t n = 0;

	if (!is_digit(*p))
		return -1;
	for (; is_digit(*p); p++) {
		n = n * 10 + (*p - '0');
		if (n > WHEN_MAX)
			return -1;
	}
	*text = p;
	*number = n;
	return 0;
}

/* Exactly two digits, moving on, at most `max`; -1 if not. */
static int
two(const char **text, int max, int *number)
{
	const char *p = *text;

	if (!is_digit(p[0]) || !is_digit(p[1]))
		return -1;
	*number = (p[0] - '0') * 10 + (p[1] - '0');
	if (*number > max)
		return -1;
	*text = p + 2;
	return 0;
}

/*
 * ".25" of `unit` ms, moving on; 0 if there is no fraction, -1 if it has no
 * digit. Digits that cannot count are passed over.
 */
static int64_t
fraction(const char **text, int64_t unit)
{
	const char *p = *text;
	int64_t sum = 0, scale = 1;

	if (*p != '.')
		return 0;
	if (!is_digit(*++p))
		return -1;
	for (; is_digit(*p); p++) {
		if (scale > 100000000)
			continue;
		sum = sum * 10 + (*p - '0');
		scale *= 10;
	}
	*text = p;
	return sum * unit / scale;
}

static int64_t
unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {
		{ "", 1000 },
		{ "ms", 1 },
		{ "s", 1000 },
		{ "m", 60000 },
		{ "h", 3600000 },
		{ "d", DAY_MS },
		{ "w", 7 * DAY_MS },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(unit, units[i].name))
			return units[i].ms;
	return -1;
}

int
when_duration(const char *text, int64_t *ms)
{
	int64_t whole, part, unit;
	const char *rest = text;

	if (digits(&rest, &whole) < 0)
		return -1;
	unit = unit_ms(rest + strspn(rest, ".0123456789"));
	if (unit < 0 || whole > WHEN_MAX / unit)
		return -1;
	part = fraction(&rest, unit);
	if (part < 0 || unit_ms(rest) != unit)
		return -1;
	*ms = whole * unit + part;
	return 0;
}

/* "HH:MM" or "HH:MM:SS", moving on. */
static int
clock_time(const char **text, struct tm *tm)
{
	if (two(text, 23, &tm->tm_hour) < 0 || *(*text)++ != ':' ||
	    two(text, 59, &tm->tm_min) < 0)
		return -1;
	if (**text != ':')
		return 0;
	++*text;
	return two(text, 60, &tm->tm_sec);
}

/* "2026-11-22", moving on. */
static int
date(const char **text, struct tm *tm)
{
	int century, year;

	if (two(text, 99, &century) < 0 || two(text, 99, &year) < 0 ||
	    *(*text)++ != '-' || two(text, 12, &tm->tm_mon) < 0 ||
	    *(*text)++ != '-' || two(text, 31, &tm->tm_mday) < 0 ||
	    !tm->tm_mon || !tm->tm_mday)
		return -1;
	tm->tm_year = century * 100 + year - 1900;
	tm->tm_mon--;
	return 0;
}

/* "Z" or "+01:30" in seconds east; moving on. */
static int
offset(const char **text, int *east)
{
	struct tm tm = { 0 };
	int sign;

	*east = 0;
	if (**text == 'Z' || **text == 'z') {
		++*text;
		return 0;
	}
	sign = **text == '-' ? -1 : 1;
	++*text;
	if (two(text, 23, &tm.tm_hour) < 0 || *(*text)++ != ':' ||
	    two(text, 59, &tm.tm_min) < 0)
		return -1;
	*east = sign * (tm.tm_hour * 3600 + tm.tm_min * 60);
	return 0;
}

static int
rfc3339(const char *text, int64_t *ms)
{
	struct tm tm = { .tm_isdst = -1 };
	int64_t part;
	int day, east;

	if (date(&text, &tm) < 0 || !*text || !strchr("Tt ", *text))
		return -1;
	text++;
	if (clock_time(&text, &tm) < 0)
		return -1;
	part = fraction(&text, 1000);
	if (part < 0)
		return -1;
	day = tm.tm_mday;
	if (!*text) {
		*ms = (int64_t)mktime(&tm) * 1000 + part;
	} else {
		if (!strchr("Zz+-", *text) || offset(&text, &east) < 0 || *text)
			return -1;
		*ms = ((int64_t)timegm(&tm) - east) * 1000 + part;
	}
	/* there is no February 30: it became another day */
	return tm.tm_mday == day ? 0 : -1;
}

/* "HH:MM", the nearest that lies the given way. */
static int
of_day(const char *text, enum when_way way, int64_t now, int64_t *ms)
{
	time_t seconds = (time_t)(now / 1000);
	struct tm tm, day;

	if (!localtime_r(&seconds, &tm))
		return -1;
	tm.tm_sec = 0;
	if (clock_time(&text, &tm) < 0 || *text)
		return -1;
	tm.tm_isdst = -1;
	day = tm;
	*ms = (int64_t)mktime(&tm) * 1000;
	if (way == WHEN_AHEAD && *ms <= now)
		day.tm_mday++;
	else if (way == WHEN_AGO && *ms > now)
		day.tm_mday--;
	else
		return 0;
	*ms = (int64_t)mktime(&day) * 1000;
	return 0;
}

static int
epoch(const char *text, int64_t *ms)
{
	int64_t whole, part;

	if (digits(&text, &whole) < 0 || whole > WHEN_MAX / 1000)
		return -1;
	part = fraction(&text, 1000);
	if (part < 0 || *text)
		return -1;
	*ms = whole * 1000 + part;
	return 0;
}

int
when_time(const char *text, enum when_way way, int64_t now, int64_t *ms)
{
	int64_t span;

	if (*text == '@')
		return epoch(text + 1, ms);
	if (!when_duration(text, &span)) {
		*ms = way == WHEN_AHEAD ? now + span : now - span;
		return 0;
	}
	if (!of_day(text, way, now, ms))
		return 0;
	return rfc3339(text, ms);
}

void
when_rfc3339(int64_t ms, char text[WHEN_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	text[0] = '\0';
	if (!gmtime_r(&seconds, &tm))
		return;
	n = strftime(text, WHEN_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, WHEN_SIZE - n, ".%03dZ", (int)(ms % 1000));
}

/* the format is the user's, and strftime takes any */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
size_t
when_local(int64_t ms, const char *format, char *text, size_t size)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm))
		return 0;
	return strftime(text, size, format, &tm);
}
#pragma GCC diagnostic pop
