/* session.c - a session's file as somebody may have left it, and a patch. */
#include "session/record.h"

#include "chsession.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is kept can be written, and read again as the same. */
static void
check(struct ch_record *record)
{
	struct ch_record again = CH_RECORD_INIT;
	struct ch_buf text = CH_BUF_INIT;

	if (ch_record_format(record, &text, NULL) != CH_OK ||
	    ch_record_parse(&again, text.data, text.len, NULL) != CH_OK ||
	    again.created != record->created ||
	    again.max_age != record->max_age ||
	    again.data.len != record->data.len ||
	    memcmp(again.data.data, record->data.data, again.data.len) ||
	    !again.user != !record->user ||
	    (again.user && strcmp(again.user, record->user)))
		abort();
	ch_buf_release(&text);
	ch_record_release(&again);
}

/* The file, and behind a NUL the patch. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	const char *patch = memchr(text, '\0', size);
	struct ch_record record = CH_RECORD_INIT;
	size_t len = patch ? (size_t)(patch - text) : size;

	if (!size)
		return 0;
	if (ch_record_parse(&record, text, len, NULL) == CH_OK) {
		check(&record);
		if (patch && ch_record_merge(&record, patch + 1,
		        (size_t)(end - patch - 1), NULL) == CH_OK)
			check(&record);
	}
	ch_record_release(&record);
	return 0;
}
