/* What becomes of requests and WebSockets, for the log and the counts. */
#include "chserve/seen.h"

#include "chserve/access.h"
#include "chserve/client.h"
#include "chserve/metrics.h"
#include "chserve/request.h"
#include "chserve/signals.h"

#include "common/say.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct seen {
	int64_t since; /* ch_clock() */
	const char *client, *user, *target, *version, *host, *referer, *agent;
	char words[]; /* what they point to */
};

/* --- the log -------------------------------------------------------------- */

static void
reopen(int number)
{
	struct ch_err err = CH_ERR_INIT;

	(void)number;
	if (access_reopen(&err) != CH_OK)
		say_error("%s", err.text);
}

int
seen_open(const struct seen_settings *settings, struct ch_err *err)
{
	signals_on(SIGUSR1, reopen);
	signals_on(SIGHUP, reopen);
	return settings->file
	    ? access_open(settings->file,
		(enum access_format)settings->format, err) : CH_OK;
}

/* --- requests ------------------------------------------------------------- */

static const char *
version_of(const struct head *head)
{
	return head->minor == HEAD_HTTP2 ? "HTTP/2.0" :
	    head->minor ? "HTTP/1.1" : "HTTP/1.0";
}

/* What the request says; of one that made no sense, not even its method. */
static struct access_entry
entry_of(const struct request *request)
{
	const struct head *head = &request->head;
	struct access_entry entry = {
		.client = request->from.host,
		.user = request->who.user ? request->who.user
		    : request->certified,
		.bytes = (uint64_t)request->sent,
		.status = request->status,
		.ms = (metrics_clock() - request->since) / 1000,
	};

	if (!head->method)
		return entry;
	entry.method = head->method;
	entry.target = head->target;
	entry.version = version_of(head);
	entry.host = head->host;
	entry.referer = head_get(head, "referer");
	entry.agent = head_get(head, "user-agent");
	return entry;
}

void
seen_request(const struct request *request)
{
	const struct head *head = &request->head;
	int status = request->status ? request->status : SEEN_LEFT;
	struct access_entry entry;
	int rejected;

	if (request->upgraded)
		return;
	rejected = head->method && head_upgrades(head) == 1;
	metrics_request(status, metrics_clock() - request->since);
	if (rejected)
		metrics_add(METRIC_REJECTED, 1);
	if (!access_is_open())
		return;
	entry = entry_of(request);
	entry.status = status;
	if (rejected)
		entry.event = "WSREJECT";
	access_log(&entry);
}

/* --- WebSockets ----------------------------------------------------------- */

static size_t
size_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Copy text to *at, which moves behind it. */
static const char *
keep(char **at, const char *text)
{
	char *copy = *at;
	size_t n = size_of(text);

	if (!text)
		return NULL;
	memcpy(copy, text, n);
	*at += n;
	return copy;
}

static struct seen *
keep_words(const struct access_entry *entry)
{
	struct seen *seen = malloc(sizeof(*seen) + size_of(entry->client) +
	    size_of(entry->user) + size_of(entry->target) +
	    size_of(entry->host) + size_of(entry->referer) +
	    size_of(entry->agent));
	char *at;

	if (!seen)
		say_memory();
	at = seen->words;
	seen->since = ch_clock();
	seen->client = keep(&at, entry->client);
	seen->user = keep(&at, entry->user);
	seen->target = keep(&at, entry->target);
	seen->version = entry->version;
	seen->host = keep(&at, entry->host);
	seen->referer = keep(&at, entry->referer);
	seen->agent = keep(&at, entry->agent);
	return seen;
}

void
seen_upgrade(struct request *request, struct client *client)
{
	struct access_entry entry;

	request->upgraded = 1;
	client->counted = 1;
	metrics_request(101, metrics_clock() - request->since);
	metrics_add(METRIC_WEBSOCKETS, 1);
	metrics_add(METRIC_WEBSOCKETS_NOW, 1);
	if (!access_is_open())
		return;
	entry = entry_of(request);
	entry.event = "WSCONNECT";
	entry.status = 101;
	client->seen = keep_words(&entry);
	access_log(&entry);
}

void
seen_end(struct client *client)
{
	const struct seen *seen = client->seen;

	if (client->counted)
		metrics_add(METRIC_WEBSOCKETS_NOW, -1);
	if (seen) {
		struct access_entry entry = {
			.event = "WSDISCONNECT",
			.client = seen->client,
			.user = seen->user,
			.target = seen->target,
			.version = seen->version,
			.host = seen->host,
			.referer = seen->referer,
			.agent = seen->agent,
			.status = (int)client->code,
			.bytes = client->sent,
			.ms = ch_clock() - seen->since,
		};

		access_log(&entry);
	}
	free(client->seen);
	client->seen = NULL;
}
