/* A client's life between the bridge and a wire that only takes notes. */
#include "chserve/bridge.h"
#include "chserve/clients.h"

#include "common/put.h"
#include "tap.h"

#include <poll.h>
#include <stdlib.h>

#define WHOLE (PIECE_FIRST | PIECE_LAST)

static struct ch_layer *layer;
static struct ch_receiver *consumer;
static struct ch_buf notes = CH_BUF_INIT; /* what the wire was told */
static int fail_accept;
static int hold_back; /* the wire writes nothing */
static unsigned flushes;
static int flush_sends; /* the next flush sends to the group "many" */
static struct head head = { .query = "" };
static const struct event_peer peer = { "127.0.0.1", 1, 0 };
static const struct who nobody = { "", NULL, 0 };
static const struct event_from from = { &head, "http", "", &peer, &peer,
	NULL, &nobody };

static int
note_accept(struct client *client)
{
	(void)client;
	put_string(&notes, "accept ");
	return fail_accept ? -1 : 0;
}

static void
note_reject(struct client *client)
{
	(void)client;
	put_string(&notes, "reject ");
}

static void
note_flush(struct client *client)
{
	struct frame *frame;

	flushes++;
	if (flush_sends)
		ch_group_send(layer, "many", "{\"text\":\"2\"}", 12, NULL, NULL,
		    NULL);
	flush_sends = 0;
	while (client->queue_n && !hold_back) {
		frame = client_next(client);
		put_format(&notes, "%.*s ", (int)frame->len - 2,
		    (const char *)frame->bytes + 2);
		frame_put(frame);
	}
	if (client->state == CLIENT_CLOSING)
		put_format(&notes, "close:%u ", client->code);
}

static void
note_pause(struct client *client, int paused)
{
	(void)client;
	put_string(&notes, paused ? "pause " : "resume ");
}

static void
note_kill(struct client *client)
{
	(void)client;
	put_string(&notes, "kill ");
}

static const struct client_wire wire = { note_accept, note_reject, note_flush,
	note_pause, note_kill };

static struct client *
new_client(void)
{
	struct client *client = clients_new("/x");

	client->wire = &wire;
	is_int(bridge_connect(client, &from, NULL), CH_OK,
	    "a client connects");
	return client;
}

static void
reply(const char *channel, const char *text)
{
	ch_send(layer, channel, text, strlen(text), NULL, NULL);
	bridge_drain();
}

static struct client *
open_client(void)
{
	struct client *client = new_client();

	reply(client->box.channel, "{\"accept\":true}");
	is_int(client->state, CLIENT_OPEN, "it is accepted");
	ch_buf_clear(&notes);
	return client;
}

/* What the wire was told since the last time. */
static void
noted(const char *want, const char *what)
{
	is_str(notes.len ? notes.data : "", want, "%s", what);
	ch_buf_clear(&notes);
}

/* The next message to the consumers has this in it. */
static void
told(const char *channel, const char *part)
{
	struct ch_message message;
	int rc = ch_receive(consumer, &message, CH_NOW, NULL);

	if (ok(rc == CH_OK && strstr(message.text, part), "told: %s", part))
		is_str(message.channel, channel, "on %s", channel);
	else if (rc == CH_OK)
		printf("# got %s\n", message.text);
}

static void
told_nothing(void)
{
	struct ch_message message;

	is_int(ch_receive(consumer, &message, CH_NOW, NULL), CH_TIMEOUT,
	    "the consumers are told nothing more");
}

static void
test_accept(void)
{
	struct client *client = new_client();

	told(EVENT_CONNECT, "\"order\":0");
	noted("", "it waits");
	reply(client->box.channel, "{}");
	is_int(client->state, CLIENT_WAITING, "an empty reply says nothing");
	reply(client->box.channel, "{\"text\":\"hi\"}");
	noted("accept hi ", "data accepts, and is sent");
	reply(client->box.channel, "{\"text\":\"a\",\"bytes\":\"b\"}");
	noted("", "both kinds of data: ignored");
	reply(client->box.channel, "{\"text\":\"b\",\"close\":4000}");
	noted("b close:4000 ", "data, then the close");
	reply(client->box.channel, "{\"text\":\"late\"}");
	noted("", "nothing is sent to one that closes");
	client_over(client);
	told(EVENT_DISCONNECT, "\"order\":1,\"code\":4000");
	told_nothing();
}

