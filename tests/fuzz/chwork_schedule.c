/*
 * chwork_schedule.c - fuzzes the reader of schedules: the words of a crontab
 * line's fields, one blank between them.
 *
 * Whatever they are, reading ends; what is accepted is next due later than
 * now, on a minute, and not beyond what was searched.
 */
#include "chwork/schedule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int good)
{
	if (!good)
		abort();
}

static int
read_fields(struct schedule *schedule, char *text)
{
	const char *word, *wrong = NULL;
	int rc = 0;

	if (*text == '@')
		return schedule_named(schedule, text, &wrong);
	for (int i = 0; rc == 0 && i < SCHEDULE_FIELDS; i++) {
		word = strsep(&text, " ");
		rc = schedule_field(schedule, i, word ? word : "", &wrong);
		check(wrong && *wrong);
	}
	return rc < 0 ? rc : schedule_check(schedule, &wrong);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t now = 1790000000123;
	struct schedule schedule = { 0 };
	char text[128];
	int64_t next;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	if (read_fields(&schedule, text) < 0)
		return 0;
	next = schedule_next(&schedule, now);
	check(next > now && next % 60000 == 0 &&
	    next - now < (int64_t)42 * 366 * 86400000);
	check(schedule_next(&schedule, next) > next);
	return 0;
}
