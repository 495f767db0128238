/* when.h - durations and times as people write them. */
#ifndef CMD_COMMON_WHEN_H
#define CMD_COMMON_WHEN_H

#include <stddef.h>
#include <stdint.h>

/* Which way a bare duration or HH:MM lies. */
enum when_way { WHEN_AHEAD, WHEN_AGO };

/* Room for when_rfc3339, with its NUL. */
#define WHEN_SIZE 40

/*
 * "90", "1.5", "250ms", "30s", "10m", "2h", "3d", "1w" to milliseconds; 0, or
 * -1 if it is no duration.
 */
int when_duration(const char *text, int64_t *ms);

/*
 * A time to milliseconds since the epoch, seen from `now`: RFC 3339 (without
 * offset: local time), "HH:MM" (local, the next or the last one), "@EPOCH", or
 * a duration ahead or ago. 0, or -1 if it is no time.
 */
int when_time(const char *text, enum when_way way, int64_t now, int64_t *ms);

/* "2026-11-22T07:22:06.123Z" */
void when_rfc3339(int64_t ms, char text[WHEN_SIZE]);

/*
 * Local time by strftime's `format` into text[size]; its length, 0 if it does
 * not fit.
 */
size_t when_local(int64_t ms, const char *format, char *text, size_t size);

#endif
