/* One WebSocket connection: what it may do in which state. */
#include "chserve/client.h"

#include "chserve/bridge.h"
#include "chserve/clients.h"
#include "common/json.h"
#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define PING_MS 20000       /* after so long a silence it is asked */
#define PONG_MS 30000       /* and given up after this */
#define RETRY_MS 50         /* a full websocket.receive is tried again */
#define PATIENCE_MS 5000    /* and given up after this */

static void ask(struct due *due);
static void give_up(struct due *due);
static void retry(struct due *due);

size_t client_message_max = CH_MESSAGE_MAX;

static struct due_queue silent = { .expired = ask };
static struct due_queue asked = { .expired = give_up };
static struct due_queue stuck = { .expired = retry };
static struct client *touched;

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
	client->next_touched = touched;
	touched = client;
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
	client->touched = 0;
}

void
clients_flush(void)
{
	struct client *client;

	while ((client = touched)) {
		touched = client->next_touched;
		client->touched = 0;
		client->wire->flush(client);
	}
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
	if (client->queue_n &&
	    client->queue_bytes + frame->len > CLIENT_QUEUE_MAX) {
		client_cut(client, CODE_TOO_SLOW);
		return;
	}
	if (client->queue_n == client->queue_size)
		grow_queue(client);
	client->queue[(client->queue_at + client->queue_n++) &
	    (client->queue_size - 1)] = frame_get(frame);
	client->queue_bytes += frame->len;
	touch(client);
}

struct frame *
client_next(struct client *client)
{
	struct frame *frame = client->queue[client->queue_at];

	client->queue_at = (client->queue_at + 1) & (client->queue_size - 1);
	client->queue_bytes -= frame->len;
	if (--client->queue_n == 0) {
		free(client->queue);
		client->queue = NULL;
		client->queue_at = client->queue_size = 0;
	}
	return frame;
}

static void
drop_queue(struct client *client)
{
	while (client->queue_n)
		frame_put(client_next(client));
}

/* --- its life ------------------------------------------------------------- */

static int
accept_client(struct client *client)
{
	if (client->wire->accept(client)) {
		client_over(client);
		return -1;
	}
	client->state = CLIENT_OPEN;
	due_set(&silent, &client->keep, PING_MS);
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
	if (actions & EVENT_ACCEPT && accept_client(client))
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
	touch(client);
}

void
client_cut(struct client *client, unsigned code)
{
	client_close(client, code);
	drop_queue(client);
}

void
client_closed_by_peer(struct client *client, unsigned code)
{
	if (client->state == CLIENT_OPEN)
		client->code = code;
	client->state = CLIENT_CLOSING;
	due_clear(&client->retry);
	drop_queue(client);
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
	clients_free(client);
}

/* --- coming in ------------------------------------------------------------ */

static void
pause_client(struct client *client, int paused)
{
	client->paused = paused;
	client->wire->pause(client, paused);
	if (!paused)
		return;
	client->paused_since = ch_clock();
	due_set(&stuck, &client->retry, RETRY_MS);
}

/* Pass the gathered message on. CH_OK also if that is to be tried again. */
static int
pass_on(struct client *client)
{
	struct ch_err err = CH_ERR_INIT;
	int rc = bridge_receive(client, &err);

	if (rc == CH_OK) {
		if (client->message.size > CLIENT_KEEP_MAX)
			ch_buf_release(&client->message);
		ch_buf_clear(&client->message);
		return CH_OK;
	}
	if (rc == CH_REFUSED)
		return rc;
	if (!client->paused) {
		say_more("%s: %s", client->box.channel, err.text);
		pause_client(client, 1);
		return CH_OK;
	}
	if (ch_clock() - client->paused_since >= PATIENCE_MS)
		return rc;
	due_set(&stuck, &client->retry, RETRY_MS);
	return CH_OK;
}

/* The close code for a message that the layer does not take. */
static unsigned
code_for(int status)
{
	return status == CH_REFUSED ? CODE_TOO_BIG :
	    status == CH_FULL ? CODE_TRY_LATER : CODE_INTERNAL;
}

static void
retry(struct due *due)
{
	struct client *client = client_of(due, retry);
	int rc = pass_on(client);

	if (rc != CH_OK)
		client_cut(client, code_for(rc));
	if (!due->queue && client->paused) /* it went through, or it is over */
		pause_client(client, 0);
	clients_flush();
}

unsigned
client_data(struct client *client, const char *data, size_t len, int binary,
    int final)
{
	struct ch_buf *message = &client->message;
	int rc;

	if (client->state != CLIENT_OPEN)
		return 0;
	client_heard(client);
	if (message->len + len > client_message_max)
		return CODE_TOO_BIG;
	put_bytes(message, data, len);
	if (!final)
		return 0;
	client->binary = binary;
	if (!binary && json_utf8(message->data, message->len) != message->len)
		return CODE_BAD_TEXT;
	rc = pass_on(client);
	return rc == CH_OK ? 0 : code_for(rc);
}

/* --- keeping alive -------------------------------------------------------- */

void
client_heard(struct client *client)
{
	due_set(&silent, &client->keep, PING_MS);
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
	due_set(&asked, due, PONG_MS);
	if (client->state == CLIENT_OPEN)
		enqueue(client, ping);
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