static void
test_reject(void)
{
	struct client *client = new_client();
	char channel[CH_NAME_MAX + 1];

	told(EVENT_CONNECT, "");
	snprintf(channel, sizeof(channel), "%s", client->box.channel);
	reply(channel, "{\"close\":true}");
	noted("reject ", "a close refuses");
	told(EVENT_DISCONNECT, "\"code\":1006");
	is_int((int)mailbox_count(MAILBOX_WEBSOCKET), 0, "and it is gone");
	reply(channel, "{\"accept\":true}");
	noted("", "what comes later finds nobody");
}

static void
test_lost_while_accepted(void)
{
	struct client *client = new_client();

	told(EVENT_CONNECT, "");
	fail_accept = 1;
	reply(client->box.channel, "{\"text\":\"a\"}");
	fail_accept = 0;
	noted("accept ", "the wire has lost it");
	told(EVENT_DISCONNECT, "\"code\":1006");
	is_int((int)mailbox_count(MAILBOX_WEBSOCKET), 0, "and it is gone");
}

static void
test_data(void)
{
	struct client *client = open_client();

	told(EVENT_CONNECT, "");
	is_int(client_data(client, "one ", 4, PIECE_FIRST), 0, "a first piece");
	told_nothing();
	is_int(client_data(client, "two", 3, PIECE_LAST), 0, "the last one");
	told(EVENT_RECEIVE, "\"order\":1,\"text\":\"one two\"");
	is_int(client_data(client, "", 0, WHOLE), 0, "an empty message");
	told(EVENT_RECEIVE, "\"order\":2,\"text\":\"\"");
	is_int(client_data(client, "\xff", 1, WHOLE | PIECE_BINARY), 0,
	    "bytes");
	told(EVENT_RECEIVE, "\"order\":3,\"bytes\":\"\xef\xbf\xbf/w==\"");
	is_int(client_data(client, "\xe2\x82", 2, PIECE_FIRST), 0,
	    "half a letter");
	is_int(client_data(client, "", 0, PIECE_LAST), CODE_BAD_TEXT,
	    "and no other half");
	client_closed_by_peer(client, 1000);
	is_int(client_data(client, "x", 1, WHOLE), 0, "after the close");
	client_over(client);
	told(EVENT_DISCONNECT, "\"order\":4,\"code\":1000");
	told_nothing();
}

static void
test_limits(void)
{
	struct client *client = open_client();
	char *big = malloc(CH_MESSAGE_MAX + 1);
	struct event_reply send = EVENT_REPLY_INIT;
	struct frame *frame;
	int i;

	told(EVENT_CONNECT, "");
	memset(big, 'x', CH_MESSAGE_MAX + 1);
	is_int(client_data(client, big, CH_MESSAGE_MAX + 1, PIECE_FIRST),
	    CODE_TOO_BIG, "over the limit, before its end");
	is_int(client_data(client, big, CH_MESSAGE_MAX, WHOLE), CODE_TOO_BIG,
	    "within it, but not as a message");
	ch_buf_clear(&client->message);

	send.has_data = 1;
	frame = frame_new(FRAME_TEXT, big, CLIENT_QUEUE_MAX / 2);
	for (i = 0; i < 3; i++)
		client_do(client, &send, frame);
	is_int(client->state, CLIENT_CLOSING, "too much waits for it");
	is_int(client->code, CODE_TOO_SLOW, "so it is closed with 1008");
	is_int(client->queue_n, 0, "and nothing waits any more");
	is_int(frame->refs, 1, "nor is anything kept");
	frame_put(frame);
	client_over(client);
	told(EVENT_DISCONNECT, "\"code\":1008");
	free(big);
}

