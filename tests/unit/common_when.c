/* common_when.c - durations and times as people write them. */
#include "common/when.h"

#include "tap.h"

#include <stdlib.h>
#include <time.h>

#define DAY 86400000

static void
durations(void)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "0", 0 },
		{ "90", 90000 },
		{ "1.5", 1500 },
		{ "0.25", 250 },
		{ "1.0000000000000000000001", 1000 },
		{ "250ms", 250 },
		{ "30s", 30000 },
		{ "10m", 600000 },
		{ "1.5m", 90000 },
		{ "2h", 7200000 },
		{ "3d", 3 * (int64_t)DAY },
		{ "1w", 7 * (int64_t)DAY },
	};
	static const char *const bad[] = { "", " ", "-1", "+1", "x", "1x",
		"1 s", "1s ", ".5", "5.", "5.s", "1e3", "0x10", "inf", "1.2.3",
		"1h30m", "99999999999999999999", "9223372036854775807w", "ms" };
	int64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ms = -1;
		ok(!when_duration(good[i].text, &ms), "%s", good[i].text);
		is_int(ms, good[i].ms, "%s is so long", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(when_duration(bad[i], &ms) < 0, "'%s' is none", bad[i]);
}

/* 2026-11-22T07:22:06.500Z */
#define NOW INT64_C(1795332126500)

static void
times(void)
{
	static const struct {
		const char *text;
		enum when_way way;
		int64_t ms;
	} good[] = {
		{ "10m", WHEN_AHEAD, NOW + 600000 },
		{ "10m", WHEN_AGO, NOW - 600000 },
		{ "@0", WHEN_AHEAD, 0 },
		{ "@1795332126.5", WHEN_AHEAD, NOW },
		{ "2026-11-22T07:22:06.5Z", WHEN_AHEAD, NOW },
		{ "2026-11-22t07:22:06.5z", WHEN_AHEAD, NOW },
		{ "2026-11-22 08:52:06.5+01:30", WHEN_AHEAD, NOW },
		{ "2026-11-22T05:22:06.5-02:00", WHEN_AHEAD, NOW },
		{ "2026-11-22T07:22:06.5", WHEN_AHEAD, NOW },
		{ "2026-11-22T07:22", WHEN_AHEAD, NOW - 6500 },
		{ "07:22", WHEN_AGO, NOW - 6500 },
		{ "07:22", WHEN_AHEAD, NOW - 6500 + DAY },
		{ "07:23", WHEN_AHEAD, NOW - 6500 + 60000 },
		{ "07:23", WHEN_AGO, NOW - 6500 + 60000 - DAY },
		{ "00:00", WHEN_AHEAD, INT64_C(1795392000000) },
		{ "2024-02-29T00:00:00Z", WHEN_AHEAD,
		    INT64_C(1709164800000) },
	};
	static const char *const bad[] = { "", "yesterday", "24:00", "7:22",
		"07:60", "07:22x", "@", "@x", "@-1", "2026-11-22",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-02-30T00:00:00Z", "2023-02-29T00:00:00",
		"2026-11-22T25:00:00Z", "2026-11-22T07:22:06+1",
		"2026-11-22T07:22:06Zx", "2026-11-22T07:22:06.Z", "-10m" };
	int64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ms = -1;
		ok(!when_time(good[i].text, good[i].way, NOW, &ms), "%s",
		    good[i].text);
		is_int(ms, good[i].ms, "%s is then", good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(when_time(bad[i], WHEN_AHEAD, NOW, &ms) < 0, "'%s' is none",
		    bad[i]);
}

/* HH:MM is by the clock on the wall, also over a change of it. */
static void
local(void)
{
	char text[64];
	int64_t ms;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	ok(!when_time("07:22", WHEN_AHEAD, NOW, &ms), "07:22 in Berlin");
	is_int(ms, NOW - 6500 + DAY - 3600000, "is an hour before Greenwich");
	/* 2026-10-24T22:00Z; that night has 25 hours */
	ok(!when_time("12:00", WHEN_AHEAD, INT64_C(1792879200000), &ms),
	    "noon behind the change");
	is_int(ms, INT64_C(1792926000000), "is by winter's time");
	is_int((intmax_t)when_local(NOW, "%H:%M", text, sizeof(text)), 5,
	    "a local time");
	is_str(text, "08:22", "is local");
	is_int((intmax_t)when_local(NOW, "%c%c%c%c", text, 10), 0,
	    "what does not fit is nothing");
}

int
main(void)
{
	char text[WHEN_SIZE];

	setenv("TZ", "UTC", 1);
	durations();
	times();
	when_rfc3339(NOW, text);
	is_str(text, "2026-11-22T07:22:06.500Z", "a time is printed");
	local();
	return done_testing();
}
