/* envelope.c - a message on its way, with where it goes. */
#include "common/envelope.h"

#include "base/err.h"
#include "common/put.h"
#include "common/when.h"

#include <string.h>

/* The name that `value` is; -1 if it is none, by its length at least. */
static int
read_name(struct envelope *envelope, struct json value, int group)
{
	struct ch_buf bare = CH_BUF_INIT;
	int rc = -1;

	if (json_kind(value) != '"')
		return -1;
	json_bare(&bare, value);
	if (bare.len && bare.len <= CH_NAME_MAX &&
	    strlen(bare.data) == bare.len) {
		memcpy(envelope->name, bare.data, bare.len + 1);
		envelope->named = value.text;
		envelope->group = group;
		rc = 0;
	}
	ch_buf_release(&bare);
	return rc;
}

/* Seconds, in plain digits. */
static int
read_delay(struct envelope *envelope, struct json value)
{
	char digits[32];

	if (value.len >= sizeof(digits))
		return -1;
	memcpy(digits, value.text, value.len);
	digits[value.len] = '\0';
	if (strspn(digits, "0123456789.") != value.len)
		return -1;
	return when_duration(digits, &envelope->delay);
}

/* Take one member; what is wrong with it, NULL if nothing. */
static const char *
read_member(struct envelope *envelope, struct json key, struct json value)
{
	int group = json_is(key, "group", 5);

	if (group || json_is(key, "channel", 7)) {
		if (envelope->name[0] && envelope->group != group)
			return "both a channel and a group";
		if (read_name(envelope, value, group) < 0)
			return group ? "not the name of a group"
				     : "not the name of a channel";
		return NULL;
	}
	if (json_is(key, "message", 7)) {
		envelope->message = value;
		return json_kind(value) == '{' ? NULL
					       : "the message is no object";
	}
	if (json_is(key, "delay", 5))
		return read_delay(envelope, value) < 0
		    ? "the delay is no number of seconds"
		    : NULL;
	if (json_is(key, "id", 2)) {
		envelope->id = value;
		return NULL;
	}
	return "envelopes have channel or group, message, delay and id only";
}

/* Which character, from 1, the byte at `at` begins. */
static size_t
column_of(const char *text, const char *at)
{
	size_t column = 1;

	for (; text < at; text++)
		column += (*text & 0xc0) != 0x80;
	return column;
}

int
envelope_read(struct envelope *envelope, const char *text, size_t len,
    size_t *column, struct ch_err *err)
{
	struct json_walk walk = json_walk((struct json){ text, len });
	const char *fault;
	int rc;

	memset(envelope, 0, sizeof(*envelope));
	while (json_next(&walk)) {
		fault = read_member(envelope, walk.key, walk.value);
		if (!fault)
			continue;
		*column = column_of(text, walk.value.text);
		return ch_err_set(err, CH_REFUSED, "%s", fault);
	}
	*column = 1;
	if (!envelope->name[0])
		return ch_err_set(err, CH_REFUSED,
		    "no channel or group in the envelope");
	if (!envelope->message.text)
		return ch_err_set(err, CH_REFUSED,
		    "no message in the envelope");
	rc = ch_name_check(envelope->name,
	    envelope->group ? CH_TO_JOIN : CH_TO_SEND, err);
	if (rc != CH_OK)
		*column = column_of(text, envelope->named);
	return rc;
}
