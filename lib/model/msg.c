/* msg.c - whether a text is a message. */
#include "base/err.h"
#include "channel.h"
#include "model/json.h"

#include <string.h>

static int
refuse(struct ch_err *err, const char *text, size_t at, const char *what)
{
	struct ch_place place = { 1, 1 };

	ch_place_move(&place, text, at);
	return ch_err_set(err, CH_REFUSED, "%ju:%ju: %s",
	    (uintmax_t)place.line, (uintmax_t)place.column, what);
}

static size_t
skip_blank(const char *text, size_t at, size_t len)
{
	while (at < len && (text[at] == ' ' || text[at] == '\t' ||
	    text[at] == '\r'))
		at++;
	return at;
}

int
ch_message_check(const char *text, size_t len, struct ch_err *err)
{
	struct ch_json json;
	size_t start, at;

	start = skip_blank(text, 0, len);
	ch_json_init(&json, 0);
	switch (ch_json_scan(&json, text + start, len - start)) {
	case CH_JSON_DONE:
		break;
	case CH_JSON_BAD:
		return refuse(err, text, start + json.at, json.what);
	default:
		return refuse(err, text, start + json.end,
		    json.end ? "the object is not closed" : "not an object");
	}
	if (json.lines) {
		at = (size_t)((char *)memchr(text, '\n', len) - text);
		return refuse(err, text, at, "a message is one line");
	}
	at = skip_blank(text, start + json.at, len);
	if (at < len)
		return refuse(err, text, at, "more than one object");
	return CH_OK;
}
