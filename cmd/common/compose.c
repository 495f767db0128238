/* compose.c - a message out of KEY=TEXT and KEY:=JSON. */
#include "common/compose.h"

#include "base/err.h"
#include "common/json.h"
#include "common/put.h"

#include <stdint.h>
#include <string.h>

/*
 * Append the one value that `text` must be. Read as the member of an object,
 * `1, "b": 2` would pass for more than one: so the members are counted.
 */
static int
put_value(struct ch_buf *buf, const char *text, struct ch_err *err)
{
	struct ch_reader *reader = NULL;
	struct ch_message message;
	struct ch_buf object = CH_BUF_INIT;
	struct json_walk walk;
	int rc;

	put_format(&object, "{\"\":%s}", text);
	rc = ch_reader_new(&reader, "", SIZE_MAX / 4, '\n', err);
	if (rc == CH_OK)
		rc = ch_reader_feed(reader, object.data, object.len, err);
	if (rc == CH_OK)
		rc = ch_reader_feed(reader, "", 0, err);
	if (rc == CH_OK)
		rc = ch_reader_next(reader, &message, err);
	if (rc == CH_OK) {
		walk = json_walk((struct json){ message.text, message.len });
		json_next(&walk);
		put_bytes(buf, walk.value.text, walk.value.len);
		if (json_next(&walk) ||
		    ch_reader_next(reader, &message, err) != CH_NONE)
			rc = CH_REFUSED;
	}
	ch_reader_free(reader);
	ch_buf_release(&object);
	return rc;
}

/* What the reader found wrong, without the place in our own object. */
static const char *
reason(const struct ch_err *inner)
{
	const char *colon = strstr(inner->text, ": ");

	return colon ? colon + 2 : "more than one value";
}

static int
put_pair(struct ch_buf *buf, const char *pair, struct ch_err *err)
{
	struct ch_err inner = CH_ERR_INIT;
	const char *equals = strchr(pair, '=');
	size_t key = (size_t)(equals - pair), len = strlen(pair);
	int json = key && equals[-1] == ':';

	if (json_utf8(pair, len) < len)
		return ch_err_set(err, CH_REFUSED, "%s: not UTF-8", pair);
	json_quote(buf, pair, json ? key - 1 : key);
	put_char(buf, ':');
	if (!json) {
		json_quote(buf, equals + 1, len - key - 1);
		return CH_OK;
	}
	if (put_value(buf, equals + 1, &inner) == CH_OK)
		return CH_OK;
	return ch_err_set(err, CH_REFUSED,
	    "%s: what follows := is refused: %s", pair, reason(&inner));
}

int
compose(struct ch_buf *buf, char *const pairs[], struct ch_err *err)
{
	int rc = CH_OK;

	put_char(buf, '{');
	for (size_t i = 0; rc == CH_OK && pairs[i]; i++) {
		if (i)
			put_char(buf, ',');
		rc = put_pair(buf, pairs[i], err);
	}
	put_char(buf, '}');
	return rc;
}
