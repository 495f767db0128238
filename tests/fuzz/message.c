/*
 * message.c - fuzzes the reader of messages: a byte of ways, then a stream.
 *
 * However a stream is cut into feeds, the same comes out. Every message that
 * is passed is one line that ch_message_check and jansson accept; and what
 * jansson takes for one object is taken here as well, but for its depth.
 */
#include "channel.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum ways {
	BY_NUL = 1,   /* messages end with a NUL */
	SMALL = 2,    /* at most 24 bytes */
	STEP_BITS = 2 /* the rest of the byte: bytes a feed, less one */
};

/* What came out of a stream. */
struct log {
	char *bytes; /* messages, each with a NUL */
	size_t len;
	size_t messages, errors;
	uint64_t words; /* a sum over the errors' texts */
};

static void
check(int good)
{
	if (!good)
		abort();
}

static void
check_message(const struct ch_message *message)
{
	json_error_t error;
	json_t *json;

	check(message->len > 0 && !memchr(message->text, '\n', message->len));
	check(ch_message_check(message->text, message->len, NULL) == CH_OK);
	json = json_loadb(message->text, message->len, JSON_ALLOW_NUL,
	    &error);
	/* jansson has no keys with a NUL */
	check(json_is_object(json) ||
	    json_error_code(&error) == json_error_null_byte_in_key);
	json_decref(json);
}

static void
keep_message(struct log *log, const struct ch_message *message)
{
	log->bytes = realloc(log->bytes, log->len + message->len + 1);
	check(log->bytes != NULL);
	memcpy(log->bytes + log->len, message->text, message->len);
	log->len += message->len;
	log->bytes[log->len++] = '\0';
	log->messages++;
}

static void
keep_error(struct log *log, const struct ch_err *err)
{
	const char *p;

	check(strncmp(err->text, "fuzz:", 5) == 0);
	for (p = err->text; *p; p++)
		log->words = log->words * 31 + (unsigned char)*p;
	log->errors++;
}

static struct log
read_all(const char *bytes, size_t len, size_t step, unsigned ways)
{
	struct log log = { NULL, 0, 0, 0, 0 };
	struct ch_reader *reader = NULL;
	struct ch_message message;
	struct ch_err err = CH_ERR_INIT;
	size_t at = 0, n;
	int rc;

	check(ch_reader_new(&reader, "fuzz", ways & SMALL ? 24 : 0,
	    ways & BY_NUL ? '\0' : '\n', NULL) == CH_OK);
	do {
		n = len - at < step ? len - at : step;
		check(ch_reader_feed(reader, bytes + at, n, NULL) == CH_OK);
		at += n;
		while ((rc = ch_reader_next(reader, &message, &err)) !=
		    CH_NONE) {
			check(rc == CH_OK || rc == CH_REFUSED);
			if (rc == CH_OK) {
				check_message(&message);
				keep_message(&log, &message);
			} else {
				keep_error(&log, &err);
			}
		}
	} while (n);
	ch_reader_free(reader);
	return log;
}

/* A small limit may be met before or after another fault is. */
static void
compare(const struct log *a, const struct log *b, unsigned ways)
{
	check(a->messages == b->messages && a->errors == b->errors);
	check(a->len == b->len && (!a->len ||
	    memcmp(a->bytes, b->bytes, a->len) == 0));
	check(ways & SMALL || a->words == b->words);
}

/*
 * One object as jansson sees it must come through alone and unchanged. (Some
 * NULs it does not see: it loses one that stands behind a number.)
 */
static void
compare_jansson(const char *bytes, size_t len)
{
	json_t *want = json_loadb(bytes, len, JSON_ALLOW_NUL, NULL), *got;
	struct ch_err err = CH_ERR_INIT;
	struct log log;

	if (!json_is_object(want)) {
		json_decref(want);
		return;
	}
	log = read_all(bytes, len, len, BY_NUL);
	if (log.messages == 0) {
		check(ch_message_check(bytes, len, &err) == CH_REFUSED);
		check(strstr(err.text, "more than 512 levels deep") != NULL);
	} else {
		check(log.messages == 1 && log.errors == 0);
		got = json_loads(log.bytes, JSON_ALLOW_NUL, NULL);
		check(json_equal(want, got));
		json_decref(got);
	}
	free(log.bytes);
	json_decref(want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct log whole, parts;
	unsigned ways;

	if (!size)
		return 0;
	ways = data[0];
	size--;
	whole = read_all(bytes, size, size ? size : 1, ways);
	parts = read_all(bytes, size, (ways >> STEP_BITS) + 1, ways);
	compare(&whole, &parts, ways);
	free(whole.bytes);
	free(parts.bytes);
	if (size && !memchr(bytes, '\0', size))
		compare_jansson(bytes, size);
	return 0;
}
