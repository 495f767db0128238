/*
 * chserve_h2scan.c - fuzzes where HTTP/2 frames begin, and the fields of
 * answers, which consumers write.
 *
 * However the bytes are cut, the same frames are found.
 */
#include "chserve/h2fields.h"
#include "chserve/h2scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A number that stands for all the frames found, cut into such pieces. */
static uint64_t
scan(const uint8_t *data, size_t size, size_t piece)
{
	struct h2scan scan = H2SCAN_INIT;
	struct h2scan_frame frame;
	uint64_t sum = 0;
	size_t at = 0, used, n;
	int begun;

	while (at < size) {
		n = size - at < piece ? size - at : piece;
		used = h2scan_next(&scan, data + at, n, &frame, &begun);
		if (!used || used > n)
			abort();
		at += used;
		if (begun)
			sum = sum * 31 + frame.length + frame.type +
			    frame.flags + frame.increment +
			    (uint64_t)frame.stream;
	}
	return sum;
}

static void
make_fields(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct h2fields fields;
	size_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	h2fields_init(&fields, 200, text);
	for (i = 0; i < fields.n; i++)
		if (!fields.items[i].namelen ||
		    strstr((const char *)fields.items[i].value, "\r\n"))
			abort();
	h2fields_release(&fields);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (scan(data, size, size) != scan(data, size, 1) ||
	    scan(data, size, 5) != scan(data, size, 1))
		abort();
	make_fields(data, size);
	return 0;
}
