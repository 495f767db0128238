/*
 * tap.h - the Test Anything Protocol for C tests.
 *
 *     ok(rc == CH_OK, "%s is accepted", name);
 *     is_int(got, 3, "three messages");
 *     is_str(text, "{}", "the text");
 *     return done_testing();
 *
 * Each prints a line and returns whether it passed; a failure says where. The
 * threads of a test may all report.
 */
#ifndef TAP_H
#define TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;
static const char *tap_subject = ""; /* put before every description */

__attribute__((format(printf, 4, 0))) static int
tap_report(int passed, const char *file, int line, const char *format,
    va_list ap)
{
	char what[512];
	int n;

	vsnprintf(what, sizeof(what), format, ap);
	n = __atomic_add_fetch(&tap_count, 1, __ATOMIC_SEQ_CST);
	printf("%sok %d - %s%s\n", passed ? "" : "not ", n, tap_subject, what);
	if (!passed) {
		__atomic_add_fetch(&tap_failed, 1, __ATOMIC_SEQ_CST);
		printf("# failed at %s:%d\n", file, line);
	}
	return passed;
}

__attribute__((format(printf, 4, 5), unused)) static int
tap_ok(int passed, const char *file, int line, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	tap_report(passed, file, line, format, ap);
	va_end(ap);
	return passed;
}

__attribute__((format(printf, 5, 6), unused)) static int
tap_is_int(intmax_t got, intmax_t want, const char *file, int line,
    const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (!tap_report(got == want, file, line, format, ap))
		printf("# got %jd, wanted %jd\n", got, want);
	va_end(ap);
	return got == want;
}

__attribute__((format(printf, 5, 6), unused)) static int
tap_is_str(const char *got, const char *want, const char *file, int line,
    const char *format, ...)
{
	int same = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, format);
	if (!tap_report(same, file, line, format, ap))
		printf("# got '%s', wanted '%s'\n", got ? got : "(null)",
		    want ? want : "(null)");
	va_end(ap);
	return same;
}

#define ok(passed, ...) tap_ok(!!(passed), __FILE__, __LINE__, __VA_ARGS__)

#define is_int(got, want, ...) \
	tap_is_int((intmax_t)(got), (intmax_t)(want), __FILE__, __LINE__, \
	    __VA_ARGS__)

#define is_str(got, want, ...) \
	tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

/* Print the plan; main returns what it returns. */
__attribute__((unused)) static int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
