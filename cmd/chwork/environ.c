/* environ.c - what a command meets in its environment. */
#include "chwork/environ.h"

#include "common/mux.h"
#include "common/put.h"
#include "common/say.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kernel takes about 2 MB of arguments and environment; this is ours. */
#define ENVIRON_PARTS 262144
#define ENVIRON_MANY  256 /* keys that are looked at */
#define TRUNCATED_MAX 1024

/* Parts being added. */
struct parts {
	struct environment *environment;
	struct ch_buf truncated; /* keys that were left out */
};

static void
put_variable(struct ch_buf *text, const char *name, const char *value)
{
	put_format(text, "%s=%s", name, value);
	put_char(text, '\0');
}

void
environ_init(struct environment *environment, const char *url,
    const char *path)
{
	static const char *const kept[] = { "HOME", "LANG" };
	const char *value;

	*environment = (struct environment) { .text = CH_BUF_INIT };
	put_variable(&environment->text, "PATH", path);
	if (url)
		put_variable(&environment->text, "CHANNELS_URL", url);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		value = getenv(kept[i]);
		if (value)
			put_variable(&environment->text, kept[i], value);
	}
	environment->base = environment->text.len;
}

void
environ_release(struct environment *environment)
{
	ch_buf_release(&environment->frame);
	ch_buf_release(&environment->text);
	free(environment->list);
}

/* Begin anew, with the settings. */
static void
reset(struct environment *environment, char *const *settings)
{
	environment->text.len = environment->base;
	for (; settings && *settings; settings++)
		put_bytes(&environment->text, *settings,
		    strlen(*settings) + 1);
}

/* Whether one of the settings has the variable's name. */
static int
is_set(char *const *settings, const char *variable)
{
	size_t len = strcspn(variable, "=") + 1;

	for (; settings && *settings; settings++)
		if (!strncmp(*settings, variable, len))
			return 1;
	return 0;
}

/* The list of all that text holds. */
char *const *
environ_list(struct environment *environment, char *const *settings)
{
	char *p = environment->text.data, *end = p + environment->text.len;
	char *base = p + environment->base;
	size_t n = 0;

	for (; p < end; p += strlen(p) + 1) {
		if (p < base && is_set(settings, p))
			continue;
		if (n + 2 > environment->size) {
			environment->size += ENVIRON_MANY;
			environment->list = realloc(environment->list,
			    environment->size * sizeof(*environment->list));
			if (!environment->list)
				say_memory();
		}
		environment->list[n++] = p;
	}
	environment->list[n] = NULL;
	return environment->list;
}

char *const *
environ_plain(struct environment *environment, char *const *settings)
{
	reset(environment, settings);
	return environ_list(environment, settings);
}

/* --- parts of a message -------------------------------------------------- */

/*
 * Whether a key of a message may become a variable: what the worker itself
 * says is not for a visitor to say.
 */
static int
may_be_named(const char *key, size_t len)
{
	static const char *const ours[] = { "channel", "client", "client_port",
		"retries", "server", "server_port", "session", "truncated",
		"user" };

	if (!len || len > 64 || !isalpha((unsigned char)key[0]))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)key[i]) && key[i] != '_')
			return 0;
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (strlen(ours[i]) == len && !strncasecmp(ours[i], key, len))
			return 0;
	return strncasecmp(key, "arg_", 4) != 0;
}

static void
put_name(struct ch_buf *text, const char *key, size_t len)
{
	put_string(text, "CH_");
	for (size_t i = 0; i < len; i++)
		put_char(text, (char)toupper((unsigned char)key[i]));
	put_char(text, '=');
}

static void
leave_out(struct parts *parts, const char *key, size_t len)
{
	if (parts->truncated.len + len > TRUNCATED_MAX)
		return;
	if (parts->truncated.len)
		put_char(&parts->truncated, ' ');
	put_bytes(&parts->truncated, key, len);
}

static int
is_box(const char *value)
{
	return !strncmp(value, "\xef\xbf\xbf", 3);
}

/* Bytes travel as a box under these keys only; a text may look like one. */
static int
is_for_bytes(const char *key, size_t len)
{
	return (len == 5 && !memcmp(key, "bytes", 5)) ||
	    (len == 4 && !memcmp(key, "body", 4)) ||
	    (len == 7 && !memcmp(key, "content", 7));
}

