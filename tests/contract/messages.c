/* messages.c - the contract: what is sent and what comes of it. */
#include "contract.h"

#define MANY 64 /* a batch */
#define TEN "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN

static void
case_names(void)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", "/a",
		".a", "a b", "a\nb", "a!b!c", "a!b?c", "!a", "p!", "p?", "*",
		"\xc3\xa9", FIFTY FIFTY "a" };
	struct ch_receiver *receiver = NULL;
	const char *name = "p!c";
	struct ch_err err = CH_ERR_INIT;
	struct seen_stat seen;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(ch_send(layer, bad[i], "{}", 2, NULL, &err), CH_REFUSED,
		    "send to '%s' is refused", bad[i]);
		ok(err.text[0] && err.status == CH_REFUSED, "with a reason");
		is_int(ch_group_send(layer, bad[i], "{}", 2, NULL, NULL,
		    NULL), CH_REFUSED, "and so is a group");
		is_int(ch_group_add(layer, "g", bad[i], NULL), CH_REFUSED,
		    "and a member");
	}
	is_int(ch_receiver_new(&receiver, layer, &name, 1, 0, NULL),
	    CH_REFUSED, "receiving on p!c is refused");
	ok(!receiver, "without a receiver");
	is_int(ch_group_add(layer, "g!x", "a", NULL), CH_REFUSED,
	    "a group has no marks");
	memset(&seen, 0, sizeof(seen));
	is_int(ch_stat_channels(layer, NULL, see_stat, &seen, NULL), CH_OK,
	    "look");
	is_int(seen.n, 0, "no refused name made a channel");
}

static void
case_messages(void)
{
	static const char *const good[] = { "{}", "{\"a\":1,\"a\":2}",
		"{ \"n\" : 9223372036854775807 }",
		"{\"n\":-9223372036854775808,\"x\":\"\\u0000\"}",
		"{\"bytes\":\"\xef\xbf\xbf/wABAg==\"}",
		"{\"text\":\"\xf0\x9f\x98\x80 \\ud83d\\ude00 \\n\"}" };
	static const char *const bad[] = { "", "[]", "1", "{", "{}{}", "{}\n",
		"{\"a\":9223372036854775808}", "{\"a\":\"\xff\"}",
		"{\"a\":\"\\ud800\"}", "{\"a\":NaN}", "{\"a\":1e999}" };
	struct ch_receiver *receiver = listen_to(layer, "m", 0);
	struct ch_message message;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		is_int(put("m", good[i]), CH_OK, "%s is sent", good[i]);
		is_int(ch_receive(receiver, &message, CH_NOW, NULL), CH_OK,
		    "and received");
		is_str(message.text, good[i], "as it was");
		is_int(message.len, strlen(good[i]), "with its length");
		is_str(message.channel, "m", "on its channel");
		is_int(message.kind, CH_MESSAGE, "as a message");
		ok(message.time > 1600000000000 &&
		    message.time < 4000000000000, "at a time");
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		is_int(put("m", bad[i]), CH_REFUSED, "%s is refused", bad[i]);
	is_str(next(receiver, CH_NOW), "nothing", "and not sent");
	ch_receiver_free(receiver);
}

static char *
text_of(size_t len)
{
	char *text = malloc(len + 1);

	memset(text, 'x', len);
	memcpy(text, "{\"x\":\"", 6);
	memcpy(text + len - 2, "\"}", 3);
	return text;
}

