/* WebSocket handshakes, held until a consumer has answered. */
#include "chserve/upgrade.h"

#include "chserve/answer.h"
#include "chserve/bridge.h"
#include "chserve/clients.h"
#include "chserve/conn.h"
#include "chserve/metrics.h"
#include "chserve/seen.h"
#include "chserve/serve.h"
#include "chserve/session.h"

#include "common/say.h"

#include <stdlib.h>

/* A request that waits, and the client that it is for the consumers. */
struct upgrade {
	struct due due; /* first: a due is its upgrade */
	struct request *request;
	struct client *client;
};

static void unanswered(struct due *due);
static void over(struct request *request);
static int wire_accept(struct client *client);
static void wire_reject(struct client *client);
static void wire_nothing(struct client *client);
static void wire_pause(struct client *client, int paused);

static const struct client_wire wire = {
	.accept = wire_accept,
	.reject = wire_reject,
	.flush = wire_nothing,
	.pause = wire_pause,
	.kill = wire_nothing,
};

static const struct request_taker taker = { NULL, NULL, over };
static struct due_queue holds = { .expired = unanswered };

/* It waits no more; who the client is, is up to the caller. */
static struct request *
end(struct upgrade *upgrade)
{
	struct request *request = upgrade->request;

	request_let_go(request);
	due_clear(&upgrade->due);
	free(upgrade);
	return request;
}

static void
refuse(struct upgrade *upgrade, int status)
{
	client_over(upgrade->client);
	answer_words(end(upgrade), status, NULL);
}

/* The consumer did not answer in time. */
static void
unanswered(struct due *due)
{
	struct upgrade *upgrade = (struct upgrade *)due;

	say_more("%s %s: no answer in time", EVENT_CONNECT,
	    upgrade->request->head.path);
	refuse(upgrade, 403);
}

/* The peer left. */
static void
over(struct request *request)
{
	struct upgrade *upgrade = request->taken;

	client_over(upgrade->client);
	end(upgrade);
}

void
upgrade_stop(struct request *request)
{
	if (request->taker == &taker)
		refuse(request->taken, 503);
}

static void
hold(struct request *request, struct client *client)
{
	struct upgrade *upgrade = calloc(1, sizeof(*upgrade));

	if (!upgrade)
		say_memory();
	upgrade->request = request;
	upgrade->client = client;
	client->wire = &wire;
	client->end = upgrade;
	request_take(request, &taker, upgrade);
	due_set(&holds, &upgrade->due, serve_settings->connect_timeout);
}

void
upgrade_begin(struct request *request)
{
	struct event_from from = { &request->head, request->scheme,
		serve_settings->root_path, &request->from, &request->to,
		request->certified, &request->who };
	struct ch_err err = CH_ERR_INIT;
	struct client *client;
	int rc;

	if (!serve_lets_in(request)) {
		say_more("origin %s refused",
		    head_get(&request->head, "origin"));
		metrics_add(METRIC_REFUSED_ORIGIN, 1);
		answer_words(request, 403, NULL);
		return;
	}
	if (conn_is_stopping()) {
		answer_words(request, 503, NULL);
		return;
	}
	session_find(request);
	if (!session_lets_in(request)) {
		answer_words(request, 403, NULL);
		return;
	}
	client = clients_new(request->head.path);
	rc = offer_read(&client->offer, &request->head);
	if (rc) {
		clients_free(client);
		answer_words(request, rc, NULL);
		return;
	}
	who_become(&client->who, &request->who);
	rc = session_join(&client->box, &client->who, &err);
	if (rc == CH_OK)
		rc = bridge_connect(client, &from, &err);
	if (rc == CH_OK) {
		hold(request, client);
		return;
	}
	say_more("%s: %s", EVENT_CONNECT, err.text);
	clients_free(client);
	answer_words(request, rc == CH_NONE ? 403 : 503, NULL);
}

/* --- the wire of a client that waits -------------------------------------- */

static int
wire_accept(struct client *client)
{
	struct request *request = end(client->end);

	seen_upgrade(request, client);
	return request->wire->upgrade(request, client);
}

static void
wire_reject(struct client *client)
{
	answer_words(end(client->end), 403, NULL);
}

static void
wire_nothing(struct client *client)
{
	(void)client;
}

static void
wire_pause(struct client *client, int paused)
{
	(void)client, (void)paused;
}