static void
put_part(struct parts *parts, const char *key, size_t len, struct json value)
{
	struct ch_buf *text = &parts->environment->text;
	size_t start = text->len, at;

	put_name(text, key, len);
	at = text->len;
	json_bare(text, value);
	if (text->len - at > ENVIRON_VALUE ||
	    memchr(text->data + at, '\0', text->len - at) ||
	    (is_for_bytes(key, len) && is_box(text->data + at)) ||
	    text->len - parts->environment->base > ENVIRON_PARTS) {
		text->len = start;
		leave_out(parts, key, len);
		return;
	}
	put_char(text, '\0');
}

/* ["127.0.0.1", 5000] */
static void
put_address(struct parts *parts, const char *key, struct json pair)
{
	struct json_walk walk = json_walk(pair);
	char port[32];

	if (!json_next(&walk) || json_kind(walk.value) != '"')
		return;
	put_part(parts, key, strlen(key), walk.value);
	if (!json_next(&walk) || json_kind(walk.value) == '"')
		return;
	snprintf(port, sizeof(port), "%s_port", key);
	put_part(parts, port, strlen(port), walk.value);
}

/* Of a key that is there twice the last counts, as everywhere. */
static int
is_last(struct json message, const struct json_walk *walk, const char *key,
    size_t len)
{
	return json_get(message, key, len).text == walk->value.text;
}

static void
put_parts(struct parts *parts, struct json message)
{
	struct json_walk walk = json_walk(message);
	const char *key;
	size_t len, n;

	for (n = 0; n < ENVIRON_MANY && json_next(&walk); n++) {
		key = walk.key.text + 1;
		len = walk.key.len - 2;
		if (!strchr("{[n", json_kind(walk.value)) &&
		    may_be_named(key, len) &&
		    is_last(message, &walk, key, len))
			put_part(parts, key, len, walk.value);
	}
}

/*
 * Who the visitor is. Only what the server sends says so: any message may have
 * these keys, and a script may have made one of what a visitor wrote.
 */
static void
put_visitor(struct parts *parts, const char *channel, struct json message)
{
	static const char *const keys[] = { "session", "user" };
	struct json value;
	size_t i;

	if (strncmp(channel, "websocket.", 10) != 0 &&
	    strncmp(channel, "http.", 5) != 0)
		return;
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		value = json_get(message, keys[i], strlen(keys[i]));
		if (json_kind(value) == '"')
			put_part(parts, keys[i], strlen(keys[i]), value);
	}
}

/* The stream and the payload of a frame, as if they were keys. */
static void
put_frame(struct parts *parts, struct json message)
{
	struct mux mux = mux_of(message, &parts->environment->frame);

	if (!mux.stream.text || json_get(message, "stream", 6).text)
		return;
	put_part(parts, "stream", 6, mux.stream);
	put_part(parts, "payload", 7, mux.payload);
}

char *const *
environ_for(struct environment *environment, char *const *settings,
    const char *channel, struct json message, const struct captures *captures,
    unsigned retries)
{
	struct parts parts = { .environment = environment };
	struct ch_buf *text = &environment->text;
	const struct capture *capture = captures->list;

	reset(environment, settings);
	put_variable(text, "CH_CHANNEL", channel);
	put_format(text, "CH_RETRIES=%u", retries);
	put_char(text, '\0');
	put_parts(&parts, message);
	put_visitor(&parts, channel, message);
	put_frame(&parts, message);
	put_address(&parts, "client", json_get(message, "client", 6));
	put_address(&parts, "server", json_get(message, "server", 6));
	for (; capture < captures->list + captures->n; capture++) {
		if (memchr(capture->value, '\0', capture->len) ||
		    capture->len > ENVIRON_VALUE) {
			leave_out(&parts, capture->name,
			    strlen(capture->name));
			continue;
		}
		put_format(text, "CH_ARG_%s=", capture->name);
		put_bytes(text, capture->value, capture->len);
		put_char(text, '\0');
	}
	if (parts.truncated.len)
		put_variable(text, "CH_TRUNCATED", parts.truncated.data);
	ch_buf_release(&parts.truncated);
	return environ_list(environment, settings);
}