/* Let the deadlines pass that are set. */
static void
wait_for(enum client_state state, const struct client *client)
{
	struct pollfd wait = { .fd = loop_fd(), .events = POLLIN };

	while (client->state != state && poll(&wait, 1, 10000) > 0)
		loop_turn();
}

static void
test_stalled(void)
{
	struct client *client = open_client();

	told(EVENT_CONNECT, "");
	client_settings.gather_timeout = 20;
	is_int(client_data(client, "a", 1, PIECE_FIRST), 0, "it begins");
	is_int(client_data(client, "b", 1, PIECE_LAST), 0, "and ends");
	told(EVENT_RECEIVE, "\"text\":\"ab\"");
	is_int(client->gather.queue == NULL, 1, "nothing is awaited");
	is_int(client_data(client, "a", 1, PIECE_FIRST), 0, "it begins");
	wait_for(CLIENT_CLOSING, client);
	noted("close:1008 ", "a message that does not go on");
	client_settings.gather_timeout = 60000;
	client_over(client);
	told(EVENT_DISCONNECT, "\"code\":1008");
}

static void
test_pings(void)
{
	struct client *client = open_client();
	int i;

	told(EVENT_CONNECT, "");
	client_ping(client, "x", 1);
	clients_flush();
	noted("x ", "a ping is answered");
	hold_back = 1;
	for (i = 0; i < CLIENT_PONGS_MAX; i++)
		client_ping(client, "", 0);
	is_int(client->state, CLIENT_OPEN, "so many may wait");
	client_ping(client, "", 0);
	is_int(client->code, CODE_TOO_SLOW, "one more is too many");
	is_int(client->queue_n, 0, "none is kept");
	hold_back = 0;
	client_over(client);
	told(EVENT_DISCONNECT, "\"code\":1008");
	ch_buf_clear(&notes);
}

/* However well its pongs are read. */
static void
test_ping_flood(void)
{
	struct client *client = open_client();
	int n = 0;

	told(EVENT_CONNECT, "");
	while (client->state == CLIENT_OPEN && n < 4 * CLIENT_PINGS_MAX) {
		client_ping(client, "", 0);
		clients_flush();
		n++;
	}
	ok(n > CLIENT_PINGS_MAX, "many pings may come at once");
	is_int(client->code, CODE_TOO_SLOW, "but no more");
	client_over(client);
	told(EVENT_DISCONNECT, "\"code\":1008");
	ch_buf_clear(&notes);
}

static void
test_small_pieces(void)
{
	struct client *client = open_client();
	unsigned code = 0;
	int n;

	told(EVENT_CONNECT, "");
	for (n = 0; !code && n < 2000; n++)
		code = client_data(client, n % 2 ? "" : "x", n % 2 == 0,
		    n ? 0 : PIECE_FIRST);
	is_int(code, CODE_TOO_SLOW, "a message in too many, too small pieces");
	ok(n > 1000, "which some may be");
	client_over(client);
	told(EVENT_DISCONNECT, "");
	ch_buf_clear(&notes);
}

static void
test_rate(void)
{
	struct client *client = open_client();
	int i;

	told(EVENT_CONNECT, "");
	client_settings.message_rate = 3;
	for (i = 0; i < 3; i++) {
		client_data(client, "x", 1, WHOLE);
		told(EVENT_RECEIVE, "");
	}
	noted("pause ", "a second's at once, then it is not read from");
	ch_buf_clear(&notes);
	while (client->paused)
		loop_turn();
	noted("resume ", "until it may send again");
	client_settings.message_rate = 0;
	client_over(client);
	told(EVENT_DISCONNECT, "");
}

