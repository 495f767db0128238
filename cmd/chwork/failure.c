/* failure.c - what becomes of a message whose consumer failed. */
#include "chwork/failure.h"

#include "base/clock.h"
#include "common/put.h"
#include "common/when.h"

#include <stdlib.h>
#include <string.h>

#define KEY "__retries__"
#define KEY_LEN (sizeof(KEY) - 1)
#define DELAY 100         /* ms before the first try, unless told */
#define DELAY_MOST 3600000
#define RETRIES_MOST 1000000

/* --- trying again --------------------------------------------------------- */

enum fate
failure_fate(const struct route *route, int code, unsigned retries)
{
	unsigned granted = route->retries;

	if (code == 0)
		return FATE_DONE;
	if (code == FAILURE_TEMPORARILY && granted < FAILURE_TRIES &&
	    !route->retries_told)
		granted = FAILURE_TRIES;
	if (retries < granted)
		return FATE_AGAIN;
	return route->dead ? FATE_DEAD : FATE_DROPPED;
}

unsigned
failure_retries(struct json message)
{
	struct json value = json_get(message, KEY, KEY_LEN);
	unsigned long retries = 0;

	if (value.text)
		retries = strtoul(value.text, NULL, 10);
	return retries < RETRIES_MOST ? (unsigned)retries : RETRIES_MOST;
}

int64_t
failure_delay(const struct route *route, unsigned retries)
{
	int64_t delay = route->retry_delay ? route->retry_delay : DELAY;

	while (retries-- > 1 && delay < DELAY_MOST)
		delay *= 2;
	return delay < DELAY_MOST || delay == route->retry_delay ? delay
	    : DELAY_MOST;
}

/* What comes before the key and its number, and what comes behind them. */
struct halves {
	size_t before, after; /* lengths */
	int there;
};

static struct halves
split(struct json message)
{
	struct json value = json_get(message, KEY, KEY_LEN);
	struct halves halves = { message.len - 1, 1, 0 };

	if (value.text) {
		halves.there = 1;
		halves.before = (size_t)(value.text - message.text);
		halves.after = message.len - halves.before - value.len;
	}
	return halves;
}

void
failure_put_retries(struct ch_buf *out, struct json message, unsigned retries)
{
	struct halves halves = split(message);
	struct json_walk walk = json_walk(message);

	if (!retries && !halves.there) {
		put_bytes(out, message.text, message.len);
		return;
	}
	put_bytes(out, message.text, halves.before);
	if (!halves.there) {
		if (json_next(&walk))
			put_char(out, ',');
		put_string(out, "\"" KEY "\":");
	}
	put_format(out, "%u", retries);
	put_bytes(out, message.text + message.len - halves.after,
	    halves.after);
}

void
failure_put_original(struct ch_buf *out, struct json message)
{
	struct json_walk walk = json_walk(message);
	int n = 0;

	put_char(out, '{');
	while (json_next(&walk)) {
		if (json_is(walk.key, KEY, KEY_LEN))
			continue;
		if (n++)
			put_char(out, ',');
		put_bytes(out, walk.key.text, walk.key.len);
		put_char(out, ':');
		put_bytes(out, walk.value.text, walk.value.len);
	}
	put_char(out, '}');
}

/* --- dead letters --------------------------------------------------------- */

static void
put_text(struct ch_buf *out, const char *text)
{
	json_quote_any(out, text, strlen(text));
}

void
failure_put(struct ch_buf *out, const struct failure *failure, size_t most)
{
	size_t start = out->len;
	char time[WHEN_SIZE];

	when_rfc3339(ch_clock_real(), time);
	put_string(out, "{\"channel\":");
	put_text(out, failure->channel);
	put_string(out, ",\"message\":");
	failure_put_original(out, failure->message);
	put_string(out, ",\"route\":");
	put_text(out, failure->route->place);
	put_string(out, ",\"reason\":");
	put_text(out, failure->reason);
	if (failure->code >= 0)
		put_format(out, ",\"status\":%d", failure->code);
	put_format(out, ",\"tries\":%u,\"time\":\"%s\",\"%s\":",
	    failure->retries + 1, time,
	    failure->route->action == ACTION_POST ? "answer" : "stderr");
	json_quote_any(out, failure->last ? failure->last : "",
	    failure->last_len);
	put_char(out, '}');
	if (out->len - start <= most)
		return;
	out->len = start;
	failure_put_original(out, failure->message);
}
