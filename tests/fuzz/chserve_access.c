/*
 * chserve_access.c - fuzzes the lines of the access log, whose words are what
 * strangers sent: none may end a line, or a word of it.
 */
#include "chserve/access.h"

#include "channel.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One line, printable, its quotes and spaces where they belong. */
static void
check_combined(const struct ch_buf *line)
{
	size_t quotes = 0, i;

	for (i = 0; i + 1 < line->len; i++) {
		if (line->data[i] < ' ' || line->data[i] > '~')
			abort();
		quotes += line->data[i] == '"';
	}
	if (line->data[i] != '\n' || quotes != 6)
		abort();
}

static void
check(const struct access_entry *entry, size_t limit)
{
	struct ch_buf line = CH_BUF_INIT;

	access_line(&line, entry, ACCESS_COMBINED, limit);
	check_combined(&line);
	if (line.len > WORDS * (limit + 1) + 300)
		abort();
	ch_buf_clear(&line);
	access_line(&line, entry, ACCESS_JSON, limit);
	if (line.data[line.len - 1] != '\n' ||
	    ch_message_check(line.data, line.len - 1, NULL) != CH_OK)
		abort();
	if (line.len > WORDS * (limit + 1) + 300)
		abort();
	ch_buf_release(&line);
}

/* The input is words that end with a NUL. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words = malloc(size + WORDS), *at = words;
	const char *word[WORDS];
	struct access_entry entry;

	memcpy(words, data, size);
	memset(words + size, 0, WORDS);
	for (size_t i = 0; i < WORDS; i++) {
		word[i] = at;
		at += strlen(at) + (at < words + size);
	}
	entry = (struct access_entry){ .client = word[0], .user = word[1],
		.method = word[2], .target = word[3], .version = word[4],
		.host = word[5], .referer = word[6], .agent = word[7],
		.status = 200, .time = 1 };
	check(&entry, SIZE_MAX / 16);
	check(&entry, 64);
	free(words);
	return 0;
}
