/*
 * A warm consumer of all that chserve sends, and a filter for chwork's stream.
 * They know in which order chserve writes the keys, and parse no JSON.
 */
#include "bench/web/web.h"

#include "bench/bench.h"

#include <sys/stat.h>

#define BATCH 256
#define REPLY_MAX 1024

static struct ch_layer *layer;
static struct ch_message replies[BATCH];
static size_t n_replies;

/* The value of a key that is a string, as written, without its quotes. */
static size_t
value(const char *text, const char *key, const char **at)
{
	*at = strstr(text, key);
	if (!*at)
		return 0;
	*at += strlen(key);
	return strcspn(*at, "\"");
}

static void
reply(const struct ch_message *message, const char *text)
{
	static char channels[BATCH][CH_NAME_MAX + 1], texts[BATCH][REPLY_MAX];
	const char *at;
	size_t n = value(message->text, "\"reply_channel\":\"", &at), i;

	i = n_replies++;
	snprintf(channels[i], sizeof(channels[i]), "%.*s", (int)n, at);
	replies[i] = (struct ch_message){ .channel = channels[i] };
	replies[i].len = (size_t)snprintf(texts[i], REPLY_MAX, "%s", text);
	replies[i].text = texts[i];
}

/* The path names a group, but for /idle. */
static void
welcome(const struct ch_message *message)
{
	struct ch_err err = CH_ERR_INIT;
	char group[CH_NAME_MAX + 1];
	const char *at;
	size_t n = value(message->text, "\"path\":\"/", &at);

	snprintf(group, sizeof(group), "%.*s", (int)n, at);
	reply(message, "{\"accept\":true}");
	if (strcmp(group, "idle") != 0)
		bench_must(ch_group_add(layer, group,
		    replies[n_replies - 1].channel, &err), &err);
}

static void
consume(const struct ch_message *message)
{
	char text[REPLY_MAX];

	if (strcmp(message->channel, "websocket.connect") == 0) {
		welcome(message);
	} else if (strcmp(message->channel, "websocket.receive") == 0) {
		snprintf(text, sizeof(text), "{%s",
		    strstr(message->text, "\"text\":"));
		reply(message, text);
	} else if (strcmp(message->channel, "http.request") == 0) {
		reply(message, "{\"status\":200,\"content\":\"ok\"}");
	}
}

int
web_consumer(char *argv[])
{
	static const char *const names[] = { "websocket.connect",
		"websocket.receive", "websocket.disconnect", "http.request" };
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	static struct ch_message messages[BATCH];
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	size_t got, i;

	(void)argv;
	layer = bench_open();
	bench_must(ch_receiver_new(&receiver, layer, names, 4, 0, &err), &err);
	puts("ready");
	fflush(stdout);
	for (;;) {
		bench_must(ch_receive_many(receiver, messages, BATCH, &got,
		    CH_NEVER, &err), &err);
		for (n_replies = i = 0; i < got; i++)
			consume(&messages[i]);
		if (n_replies) /* who has gone gets none */
			ch_send_many(layer, replies, n_replies, &opts, NULL,
			    &err);
	}
}

/* Envelopes in, an echo of each text out. */
int
web_filter(char *argv[])
{
	const char *channel, *text;
	char *line = NULL;
	size_t size = 0, n;

	(void)argv;
	while (getline(&line, &size, stdin) > 0) {
		n = value(line, "\"reply_channel\":\"", &channel);
		text = strstr(line, "\"text\":");
		if (!n || !text)
			return 65;
		printf("{\"channel\":\"%.*s\",\"message\":{%s", (int)n,
		    channel, text);
		fflush(stdout);
	}
	free(line);
	return 0;
}