static void
test_groups(void)
{
	struct client *one = open_client(), *two = open_client();
	char channel[CH_NAME_MAX + 1];

	told(EVENT_CONNECT, "");
	told(EVENT_CONNECT, "");
	snprintf(channel, sizeof(channel), "%s", one->box.channel);
	ch_group_add(layer, "g", channel, NULL);
	ch_group_add(layer, "h", channel, NULL);
	ch_group_add(layer, "g", two->box.channel, NULL);
	bridge_drain();
	is_int(one->box.n_groups, 2, "a client knows its groups");
	ch_group_send(layer, "g", "{\"text\":\"all\"}", 14, NULL, NULL, NULL);
	bridge_drain();
	noted("all all ", "a group send reaches both");
	ch_group_discard(layer, "h", channel, NULL);
	bridge_drain();
	is_int(one->box.n_groups, 1, "and which it has left");
	client_over(one);
	is_int(ch_group_has(layer, "g", channel, NULL), CH_NONE,
	    "one that is gone is in no group");
	ch_group_add(layer, "g", channel, NULL);
	bridge_drain();
	is_int(ch_group_has(layer, "g", channel, NULL), CH_NONE,
	    "also when it was added later");
	told(EVENT_DISCONNECT, "");
	client_over(two);
	told(EVENT_DISCONNECT, "");
}

/* What comes while many are written to goes out with what still waits. */
static void
test_many(void)
{
	enum { MANY = 600, STEP = 512 };
	struct client *clients[MANY];
	struct ch_message message;
	size_t i;

	for (i = 0; i < MANY; i++) {
		clients[i] = clients_new("/");
		clients[i]->wire = &wire;
		bridge_connect(clients[i], &from, NULL);
		ch_send(layer, clients[i]->box.channel, "{\"accept\":true}", 15,
		    NULL, NULL);
		ch_group_add(layer, "many", clients[i]->box.channel, NULL);
	}
	bridge_drain();
	ch_buf_clear(&notes);
	flushes = 0;
	flush_sends = 1;
	reply(clients[0]->box.channel, "{\"text\":\"0\"}");
	is_int(flushes, 1, "one is written to");
	bridge_drain();
	is_int(flushes, 1 + MANY, "many are");
	flushes = 0;
	flush_sends = 1;
	ch_group_send(layer, "many", "{\"text\":\"1\"}", 12, NULL, NULL, NULL);
	bridge_drain();
	is_int(flushes, STEP + MANY, "a second message meets the first");
	is_int(notes.len, 2 + 3 * 2 * MANY, "and all get all of them");
	ch_buf_clear(&notes);
	for (i = 0; i < MANY; i++)
		client_over(clients[i]);
	while (ch_receive(consumer, &message, CH_NOW, NULL) == CH_OK)
		continue;
}

static void
test_names(void)
{
	struct client *one = clients_new("/"), *two;
	char channel[CH_NAME_MAX + 1];

	snprintf(channel, sizeof(channel), "%s", one->box.channel);
	ok(mailbox_find(channel) == &one->box, "found by its reply channel");
	clients_free(one);
	ok(!mailbox_find(channel), "not when it is gone");
	two = clients_new("/");
	ok(strcmp(two->box.channel, channel) != 0, "no name comes twice");
	ok(!mailbox_find(channel), "nor leads to another");
	ok(!mailbox_find("p!999999"), "nor one that never was");
	ok(!mailbox_find("none"), "nor any other channel");
	clients_free(two);
}

int
main(void)
{
	static const char *const names[] = { EVENT_CONNECT, EVENT_RECEIVE,
		EVENT_DISCONNECT };
	struct ch_err err = CH_ERR_INIT;

	if (!ok(ch_open(&layer, "mem:", &err) == CH_OK &&
	    ch_receiver_new(&consumer, layer, names, 3, 0, &err) == CH_OK &&
	    loop_open(&err) == CH_OK && bridge_open(layer, &err) == CH_OK,
	    "everything opens: %s", err.text))
		return done_testing();
	test_accept();
	test_reject();
	test_lost_while_accepted();
	test_data();
	test_limits();
	test_stalled();
	test_pings();
	test_ping_flood();
	test_small_pieces();
	test_rate();
	test_groups();
	test_many();
	test_names();
	bridge_close();
	loop_close();
	ch_receiver_free(consumer);
	ch_close(layer);
	ch_buf_release(&notes);
	return done_testing();
}
