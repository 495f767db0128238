/* chsend.c - sends messages to channels and groups. */
#include "channel.h"

#include "base/err.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"
#include "common/send.h"

#include <string.h>

static struct send sending = SEND_INIT;
static const char *store;
static int64_t timeout = -1;
static uint64_t replies;
static int call;
static int wait_for_room;

static const struct opt options[] = {
	OPT_FLAG('g', "group", &sending.group, "the targets are groups"),
	OPT_FLAG('e', "envelope", &sending.envelopes,
	    "read {\"channel\"|\"group\": NAME, \"message\": {...}}"),
	OPT_FLAG('C', "call", &call, "add a reply_channel, print the reply"),
	OPT_COUNT('c', "count", &replies, "N", "with -C: wait for N replies"),
	OPT_FLAG('w', "wait", &wait_for_room, "wait while a channel is full"),
	OPT_DURATION('t', "timeout", &timeout, "D", "give up after D (124)"),
	SEND_OPTIONS(&sending),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chsend",
	.usage = "[OPTION...] TARGET... [MESSAGE...]\n"
		 "       chsend -e [OPTION...]\n"
		 "       chsend -C [OPTION...] CHANNEL [MESSAGE...]",
	.options = options,
	.examples = "  chsend jobs file=a.jpg width:=640\n"
		    "  chsend -g chat '{\"text\":\"hello\"}'\n"
		    "  tail -F app.log | chsend --raw -g log\n"
		    "  chsend -C -t 2 add a:=1 b:=2\n",
};

/* --- calls -------------------------------------------------------------- */

/* Print the replies that come to `name` until there are enough. */
static int
print_replies(struct send *send, const char *name, struct ch_receiver *receiver,
    struct ch_err *err)
{
	struct ch_message reply;
	int rc = CH_OK;

	for (uint64_t i = 0; rc == CH_OK && i < replies; i++) {
		rc = ch_receive(receiver, &reply, send->deadline, err);
		if (rc == CH_NONE)
			say_pipe();
		if (rc == CH_TIMEOUT)
			ch_err_set(err, rc, "no reply on %s: timed out", name);
		if (rc != CH_OK)
			break;
		put_bytes(&out, reply.text, reply.len);
		put_char(&out, '\n');
		rc = out_flush(send->deadline, err);
	}
	return rc;
}

/* Append the message with the reply channel as its last key, which counts. */
static void
put_call(struct ch_buf *buf, const char *text, size_t len, const char *name)
{
	size_t end = len - 1, last;

	while (text[end] != '}')
		end--;
	for (last = end - 1; strchr(" \t\r", text[last]); last--)
		;
	put_bytes(buf, text, end);
	put_format(buf, "%s\"reply_channel\":\"%s\"}",
	    text[last] == '{' ? "" : ",", name);
}

/* Send one message with a fresh reply channel, and print what comes there. */
static int
deliver_call(struct send *send, const char *channel, const char *text,
    size_t len, struct ch_err *err)
{
	struct ch_receiver *receiver = NULL;
	struct ch_buf called = CH_BUF_INIT;
	char name[CH_NAME_MAX + 1];
	const char *names[] = { name };
	int rc;

	rc = ch_new_channel(send->layer, "chsend.reply?", name, err);
	if (rc == CH_OK)
		rc = ch_receiver_new(&receiver, send->layer, names, 1, 0, err);
	if (rc == CH_OK)
		rc = ch_receiver_until(receiver, 1, err);
	if (rc == CH_OK) {
		put_call(&called, text, len, name);
		rc = ch_send(send->layer, channel, called.data, called.len,
		    &send->opts, err);
	}
	if (rc == CH_OK) {
		send->sent++;
		rc = print_replies(send, name, receiver, err);
	}
	ch_receiver_free(receiver);
	ch_buf_release(&called);
	return rc;
}

/* --- the program -------------------------------------------------------- */

static void
check_options(void)
{
	if (replies && !call)
		opt_wrong(&program, "-c goes with -C");
	if (call && (sending.group || sending.envelopes))
		opt_wrong(&program, "-C calls a channel: no -g, no -e");
	if (wait_for_room && sending.full == SEND_DROP_OLDEST)
		opt_wrong(&program, "-w and --full=drop-oldest cannot go "
				    "together");
	if (wait_for_room)
		sending.full = SEND_WAIT;
	sending.deadline = timeout < 0 ? CH_NEVER : ch_clock() + timeout;
	if (!call)
		return;
	sending.deliver = deliver_call;
	if (!replies)
		replies = 1;
}

int
main(int argc, char *argv[])
{
	struct ch_err err = CH_ERR_INIT;
	int rc;

	argv = opt_parse(&program, argc, argv);
	check_options();
	rc = send_operands(&sending, argv, &program, &err);
	if (rc == CH_OK && call && sending.ntargets > 1)
		opt_wrong(&program, "-C calls one channel");
	if (rc == CH_OK && call)
		rc = out_check(&err);
	if (rc == CH_OK)
		rc = ch_open(&sending.layer, store, &err);
	if (rc != CH_OK)
		return say_status(rc, &err);
	say_more("store: %s", ch_location(sending.layer));
	rc = send_run(&sending);
	ch_close(sending.layer);
	return -rc;
}