static void
case_size(void)
{
	size_t max = ch_max_size(layer);
	char *text = text_of(max + 1);
	struct ch_send_opts checked = { .flags = CH_CHECKED };
	struct ch_receiver *receiver = listen_to(layer, "big", 0);
	struct ch_message message;

	is_int(max, CH_MESSAGE_MAX, "1 MiB unless configured");
	is_int(ch_send(layer, "big", text, max + 1, NULL, NULL), CH_REFUSED,
	    "a byte too large is refused");
	is_int(ch_send(layer, "big", text, max + 1, &checked, NULL),
	    CH_REFUSED, "checked or not");
	is_int(ch_group_send(layer, "g", text, max + 1, NULL, NULL, NULL),
	    CH_REFUSED, "also to a group");
	free(text);
	text = text_of(max);
	is_int(ch_send(layer, "big", text, max, NULL, NULL), CH_OK,
	    "the largest message is sent");
	is_int(ch_receive(receiver, &message, CH_NOW, NULL), CH_OK,
	    "and received");
	ok(message.len == max && !memcmp(message.text, text, max), "whole");
	free(text);
	ch_receiver_free(receiver);
}

static void
case_order(void)
{
	struct ch_receiver *receiver = listen_to(layer, "o", 0);
	char text[32];
	int i, good = 1;

	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "{\"n\":%d}", i);
		good &= put("o", text) == CH_OK;
	}
	ok(good, "300 messages are sent");
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "{\"n\":%d}", i);
		good &= strcmp(next(receiver, CH_NOW), text) == 0;
	}
	ok(good, "and received in this order");
	is_str(next(receiver, CH_NOW), "nothing", "none twice");
	ch_receiver_free(receiver);
}

static void
case_at_most_once(void)
{
	struct ch_layer *other = open_again();
	struct ch_receiver *a = listen_to(layer, "once", 0);
	struct ch_receiver *b = listen_to(other, "once", 0);

	put("once", "{\"n\":1}");
	is_str(next(a, CH_NOW), "{\"n\":1}", "one receiver has it");
	is_str(next(b, CH_NOW), "nothing", "the other has not");
	put("once", "{\"n\":2}");
	is_str(next(b, soon(LONG)), "{\"n\":2}", "the next is for whom asks");
	is_str(next(a, CH_NOW), "nothing", "and for nobody else");
	ch_receiver_free(a);
	ch_receiver_free(b);
	ch_close(other);
}

static void
case_send_many(void)
{
	struct ch_message out[4] = {
		{ .channel = "a", .text = "{\"n\":1}", .len = 7 },
		{ .channel = "a", .text = "{\"n\":2}", .len = 7 },
		{ .channel = "p!x", .text = "{\"n\":3}", .len = 7 },
		{ .channel = "p!y", .text = "{\"n\":4}", .len = 7 },
	};
	struct ch_receiver *a = listen_to(layer, "a", 0);
	struct ch_receiver *p = listen_to(layer, "p!", 0);
	struct ch_message message;
	struct ch_err err = CH_ERR_INIT;
	size_t sent = 9;

	is_int(ch_send_many(layer, out, 4, NULL, &sent, NULL), CH_OK,
	    "four messages for three channels");
	is_int(sent, 4, "all are sent");
	is_str(next(a, CH_NOW), "{\"n\":1}", "1");
	is_str(next(a, CH_NOW), "{\"n\":2}", "2");
	is_int(ch_receive(p, &message, CH_NOW, NULL), CH_OK, "3");
	is_str(message.channel, "p!x", "to p!x");
	is_int(ch_receive(p, &message, CH_NOW, NULL), CH_OK, "4");
	is_str(message.channel, "p!y", "to p!y");
	out[2].text = "{\"n\":}0";
	is_int(ch_send_many(layer, out, 4, NULL, &sent, &err), CH_REFUSED,
	    "a bad one ends it");
	is_int(sent, 2, "after those before it");
	is_str(next(p, CH_NOW), "nothing", "and before those behind it");
	is_int(ch_send_many(layer, out, 0, NULL, &sent, NULL), CH_OK,
	    "none is fine");
	is_int(sent, 0, "and sends none");
	ch_receiver_free(a);
	ch_receiver_free(p);
}

