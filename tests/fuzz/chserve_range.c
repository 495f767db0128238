/*
 * chserve_range.c - fuzzes the fields of a request for a file: a byte for the
 * size of it, then a value that each field has in turn.
 *
 * Whatever they say, a piece lies inside the file and is not empty; and what a
 * conditional request comes to is one of three answers.
 */
#include "chserve/coding.h"
#include "chserve/condition.h"
#include "chserve/range.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int good)
{
	if (!good)
		abort();
}

static void
check_range(const char *field, off_t size)
{
	off_t at = -1, len = -1;
	int status = range_read(field, size, &at, &len);

	check(status == 200 || status == 206 || status == 416);
	if (status == 206)
		check(at >= 0 && len > 0 && at < size && len <= size - at);
}

/* The text is the value of each of these fields in turn. */
static void
check_fields(char *value)
{
	static const char *const names[] = { "if-match", "if-none-match",
		"if-modified-since", "if-unmodified-since", "if-range",
		"accept-encoding" };
	struct head head = { .n_fields = 2, .fields[1] = { "range", "x" } };
	const char *range;
	int status, quality;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		head.fields[0].name = names[i];
		head.fields[0].value = value;
		status = condition_check(&head, "\"a-b\"", 784111777);
		check(status == 0 || status == 304 || status == 412);
		range = condition_range(&head, "\"a-b\"", 784111777);
		check(!range || range == head.fields[1].value);
		quality = coding_quality(&head, "gzip", -1);
		check(quality >= -1 && quality <= 1000);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const off_t sizes[] = { 0, 1, 10, 65536, (off_t)1 << 40,
		INT64_MAX };
	char *text;

	if (!size)
		return 0;
	text = malloc(size); /* exactly: beyond is seen */
	if (!text)
		abort();
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	check_range(text, sizes[*data % 6]);
	check_fields(text);
	free(text);
	return 0;
}
