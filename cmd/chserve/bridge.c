/* Between the channel layer and the clients. */
#include "chserve/bridge.h"

#include "chserve/clients.h"
#include "chserve/metrics.h"
#include "chserve/spool.h"
#include "common/owner.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define BATCH 1024
#define TURN_BATCHES 128    /* then others have their turn */
#define FLUSH 512           /* clients written to between two looks */
#define LOOK_MS 30000       /* the look that every sleeper takes */
#define REST_MS 1000        /* after the layer failed */
#define SWEEP_LOOKS 2       /* a sweep every so many looks */
#define SWEEP_IDLE 3600000  /* unused channels go after an hour */

static void bell_ready(struct watch *watch, uint32_t ready);
static void look(struct due *due);

static struct ch_layer *layer;
static struct ch_receiver *receiver;
static struct watch bell = { .fd = -1, .ready = bell_ready };
static int listening; /* the bell is being watched */
static struct due_queue looks = { .expired = look };
static struct due next_look;
static unsigned looked;
static struct ch_buf scratch = CH_BUF_INIT; /* a message on its way out */

/*
 * The reply read last. The messages of one group send have the same text, so
 * it is read once and its frame built once for all of them.
 */
static struct {
	const char *text;
	struct event_reply reply;
	const char *wrong;
	struct frame *frame;
} last = { NULL, EVENT_REPLY_INIT, NULL, NULL };

/* --- from the layer ------------------------------------------------------- */

static void
forget_last(void)
{
	last.text = NULL;
	frame_put(last.frame);
	last.frame = NULL;
}

static void
read_reply(const struct ch_message *message)
{
	struct event_reply *reply = &last.reply;

	forget_last();
	last.text = message->text;
	last.wrong = event_read(reply, message->text, message->len);
	if (last.wrong) {
		say_error("reply to %s ignored: %s", message->channel,
		    last.wrong);
		return;
	}
	if (reply->odd)
		say_error("reply to %s: %s", message->channel, reply->odd);
	if (!reply->has_data)
		return;
	last.frame = frame_new(reply->binary ? FRAME_BINARY : FRAME_TEXT,
	    reply->data.data ? reply->data.data : "", reply->data.len);
	if (!last.frame)
		say_memory();
}

/* A group gained or lost a mailbox of ours, or of one that is gone. */
static void
notice(struct mailbox *box, const struct ch_message *message)
{
	if (!box && message->kind == CH_JOINED) /* it left before it joined */
		ch_group_discard(layer, message->text, message->channel, NULL);
	else if (box && message->kind == CH_JOINED)
		mailbox_joined(box, message->text);
	else if (box)
		mailbox_left(box, message->text);
}

static void
deliver(const struct ch_message *message)
{
	struct mailbox *box = mailbox_find(message->channel);

	if (message->kind != CH_MESSAGE) {
		notice(box, message);
		return;
	}
	metrics_add(box ? METRIC_MESSAGES_OUT : METRIC_DROPPED, 1);
	if (!box) {
		say_more("message for %s: it is gone", message->channel);
	} else if (box->deliver) {
		box->deliver(box, message);
	} else {
		if (message->text != last.text)
			read_reply(message);
		if (!last.wrong)
			client_do((struct client *)box, &last.reply,
			    last.frame);
	}
}

static void
rest(void)
{
	if (listening)
		loop_remove(&bell);
	listening = 0;
	due_set(&looks, &next_look, REST_MS);
}

/* Deliver what is there, as long as there are batches left. */
static int
take(int *batches, struct ch_err *err)
{
	static struct ch_message messages[BATCH];
	int rc = CH_OK;
	size_t got, i;

	while (rc == CH_OK && (*batches)-- > 0) {
		rc = ch_receive_many(receiver, messages, BATCH, &got, CH_NOW,
		    err);
		for (i = 0; rc == CH_OK && i < got; i++)
			deliver(&messages[i]);
		forget_last();
	}
	return rc;
}

/*
 * While many clients are written to, more comes for them: a look now and then
 * puts it into the same writes for all that still wait.
 */
void
bridge_drain(void)
{
	struct ch_err err = CH_ERR_INIT;
	int rc, batches = TURN_BATCHES;

	do {
		rc = take(&batches, &err);
	} while (clients_flush_some(FLUSH) && rc == CH_TIMEOUT);
	clients_flush();
	if (rc == CH_OK) {
		due_set(&looks, &next_look, 1);
	} else if (rc != CH_TIMEOUT) {
		say_status(rc, &err);
		rest();
	}
}

static void
bell_ready(struct watch *watch, uint32_t ready)
{
	(void)watch, (void)ready;
	bridge_drain();
}

static void
sweep(void)
{
	ch_sweep(layer, SWEEP_IDLE, NULL, NULL);
	spool_sweep();
}

static void
look(struct due *due)
{
	due_set(&looks, due, LOOK_MS);
	if (!listening)
		listening = loop_add_first(&bell) == 0;
	if (++looked % SWEEP_LOOKS == 0)
		sweep();
	bridge_drain();
}

