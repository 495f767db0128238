/* One WebSocket connection: what it may do in which state. */
#include "chserve/client.h"

#include "chserve/bridge.h"
#include "chserve/clients.h"
#include "chserve/metrics.h"
#include "chserve/seen.h"
#include "chserve/session.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define FAREWELL_MS 5000 /* for what it still gets, and its close frame */
#define FAILURE_MS 2000  /* for it to see that it was closed */


static void ask(struct due *due);
static void give_up(struct due *due);
static void outlive(struct due *due);
static void end(struct due *due);

struct client_settings client_settings = {
	.ping_interval = 20000,
	.ping_timeout = 30000,
	.gather_timeout = 60000,
};

static struct due_queue silent = { .expired = ask };
static struct due_queue asked = { .expired = give_up };
static struct due_queue lives = { .expired = outlive };
static struct due_queue farewells = { .expired = end };
static struct due_queue failures = { .expired = end };
static struct client *touched, **touched_end = &touched;

#define client_of(due_, member) \
	((struct client *)(void *)((char *)(due_) - \
	    offsetof(struct client, member)))

/* --- going out ------------------------------------------------------------ */

static void
touch(struct client *client)
{
	if (client->touched)
		return;
	client->touched = 1;
	client->next_touched = NULL;
	*touched_end = client;
	touched_end = &client->next_touched;
}

static void
untouch(struct client *client)
{
	struct client **at = &touched;

	if (!client->touched)
		return;
	while (*at != client)
		at = &(*at)->next_touched;
	*at = client->next_touched;
	if (!*at)
		touched_end = at;
	client->touched = 0;
}

int
clients_flush_some(size_t max)
{
	struct client *client;

	for (; (client = touched) && max; max--) {
		untouch(client);
		client->wire->flush(client);
		client_weigh(client);
	}
	return touched != NULL;
}

void
clients_flush(void)
{
	while (clients_flush_some(SIZE_MAX))
		continue;
}

static void
grow_queue(struct client *client)
{
	size_t size = client->queue_size ? client->queue_size * 2 : 8, i;
	struct frame **more = malloc(size * sizeof(*more));

	if (!more)
		say_memory();
	for (i = 0; i < client->queue_n; i++)
		more[i] = client->queue[(client->queue_at + i) &
		    (client->queue_size - 1)];
	free(client->queue);
	client->queue = more;
	client->queue_at = 0;
	client->queue_size = size;
}

static void
enqueue(struct client *client, struct frame *frame)
{
	frame = frame_for(frame, client->window);
	if (client->queue_n &&
	    client->queue_bytes + frame->len > CLIENT_QUEUE_MAX) {
		metrics_add(METRIC_CLOSED_SLOW, 1);
		client_cut(client, CODE_TOO_SLOW);
		return;
	}
	if (client->queue_n == client->queue_size)
		grow_queue(client);
	client->queue[(client->queue_at + client->queue_n++) &
	    (client->queue_size - 1)] = frame_get(frame);
	client->queue_bytes += frame->len;
	client->n_pongs += frame_is(frame, FRAME_PONG);
	touch(client);
}

static struct frame *
take_first(struct client *client)
{
	struct frame *frame = client->queue[client->queue_at];

	client->queue_at = (client->queue_at + 1) & (client->queue_size - 1);
	client->queue_bytes -= frame->len;
	client->n_pongs -= frame_is(frame, FRAME_PONG);
	if (--client->queue_n == 0) {
		free(client->queue);
		client->queue = NULL;
		client->queue_at = client->queue_size = 0;
	}
	return frame;
}

struct frame *
client_next(struct client *client)
{
	struct frame *frame = take_first(client);

	client->sent += frame->len;
	metrics_add(METRIC_BYTES_OUT, (int64_t)frame->len);
	return frame;
}

void
client_forget(struct client *client)
{
	while (client->queue_n)
		frame_put(take_first(client));
}

/* --- what it holds -------------------------------------------------------- */

/* A message as small as can be kept for the next one, and a path, are none. */
void
client_weigh(struct client *client)
{
	size_t path = strlen(client->path), message = client->message.size;

	if (path <= CLIENT_KEEP_MAX)
		path = 0;
	if (message <= CLIENT_KEEP_MAX)
		message = 0;
	budget_set(&client->share, path + message + client->below,
	    client->queue_bytes);
}

/* What its wire holds goes only with the connection. */
void
client_weighs_much(struct budget_share *share)
{
	struct client *client = client_of(share, share);

	if (client->state == CLIENT_WAITING)
		return; /* not for long */
	client_cut(client, client->queue_n || client->below ? CODE_TOO_SLOW :
	    CODE_TRY_LATER);
	ch_buf_release(&client->message);
	client_weigh(client);
	if (client->below)
		client->wire->kill(client);
	clients_flush();
}

/* --- its life ------------------------------------------------------------- */

/* The consumer's choice among what it offers, else the server's. */
static const char *
subprotocol(const struct client *client, const struct event_reply *reply)
{
	const struct offer *offer = &client->offer;
	const char *chosen;

	if (!reply->has_subprotocol)
		return offer_first(offer, client_settings.subprotocols.items,
		    client_settings.subprotocols.n);
	if (!reply->subprotocol.len)
		return "";
	chosen = offer_find(offer, reply->subprotocol.data);
	if (chosen)
		return chosen;
	say_error("%s: subprotocol %s was not offered", client->box.channel,
	    reply->subprotocol.data);
	return "";
}

