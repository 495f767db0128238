/* When schedules are due, across months, leap years and changes of clocks. */
#include "chwork/schedule.h"
#include "common/when.h"

#include "tap.h"

#include <stdlib.h>
#include <time.h>

static void
zone(const char *name)
{
	setenv("TZ", name, 1);
	tzset();
}

/* The five fields, separated by one blank; or a name. */
static int
parse(struct schedule *schedule, const char *text, const char **wrong)
{
	char copy[128], *word, *rest = copy;

	*schedule = (struct schedule) { 0 };
	if (*text == '@')
		return schedule_named(schedule, text, wrong);
	snprintf(copy, sizeof(copy), "%s", text);
	for (int i = 0; i < SCHEDULE_FIELDS; i++) {
		word = strsep(&rest, " ");
		if (schedule_field(schedule, i, word, wrong) < 0)
			return -1;
	}
	return schedule_check(schedule, wrong);
}

/* RFC 3339, without an offset local time. */
static int64_t
at(const char *text)
{
	int64_t ms = 0;

	if (when_time(text, WHEN_AHEAD, 0, &ms) < 0)
		ok(0, "%s is a time", text);
	return ms;
}

/* It is next due then, in local time or, with an offset, elsewhere. */
static void
due(const char *text, const char *after, const char *want)
{
	char got[WHEN_SIZE], expected[WHEN_SIZE];
	struct schedule schedule;
	const char *wrong = NULL;

	if (parse(&schedule, text, &wrong) < 0) {
		ok(0, "%s: %s", text, wrong);
		return;
	}
	when_rfc3339(schedule_next(&schedule, at(after)), got);
	when_rfc3339(at(want), expected);
	is_str(got, expected, "%s after %s", text, after);
}

static void
test_every(void)
{
	struct schedule schedule = { 0 };
	const char *wrong = NULL;

	is_int(schedule_every(&schedule, "5m", &wrong), 0, "5m");
	is_int(schedule_next(&schedule, 1), 300000, "at multiples");
	is_int(schedule_next(&schedule, 299999), 300000, "of the duration");
	is_int(schedule_next(&schedule, 300000), 600000, "never twice");
	is_int(schedule_every(&schedule, "99ms", &wrong), -1, "too often");
	is_int(schedule_every(&schedule, "soon", &wrong), -1, "no duration");
	ok(wrong && *wrong, "why: %s", wrong);
}

static void
test_fields(void)
{
	zone("UTC");
	due("* * * * *", "2026-11-25T10:00:00", "2026-11-25T10:01:00");
	due("* * * * *", "2026-11-25T10:00:59.9", "2026-11-25T10:01:00");
	due("*/20 * * * *", "2026-11-25T10:40:00", "2026-11-25T11:00:00");
	due("5-59/20 8-18 * * *", "2026-11-25T18:45:00",
	    "2026-11-26T08:05:00");
	due("0 3 * * *", "2026-12-31T03:00:00", "2027-01-01T03:00:00");
	due("0,30 12 1 jan,jul *", "2026-01-01T12:30:00",
	    "2026-07-01T12:00:00");
	due("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00");
	due("0 0 29 feb *", "2097-01-01T00:00:00", "2104-02-29T00:00:00");
	due("30 9 * * MON-FRI", "2026-11-27T09:30:00", "2026-11-30T09:30:00");
	due("0 0 * * 7", "2026-11-25T00:00:00", "2026-11-29T00:00:00");
	due("0 0 * * 0", "2026-11-25T00:00:00", "2026-11-29T00:00:00");
	due("0 0 * * 5-7", "2026-11-28T00:00:00", "2026-11-29T00:00:00");
	due("0 0 31 * *", "2026-11-01T00:00:00", "2026-12-31T00:00:00");
	/* either day counts, unless one is * */
	due("0 0 13 * fri", "2026-11-25T00:00:00", "2026-11-27T00:00:00");
	due("0 0 13 * fri", "2026-12-12T00:00:00", "2026-12-13T00:00:00");
	due("0 0 */2 * fri", "2026-11-25T00:00:00", "2026-11-27T00:00:00");
	due("0 0 */2 * sat", "2026-11-25T00:00:00", "2026-12-05T00:00:00");
}

static void
test_names(void)
{
	zone("UTC");
	due("@hourly", "2026-11-25T10:00:00", "2026-11-25T11:00:00");
	due("@daily", "2026-11-25T10:00:00", "2026-11-26T00:00:00");
	due("@midnight", "2026-11-25T10:00:00", "2026-11-26T00:00:00");
	due("@weekly", "2026-11-25T10:00:00", "2026-11-29T00:00:00");
	due("@monthly", "2026-11-25T10:00:00", "2026-12-01T00:00:00");
	due("@yearly", "2026-11-25T10:00:00", "2027-01-01T00:00:00");
	due("@annually", "2026-11-25T10:00:00", "2027-01-01T00:00:00");
}

