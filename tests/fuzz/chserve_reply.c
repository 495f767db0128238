/*
 * chserve_reply.c - fuzzes answers, as any consumer may send them.
 *
 * Whatever a message says, no field of an answer has a line of its own making,
 * and an event ends where it should.
 */
#include "chserve/reply.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every line is "name: value" and ends with CR LF. */
static void
check_fields(const struct ch_buf *fields)
{
	size_t i, start = 0;

	for (i = 0; i < fields->len; i++) {
		unsigned char c = (unsigned char)fields->data[i];

		if (c == '\r') {
			if (fields->data[i + 1] != '\n' ||
			    !memchr(fields->data + start, ':', i - start))
				abort();
			start = i + 2;
		} else if (c == '\n' ? fields->data[i - 1] != '\r'
				     : (c < 0x20 && c != '\t') || c == 0x7f) {
			abort();
		}
	}
	if (start != fields->len)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reply reply = REPLY_INIT;
	char *text = malloc(size ? size : 1);
	int first = size & 1, events = (size & 2) != 0;

	memcpy(text, data, size);
	if (!reply_read(&reply, text, size, first, events)) {
		if (first && (reply.status < 200 || reply.status > 599))
			abort();
		check_fields(&reply.fields);
	}
	reply_release(&reply);
	free(text);
	return 0;
}
