/*
 * Times as HTTP writes them. Written by hand: strftime(3) would take about as
 * long as opening the file that the time is of.
 */
#include "chserve/date.h"

#include <string.h>

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void
write_pair(char *to, int n)
{
	to[0] = (char)('0' + n / 10 % 10);
	to[1] = (char)('0' + n % 10);
}

void
date_write(char text[DATE_SIZE], time_t time)
{
	struct tm tm;

	gmtime_r(&time, &tm);
	memcpy(text, "Ddd, 00 Mmm 0000 00:00:00 GMT", DATE_SIZE);
	memcpy(text, days + tm.tm_wday * 3, 3);
	write_pair(text + 5, tm.tm_mday);
	memcpy(text + 8, months + tm.tm_mon * 3, 3);
	write_pair(text + 12, (tm.tm_year + 1900) / 100);
	write_pair(text + 14, (tm.tm_year + 1900) % 100);
	write_pair(text + 17, tm.tm_hour);
	write_pair(text + 20, tm.tm_min);
	write_pair(text + 23, tm.tm_sec);
}

int
date_read(const char *text, time_t *time)
{
	static const char *const forms[] = { "%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y" };
	const char *end;
	struct tm tm;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, forms[i], &tm);
		if (!end || *end)
			continue;
		*time = timegm(&tm);
		return 0;
	}
	return -1;
}
