/* main.c - chsend: sends messages to channels and groups. */
#include "channel.h"

#include "chsend/call.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/say.h"
#include "common/send.h"

static struct send sending = SEND_INIT;
static const char *store;
static int64_t timeout = -1;
static struct call_settings calling;
static int call;
static int wait_for_room;

static const struct opt options[] = {
	OPT_FLAG('g', "group", &sending.group, "the targets are groups"),
	OPT_FLAG('e', "envelope", &sending.envelopes,
	    "read {\"channel\"|\"group\": NAME, \"message\": {...}}"),
	OPT_FLAG('C', "call", &call, "add a reply_channel, print the reply"),
	OPT_COUNT('c', "count", &calling.replies, "N",
	    "with -C: wait for N replies"),
	OPT_FLAG(0, "more", &calling.more,
	    "with -C: a reply with more_content is not the last"),
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
		 "       chsend -C [OPTION...] CHANNEL [MESSAGE...]\n"
		 "       chsend -C -e [OPTION...]",
	.options = options,
	.examples = "  chsend jobs file=a.jpg width:=640\n"
		    "  chsend -g chat '{\"text\":\"hello\"}'\n"
		    "  tail -F app.log | chsend --raw -g log\n"
		    "  chsend -C -t 2 add a:=1 b:=2\n",
};

/* --- the program -------------------------------------------------------- */

static void
check_options(void)
{
	if ((calling.replies || calling.more) && !call)
		opt_wrong(&program, "-c and --more go with -C");
	if (call && sending.group)
		opt_wrong(&program, "-C calls a channel: no -g");
	if (wait_for_room && sending.full == SEND_DROP_OLDEST)
		opt_wrong(&program, "-w and --full=drop-oldest cannot go "
				    "together");
	if (wait_for_room)
		sending.full = SEND_WAIT;
	sending.deadline = timeout < 0 ? CH_NEVER : ch_clock() + timeout;
	if (!calling.replies)
		calling.replies = 1;
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
	if (call)
		rc = call_begin(&sending, &calling, &err);
	if (rc == CH_OK)
		rc = send_run(&sending);
	else
		say_error("%s", err.text);
	if (call)
		rc = call_end(&sending, rc);
	ch_close(sending.layer);
	return -rc;
}
