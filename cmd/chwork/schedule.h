/*
 * schedule.h - when something recurs: every so often, or at times of the
 * clock and the calendar. Pure, but for the time zone (localtime(3)).
 *
 *     struct schedule schedule = { 0 };
 *
 *     rc = schedule_every(&schedule, "5m", &wrong);
 *     or, field by field, schedule_field(&schedule, i, word, &wrong), then
 *     rc = schedule_check(&schedule, &wrong);
 *     or rc = schedule_named(&schedule, "@daily", &wrong);
 *     due = schedule_next(&schedule, ch_clock_real());
 *
 * Errors: -1, and *wrong is a sentence that does not name the word.
 */
#ifndef CHWORK_SCHEDULE_H
#define CHWORK_SCHEDULE_H

#include <stdint.h>

#define SCHEDULE_FIELDS 5 /* minute, hour, day, month, day of the week */

struct schedule {
	int64_t every; /* ms; 0: by the fields */
	uint64_t fields[SCHEDULE_FIELDS]; /* bit n: that n is meant */
	int any_day;     /* the field begins with *, and narrows the other */
	int any_weekday;
};

/* Each multiple of this duration since the epoch; not below 100 ms. */
int schedule_every(struct schedule *schedule, const char *duration,
    const char **wrong);

/*
 * One field of a crontab line, from 0: numbers, names of months and days,
 * ranges, steps and lists of these: "1-5", "mon,wed", "0-30/10".
 */
int schedule_field(struct schedule *schedule, int field, const char *word,
    const char **wrong);

/* Whether the five fields ever meet: there is no February 30. */
int schedule_check(const struct schedule *schedule, const char **wrong);

/* "@hourly", "@daily" and the like. */
int schedule_named(struct schedule *schedule, const char *name,
    const char **wrong);

/*
 * The first time after `after`, both ms since the epoch, not on its first day;
 * -1: never.
 *
 * Where clocks are put forward, what is due in the hour that does not exist is
 * due when it is over; where they are put back, what is due in the hour that
 * comes twice is due the first time, unless the hour's field is * or has every
 * hour: then it is due as often as the hour comes.
 */
int64_t schedule_next(const struct schedule *schedule, int64_t after);

#endif
