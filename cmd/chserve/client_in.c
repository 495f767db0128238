/* One WebSocket connection: what comes from it becomes messages. */
#include "chserve/client.h"

#include "chserve/bridge.h"
#include "chserve/deflate.h"
#include "chserve/metrics.h"
#include "chserve/session.h"
#include "common/json.h"
#include "common/put.h"
#include "common/say.h"

#include <string.h>

#define RETRY_MS 50         /* a full websocket.receive is tried again */
#define PATIENCE_MS 5000    /* and given up after this */
#define PIECES_MAX 1000     /* of a message, where they are smaller */
#define PIECE_LEAST 32      /* on average, than this */
#define GATHER_PIECE 8192   /* so much more of a message is awaited */
#define KEEP_INFLATED 65536 /* memory that is kept for the next message */

static void retry(struct due *due);
static void rested(struct due *due);
static void stalled(struct due *due);

size_t client_message_max = CH_MESSAGE_MAX;

static struct due_queue stuck = { .expired = retry };
static struct due_queue resting = { .expired = rested };
static struct due_queue gathers = { .expired = stalled };

#define client_of(due_, member) \
	((struct client *)(void *)((char *)(due_) - \
	    offsetof(struct client, member)))

/* --- passing it on -------------------------------------------------------- */

static void
pause_client(struct client *client, unsigned why)
{
	unsigned before = client->paused;

	client->paused = why;
	if (!before != !why)
		client->wire->pause(client, why != 0);
}

/*
 * What it spent counts in ms times the rate: a message costs 1,000 of them, as
 * many as its sender gets each ms are the rate, and a second's may be spent at
 * once.
 */
static void
spend(struct client *client)
{
	uint64_t rate = client_settings.message_rate, now, ahead;

	if (!rate)
		return;
	now = (uint64_t)ch_clock() * rate;
	client->spent = (client->spent > now ? client->spent : now) + 1000;
	ahead = client->spent - now;
	if (ahead + 1000 <= 1000 * rate || client->paused & PAUSE_RATE)
		return;
	metrics_add(METRIC_PAUSED, 1);
	pause_client(client, client->paused | PAUSE_RATE);
	due_set(&resting, &client->rest,
	    (int64_t)((ahead + 1000 - 1000 * rate) / rate) + 1);
}

static void
rested(struct due *due)
{
	struct client *client = client_of(due, rest);

	pause_client(client, client->paused & ~(unsigned)PAUSE_RATE);
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
		client_weigh(client);
		spend(client);
		session_used(client);
		return CH_OK;
	}
	if (rc == CH_REFUSED)
		return rc;
	if (!(client->paused & PAUSE_FULL)) {
		say_more("%s: %s", client->box.channel, err.text);
		pause_client(client, client->paused | PAUSE_FULL);
		client->paused_since = ch_clock();
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
	if (status == CH_FULL)
		metrics_add(METRIC_CLOSED_FULL, 1);
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
	if (!due->queue) /* it went through, or it is over */
		pause_client(client, client->paused & ~(unsigned)PAUSE_FULL);
	clients_flush();
}

/* --- gathering it --------------------------------------------------------- */

/* A message that has begun has to go on. */
static void
expect_more(struct client *client, size_t before, unsigned piece)
{
	if (piece & PIECE_LAST)
		due_clear(&client->gather);
	else if (piece & PIECE_FIRST ||
		 before / GATHER_PIECE != client->message.len / GATHER_PIECE)
		due_set(&gathers, &client->gather,
		    client_settings.gather_timeout);
}

static void
stalled(struct due *due)
{
	client_cut(client_of(due, gather), CODE_TOO_SLOW);
	clients_flush();
}

/* What is deflated may be a little longer than what it stands for. */
static size_t
size_limit(const struct client *client)
{
	size_t max = client_message_max;

	return client->deflated ? max + max / 64 + 64 : max;
}

/* Whether some bytes more would make a character of these, 1 to 3. */
static int
may_go_on(const char *bytes, size_t n)
{
	static const char next[] = { '\x80', '\x90', '\xa0' };
	char whole[4];
	size_t i, len;

	for (i = 0; i < sizeof(next); i++) {
		memset(whole, '\x80', sizeof(whole));
		memcpy(whole, bytes, n);
		whole[n] = next[i];
		for (len = n + 1; len <= sizeof(whole); len++)
			if (json_utf8(whole, len) == len)
				return 1;
	}
	return 0;
}

/* Whether it is text so far. */
static int
is_text(struct client *client, int whole)
{
	const struct ch_buf *message = &client->message;
	size_t left = message->len - client->sound;

	client->sound += json_utf8(message->data + client->sound, left);
	left = message->len - client->sound;
	return !left || (!whole && left < 4 &&
	    may_go_on(message->data + client->sound, left));
}

/* It is whole, and deflated. */
static unsigned
inflate_message(struct client *client)
{
	static struct ch_buf out = CH_BUF_INIT;
	struct ch_buf *message = &client->message;
	enum deflate_status status = deflate_unpack(&out,
	    message->data ? message->data : "", message->len,
	    client_message_max);

	if (status == DEFLATE_OK) {
		ch_buf_clear(message);
		put_bytes(message, out.data, out.len);
	}
	ch_buf_clear(&out);
	if (out.size > KEEP_INFLATED)
		ch_buf_release(&out);
	return status == DEFLATE_TOO_BIG ? CODE_TOO_BIG :
	    status == DEFLATE_UNSOUND ? CODE_BAD_TEXT : 0;
}

unsigned
client_data(struct client *client, const char *data, size_t len,
    unsigned piece)
{
	struct ch_buf *message = &client->message;
	unsigned code = 0;
	int rc;

	if (client->state != CLIENT_OPEN)
		return 0;
	client_heard(client);
	metrics_add(METRIC_BYTES_IN, (int64_t)len);
	if (piece & PIECE_FIRST) {
		client->binary = (piece & PIECE_BINARY) != 0;
		client->deflated = (piece & PIECE_DEFLATED) != 0;
		client->sound = client->n_pieces = 0;
	}
	if (message->len + len > size_limit(client))
		return CODE_TOO_BIG;
	put_bytes(message, data, len);
	if (++client->n_pieces > PIECES_MAX &&
	    message->len / client->n_pieces < PIECE_LEAST)
		return CODE_TOO_SLOW; /* they cost more than they bring */
	expect_more(client, message->len - len, piece);
	client_weigh(client);
	if (client->deflated && piece & PIECE_LAST)
		code = inflate_message(client);
	if (code)
		return code;
	if (!client->binary && (!client->deflated || piece & PIECE_LAST) &&
	    !is_text(client, piece & PIECE_LAST))
		return CODE_BAD_TEXT;
	if (!(piece & PIECE_LAST))
		return 0;
	rc = pass_on(client);
	return rc == CH_OK ? 0 : code_for(rc);
}