static void
case_receive_many(void)
{
	struct ch_receiver *receiver = listen_to(layer, "many", 0);
	struct ch_message in[MANY];
	char text[32];
	size_t got, i;
	int good = 1;

	is_int(ch_receive_many(receiver, in, MANY, &got, CH_NOW, NULL),
	    CH_TIMEOUT, "nothing there");
	is_int(got, 0, "is none");
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "{\"n\":%zu}", i);
		put("many", text);
	}
	is_int(ch_receive_many(receiver, in, MANY, &got, CH_NOW, NULL), CH_OK,
	    "a batch");
	is_int(got, MANY, "is as large as asked for");
	for (i = 0; i < got; i++) {
		snprintf(text, sizeof(text), "{\"n\":%zu}", i);
		good &= strcmp(in[i].text, text) == 0;
		good &= strcmp(in[i].channel, "many") == 0;
	}
	ok(good, "in order, all valid at once");
	is_int(ch_receive_many(receiver, in, MANY, &got, CH_NOW, NULL), CH_OK,
	    "another");
	is_int(got, 100 - MANY, "is what is left");
	ch_receiver_free(receiver);
}

static void
case_receive_large(void)
{
	static char text[1 << 20];
	struct ch_receiver *receiver = listen_to(layer, "large", 0);
	struct ch_message in[MANY];
	size_t got, i, n = 0;
	int rc, good = 1;

	memset(text, ' ', sizeof(text) - 1);
	for (i = 0; i < 12; i++) {
		text[snprintf(text, sizeof(text), "{\"n\":%2zu", i)] = ' ';
		text[sizeof(text) - 2] = '}';
		put("large", text);
	}
	while ((rc = ch_receive_many(receiver, in, MANY, &got, CH_NOW, NULL))
	    == CH_OK)
		for (i = 0; i < got; i++)
			good &= (size_t)atoi(in[i].text + 5) == n++;
	ok(good && n == 12, "all of what is large, in order");
	is_int(rc, CH_TIMEOUT, "then nothing");
	ch_receiver_free(receiver);
}

static void
case_marks(void)
{
	struct ch_receiver *p = listen_to(layer, "p!", 0);
	struct ch_receiver *s = listen_to(layer, "s?abc", 0);
	struct ch_message message;

	put("p!b", "{\"n\":1}");
	put("p!a", "{\"n\":2}");
	is_int(ch_receive(p, &message, CH_NOW, NULL), CH_OK, "p! is one queue");
	is_str(message.channel, "p!b", "with full names");
	is_int(ch_receive(p, &message, CH_NOW, NULL), CH_OK, "in one order");
	is_str(message.channel, "p!a", "for all behind it");
	put("s?abc", "{\"n\":1}");
	put("s?abc", "{\"n\":2}");
	put("s?other", "{\"n\":3}");
	is_str(next(s, CH_NOW), "{\"n\":1}", "a single-reader channel");
	is_str(next(s, CH_NOW), "{\"n\":2}", "keeps its order");
	is_str(next(s, CH_NOW), "nothing", "and is not another's");
	ch_receiver_free(p);
	ch_receiver_free(s);
}

static void
case_options(void)
{
	struct ch_send_opts both = { .delay = 1, .at = 1 };
	struct ch_send_opts negative = { .delay = -1 };
	struct ch_send_opts checked = { .flags = CH_CHECKED };

	is_int(put_with("x", "{}", both), CH_USAGE, "delay and at together");
	is_int(put_with("x", "{}", negative), CH_USAGE, "a negative delay");
	is_int(put_with("x", "{\"checked\":1}", checked), CH_OK, "CH_CHECKED");
	is_int(drain("x"), 1, "sends");
}

static const struct contract_case cases[] = {
	{ "names", case_names, 0 },
	{ "messages", case_messages, 0 },
	{ "size", case_size, 0 },
	{ "order", case_order, 0 },
	{ "at most once", case_at_most_once, 0 },
	{ "send many", case_send_many, 0 },
	{ "receive many", case_receive_many, 0 },
	{ "receive large", case_receive_large, 0 },
	{ "marks", case_marks, 0 },
	{ "options", case_options, 0 },
	{ NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	return contract_main(argc, argv, cases);
}
