/*
 * chserve_cookie.c - fuzzes the fields that cookies come in.
 *
 * Whatever is found lies in the field, behind the name and a "=", and has none
 * of the bytes that end it; the search goes on, and ends.
 */
#include "chserve/cookie.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *field = malloc(size + 1); /* exactly: beyond is seen */
	const char *at = field, *value, *before = field;
	size_t len;

	memcpy(field, data, size);
	field[size] = '\0';
	while ((value = cookie_next(&at, "s", &len))) {
		if (value < before + 2 || value + len > field + strlen(field))
			abort();
		if (memchr(value, ';', len) || !memchr(before, 's',
			(size_t)(value - before)))
			abort();
		before = value + len;
	}
	if (at)
		abort();
	free(field);
	return 0;
}