int
bridge_open(struct ch_layer *on, struct ch_err *err)
{
	const char *const names[] = { mailbox_prefix[MAILBOX_WEBSOCKET],
		mailbox_prefix[MAILBOX_HTTP] };
	int rc;

	layer = on;
	rc = ch_own_random(layer, "websocket.send",
	    mailbox_prefix[MAILBOX_WEBSOCKET], err);
	if (rc == CH_OK)
		rc = ch_own_random(layer, "http.response",
		    mailbox_prefix[MAILBOX_HTTP], err);
	if (rc == CH_OK)
		rc = ch_receiver_new(&receiver, layer, names, 2, CH_NOTICES,
		    err);
	if (rc != CH_OK)
		return rc;
	sweep(); /* a server before us may have left connections behind */
	bell.fd = ch_receiver_fd(receiver);
	due_set(&looks, &next_look, LOOK_MS);
	bridge_drain(); /* look before sleeping */
	listening = loop_add_first(&bell) == 0;
	return CH_OK;
}

void
bridge_close(void)
{
	due_clear(&next_look);
	if (listening)
		loop_remove(&bell);
	listening = 0;
	ch_receiver_free(receiver);
	receiver = NULL;
	event_release(&last.reply);
	ch_buf_release(&scratch);
}

/* --- to the layer --------------------------------------------------------- */

static struct event_of
event_of(const struct client *client)
{
	return (struct event_of){ client->box.channel, client->path,
		client->order, &client->who };
}

/* Nobody has to take these: the oldest make room, for those who watch. */
void
bridge_tell(const char *channel, const struct ch_buf *message)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED | CH_DROP_OLDEST };
	struct ch_err err = CH_ERR_INIT;

	if (ch_send(layer, channel, message->data, message->len, &opts,
		&err) == CH_OK)
		metrics_add(METRIC_MESSAGES_IN, 1);
	else
		say_more("%s: %s", channel, err.text);
}

int
bridge_send(const char *channel, const struct ch_buf *message,
    struct ch_err *err)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	int rc = ch_send(layer, channel, message->data, message->len, &opts,
	    err);

	if (rc == CH_OK)
		metrics_add(METRIC_MESSAGES_IN, 1);
	else if (rc == CH_FULL)
		metrics_add(METRIC_FULL, 1);
	return rc;
}

int
bridge_new_channel(const char *pattern, char name[CH_NAME_MAX + 1],
    struct ch_err *err)
{
	return ch_new_channel(layer, pattern, name, err);
}

static void
write_disconnect(const struct client *client, unsigned code)
{
	struct event_of of = event_of(client);

	ch_buf_clear(&scratch);
	event_disconnect(&scratch, &of, code);
}

/* Leave (again) the disconnect to be sent in case that we die. */
static void
leave_will(const struct client *client)
{
	write_disconnect(client, CODE_LOST);
	ch_will(layer, client->box.channel, EVENT_DISCONNECT, scratch.data,
	    scratch.len, NULL);
}

static void
take_will_back(const struct client *client)
{
	ch_will(layer, client->box.channel, EVENT_DISCONNECT, NULL, 0, NULL);
}

/* The will comes first: whoever was told of the client is told of its end. */
int
bridge_connect(struct client *client, const struct event_from *from,
    struct ch_err *err)
{
	struct event_of of = event_of(client);
	int rc;

	client->order++;
	leave_will(client);
	ch_buf_clear(&scratch);
	event_connect(&scratch, &of, from, &client->offer);
	rc = bridge_send(EVENT_CONNECT, &scratch, err);
	if (rc != CH_OK)
		take_will_back(client);
	return rc;
}

int
bridge_receive(struct client *client, struct ch_err *err)
{
	struct event_of of = event_of(client);
	int rc;

	ch_buf_clear(&scratch);
	event_receive(&scratch, &of,
	    client->message.data ? client->message.data : "",
	    client->message.len, client->binary);
	rc = bridge_send(EVENT_RECEIVE, &scratch, err);
	if (rc == CH_OK) {
		client->order++;
		leave_will(client);
	}
	return rc;
}

void
bridge_disconnect(struct client *client)
{
	struct ch_err err = CH_ERR_INIT;
	int rc;

	write_disconnect(client, client->code);
	rc = bridge_send(EVENT_DISCONNECT, &scratch, &err);
	if (rc == CH_FULL)
		say_more("%s", err.text); /* nobody has to take them */
	else if (rc != CH_OK)
		say_status(rc, &err);
	take_will_back(client);
}

static int
note_waiting(void *arg, const struct ch_channel_stat *stat)
{
	*(uint64_t *)arg = stat->waiting;
	return 0;
}

int
bridge_is_awaited(const char *channel)
{
	uint64_t waiting = 0;

	ch_stat_channels(layer, channel, note_waiting, &waiting, NULL);
	return waiting > 0;
}

/* Of ours we know it; others are asked for their server. */
int
bridge_lives(const char *channel)
{
	size_t i;

	for (i = 0; i < MAILBOX_KINDS; i++)
		if (strncmp(channel, mailbox_prefix[i],
			strlen(mailbox_prefix[i])) == 0)
			return mailbox_find(channel) != NULL;
	return owner_lives(layer, channel);
}

int
bridge_join(struct mailbox *box, const char *group, struct ch_err *err)
{
	return ch_group_add(layer, group, box->channel, err);
}

void
bridge_leave(struct mailbox *box)
{
	size_t i;

	for (i = 0; i < box->n_groups; i++)
		ch_group_discard(layer, box->groups[i], box->channel, NULL);
}

void
bridge_tell_group(const char *group, const char *text)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	struct ch_err err = CH_ERR_INIT;

	if (ch_group_send(layer, group, text, strlen(text), &opts, NULL,
		&err) != CH_OK)
		say_more("%s: %s", group, err.text);
}