static int
accept_client(struct client *client, const struct event_reply *reply)
{
	const struct offer *offer = &client->offer;
	int rc;

	client->agreed = (struct ws_offer){
		.key = offer->key ? offer->key : "",
		.subprotocol = subprotocol(client, reply),
		.window = client_settings.no_deflate ? 0 : offer->window,
		.says_window = offer->says_window,
		.fields = reply->fields.len ? reply->fields.data : "",
	};
	client->window = client->agreed.window;
	rc = client->wire->accept(client);
	memset(&client->agreed, 0, sizeof(client->agreed));
	offer_release(&client->offer);
	if (rc) {
		client_over(client);
		return -1;
	}
	client->state = CLIENT_OPEN;
	client_heard(client);
	if (client_settings.lifetime)
		due_set(&lives, &client->life, client_settings.lifetime);
	return 0;
}

void
client_do(struct client *client, const struct event_reply *reply,
    struct frame *frame)
{
	unsigned actions;

	if (client->state > CLIENT_OPEN)
		return;
	actions = event_actions(reply, client->state == CLIENT_WAITING);
	if (actions & EVENT_REJECT) {
		client->wire->reject(client);
		client_over(client);
		return;
	}
	if (actions & EVENT_ACCEPT && accept_client(client, reply))
		return;
	if (actions & EVENT_SEND)
		enqueue(client, frame);
	if (actions & EVENT_CLOSE)
		client_close(client, reply->close);
}

void
client_close(struct client *client, unsigned code)
{
	if (client->state != CLIENT_OPEN)
		return;
	client->state = CLIENT_CLOSING;
	client->code = code;
	due_clear(&client->retry);
	due_set(&farewells, &client->keep, FAREWELL_MS);
	touch(client);
}

void
client_cut(struct client *client, unsigned code)
{
	client_forget(client);
	due_clear(&client->gather);
	ch_buf_release(&client->message);
	if (client->state != CLIENT_OPEN)
		return; /* it is closing already, the other way */
	client_close(client, code);
	client->cut = 1;
	due_set(&failures, &client->keep, FAILURE_MS);
}

void
client_wrong(struct client *client, unsigned code)
{
	if (client->state != CLIENT_OPEN)
		return;
	client->code = code;
	due_set(&failures, &client->keep, FAILURE_MS);
}

void
client_closed_by_peer(struct client *client, unsigned code)
{
	if (client->state == CLIENT_OPEN)
		client->code = code;
	client->state = CLIENT_CLOSING;
	due_clear(&client->retry);
	due_set(&farewells, &client->keep, FAREWELL_MS);
	client_forget(client);
}

void
client_over(struct client *client)
{
	client->state = CLIENT_OVER;
	if (!client->code)
		client->code = CODE_LOST;
	untouch(client);
	bridge_leave(&client->box);
	bridge_disconnect(client);
	session_leave(client);
	seen_end(client);
	clients_free(client);
}

/* --- keeping alive -------------------------------------------------------- */

/* Too many pings, that is, even if their pongs are read. */
static int
floods(struct client *client)
{
	int64_t now = ch_clock();

	if (client->pings_due < now)
		client->pings_due = now;
	client->pings_due += CLIENT_PING_MS;
	return client->pings_due > now + CLIENT_PINGS_MAX * CLIENT_PING_MS;
}

void
client_ping(struct client *client, const char *payload, size_t n)
{
	struct frame *pong;

	if (client->state != CLIENT_OPEN)
		return;
	client_heard(client);
	if (floods(client)) {
		client_cut(client, CODE_TOO_SLOW);
		return;
	}
	pong = frame_new(FRAME_PONG, payload, n);
	if (!pong)
		say_memory();
	enqueue(client, pong);
	frame_put(pong);
	if (client->n_pongs > CLIENT_PONGS_MAX)
		client->wire->flush(client);
	if (client->n_pongs <= CLIENT_PONGS_MAX)
		return;
	metrics_add(METRIC_CLOSED_SLOW, 1);
	client_cut(client, CODE_TOO_SLOW);
}

void
client_heard(struct client *client)
{
	if (client_settings.ping_interval && client->state == CLIENT_OPEN &&
	    !client->code)
		due_set(&silent, &client->keep, client_settings.ping_interval);
}

static void
ask(struct due *due)
{
	static struct frame *ping;
	struct client *client = client_of(due, keep);

	if (!ping)
		ping = frame_new(FRAME_PING, "chserve", 7);
	if (!ping)
		say_memory();
	if (client_settings.ping_timeout)
		due_set(&asked, due, client_settings.ping_timeout);
	else
		client_heard(client); /* which it was not, but may never be */
	if (client->state == CLIENT_OPEN)
		enqueue(client, ping);
	session_used(client);
	clients_flush();
}

static void
give_up(struct due *due)
{
	struct client *client = client_of(due, keep);

	if (client->state == CLIENT_OPEN)
		client->code = CODE_LOST;
	client->state = CLIENT_CLOSING;
	client->wire->kill(client);
}

/* It had its time to close, too. */
static void
end(struct due *due)
{
	struct client *client = client_of(due, keep);

	client->wire->kill(client);
}

static void
outlive(struct due *due)
{
	client_close(client_of(due, life), CODE_GOING_AWAY);
	clients_flush();
}

int
client_spare(void)
{
	struct due *due = failures.first;

	if (!due)
		return 0;
	due_clear(due);
	end(due);
	return 1;
}