static void
test_refused(void)
{
	static const char *const texts[] = { "60 * * * *", "* 24 * * *",
		"* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * 0 *",
		"* * * * 8", "5-1 * * * *", "1- * * * *", "1,,2 * * * *",
		"1, * * * *", ",1 * * * *", "*/0 * * * *", "1/2 * * * *",
		"* * * foo *", "* * * * mondays", "a * * * *", "1x * * * *",
		"** * * * *", "-1 * * * *", "99999999999 * * * *",
		"*/ * * * *", "0 0 30 2 *", "0 0 31 4,jun *", "@reboot",
		"@" };
	struct schedule schedule;
	const char *wrong;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		wrong = NULL;
		ok(parse(&schedule, texts[i], &wrong) < 0 && wrong,
		    "%s: %s", texts[i], wrong ? wrong : "accepted");
	}
}

/* Berlin: forward 2026-03-29 02:00, back 2026-10-25 03:00. */
static void
test_berlin(void)
{
	zone("CET-1CEST,M3.5.0,M10.5.0/3");
	due("30 2 * * *", "2026-03-28T12:00:00", "2026-03-29T01:00:00Z");
	due("30 2 * * *", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z");
	due("0,15,30 2 * * *", "2026-03-28T12:00:00", "2026-03-29T01:00:00Z");
	due("0,15,30 2 * * *", "2026-03-29T01:00:00Z",
	    "2026-03-30T00:00:00Z");
	due("0 3 * * *", "2026-03-28T12:00:00", "2026-03-29T01:00:00Z");
	due("30 * * * *", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z");
	due("30 2 * * *", "2026-10-24T12:00:00", "2026-10-25T00:30:00Z");
	due("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
	due("30 2 * * *", "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z");
	due("0 3 * * *", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z");
	due("30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
	due("30 * * * *", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z");
	due("*/30 * * * *", "2026-10-25T00:45:00Z", "2026-10-25T01:00:00Z");
	due("@daily", "2026-10-24T12:00:00", "2026-10-24T22:00:00Z");
	due("@daily", "2026-10-25T12:00:00", "2026-10-25T23:00:00Z");
}

static void
test_elsewhere(void)
{
	/* Lord Howe: half an hour forward on 2026-10-04 02:00 */
	zone("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");
	due("15 2 * * *", "2026-10-03T12:00:00", "2026-10-03T15:30:00Z");
	due("15 * * * *", "2026-10-03T15:29:00Z", "2026-10-03T16:15:00Z");
	/* Santiago: midnight does not exist on 2026-09-06 */
	zone("<-04>4<-03>,M9.1.6/24,M4.1.6/24");
	due("@daily", "2026-09-05T12:00:00", "2026-09-06T04:00:00Z");
	/* Apia: a day did not, 2011-12-30 */
	zone("<-10>10<+14>-14,J364/0,J365/23");
	due("0 12 * * *", "2011-12-29T13:00:00", "2011-12-30T10:00:00Z");
	due("0 12 30 * *", "2011-12-01T13:00:00", "2011-12-30T10:00:00Z");
	/* Kathmandu */
	zone("<+0545>-5:45");
	due("0 6 * * *", "2026-11-25T00:00:00Z", "2026-11-25T00:15:00Z");
	due("@hourly", "2026-11-25T00:00:00Z", "2026-11-25T00:15:00Z");
}

/* However far apart, times go on, and each is one that is meant. */
static void
test_series(void)
{
	struct schedule schedule;
	const char *wrong;
	int64_t now = at("2026-01-01T00:00:00Z"), next;
	int rising = 1, days = 0;

	zone("EST5EDT,M3.2.0,M11.1.0");
	parse(&schedule, "45 1 * * *", &wrong);
	for (; days < 366; days++, now = next) {
		next = schedule_next(&schedule, now);
		rising &= next > now && next - now <= 25 * 3600000;
	}
	ok(rising, "every day of a year");
	ok(now > at("2026-12-31T00:00:00Z") && now < at("2027-01-03T00:00:00Z"),
	    "and once on each");
}

int
main(void)
{
	test_every();
	test_fields();
	test_names();
	test_refused();
	test_berlin();
	test_elsewhere();
	test_series();
	return done_testing();
}
