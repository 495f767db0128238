/*
 * contract.c - what every channel layer must do, run over every backend.
 *
 * usage: contract [URL...]. Without URLs: over "mem:" and over a fresh file
 * store. Each case has a store of its own, or, where a URL was given, one that
 * was flushed.
 */
#include "channel.h"

#include "base/clock.h"
#include "layer/backend.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG 30000 /* ms: longer than anything here takes */
#define MANY 64

static const char *kind;     /* "mem", "file", or a URL */
static const char *url;      /* of the store of this case */
static struct ch_layer *layer;
static int shared;           /* other processes can open it as well */

/* --- what the cases are made of ------------------------------------------ */

static int64_t
soon(int64_t ms)
{
	return ch_clock() + ms;
}

static struct ch_receiver *
listen_to(struct ch_layer *where, const char *name, unsigned flags)
{
	struct ch_receiver *receiver = NULL;
	struct ch_err err = CH_ERR_INIT;

	if (ch_receiver_new(&receiver, where, &name, 1, flags, &err) != CH_OK)
		ok(0, "receive on %s: %s", name, err.text);
	return receiver;
}

static int
put(const char *channel, const char *text)
{
	return ch_send(layer, channel, text, strlen(text), NULL, NULL);
}

static int
put_with(const char *channel, const char *text, struct ch_send_opts opts)
{
	return ch_send(layer, channel, text, strlen(text), &opts, NULL);
}

static int
group_put(const char *group, const char *text, struct ch_group_sent *sent)
{
	return ch_group_send(layer, group, text, strlen(text), NULL, sent,
	    NULL);
}

/* The next text on a receiver, or a word for why there is none. */
static const char *
next(struct ch_receiver *receiver, int64_t deadline)
{
	struct ch_message message;
	struct ch_err err = CH_ERR_INIT;
	int rc = ch_receive(receiver, &message, deadline, &err);

	if (rc == CH_OK)
		return message.text;
	if (rc != CH_TIMEOUT)
		printf("# %d: %s\n", rc, err.text);
	return rc == CH_TIMEOUT ? "nothing" : rc == CH_NONE ? "end" : "error";
}

/* Take what is there on a channel and forget it. */
static unsigned
drain(const char *name)
{
	struct ch_receiver *receiver = listen_to(layer, name, 0);
	struct ch_message message;
	unsigned n = 0;

	while (ch_receive(receiver, &message, CH_NOW, NULL) == CH_OK)
		n++;
	ch_receiver_free(receiver);
	return n;
}

/* Let time pass: wait for a message that nobody sends. */
static void
pass(int64_t ms)
{
	struct ch_receiver *receiver = listen_to(layer, "nobody.sends", 0);
	struct ch_message message;

	ch_receive(receiver, &message, soon(ms), NULL);
	ch_receiver_free(receiver);
}

static int
count_name(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static int
members_of(const char *group)
{
	int n = 0;

	ch_group_members(layer, group, NULL, count_name, &n, NULL);
	return n;
}

struct seen_stat {
	struct ch_channel_stat stat;
	int n;
};

static int
see_stat(void *arg, const struct ch_channel_stat *stat)
{
	struct seen_stat *seen = arg;

	seen->stat = *stat;
	seen->n++;
	return 0;
}

static struct ch_channel_stat
stat_of(const char *name)
{
	struct seen_stat seen;

	memset(&seen, 0, sizeof(seen));
	ch_stat_channels(layer, name, see_stat, &seen, NULL);
	return seen.stat;
}

/* Wait until a receiver sleeps on this channel. */
static void
until_asleep(const char *name, uint64_t n)
{
	int64_t end = soon(LONG);

	while (stat_of(name).waiting < n && ch_clock() < end)
		pass(1);
}

struct peeked {
	char text[64];
	int n;
};

static int
see_message(void *arg, const struct ch_message *message)
{
	struct peeked *peeked = arg;

	strncat(peeked->text, message->text, 20);
	return ++peeked->n == 9;
}

/* --- opening stores ------------------------------------------------------- */

static char scratch[256];
static int case_number;

static int
remove_one(const char *path, const struct stat *st, int type,
    struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

static void
remove_scratch(void)
{
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
write_config(const char *config)
{
	char path[512];
	FILE *file;

	mkdir(url, 0700);
	snprintf(path, sizeof(path), "%s/config", url);
	file = fopen(path, "w");
	if (!file || fputs(config, file) < 0 || fclose(file) < 0)
		ok(0, "write %s", path);
}

/* Another layer on the store of this case. */
static struct ch_layer *
open_again(void)
{
	struct ch_layer *another = NULL;
	struct ch_err err = CH_ERR_INIT;

	if (ch_open(&another, url, &err) != CH_OK)
		ok(0, "open %s: %s", url, err.text);
	return another;
}

/* Open this case's store anew, with a config. */
static void
configure(const char *config)
{
	static char next_url[300];

	ch_close(layer);
	if (strcmp(kind, "file") == 0) {
		snprintf(next_url, sizeof(next_url), "%s/%d.c", scratch,
		    case_number);
		url = next_url;
		write_config(config);
		layer = open_again();
		return;
	}
	layer = open_again();
	ch_limits_release(&layer->limits);
	if (ch_limits_parse(&layer->limits, config, strlen(config), NULL) !=
	    CH_OK)
		ok(0, "config %s", config);
}

/* --- sending and receiving ------------------------------------------------ */

static void
case_names(void)
{
	static const char *const bad[] = { "", ".", "..", "../x", "a/b", "/a",
		".a", "a b", "a\nb", "a!b!c", "a!b?c", "!a", "p!", "p?", "*",
		"\xc3\xa9",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
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
		"{\"bytes\":\"\xef\xbf\xbf" "AAEC/w==\"}",
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
case_deadlines(void)
{
	struct ch_receiver *receiver = listen_to(layer, "d", 0);
	int64_t start = ch_clock();

	is_str(next(receiver, CH_NOW), "nothing", "CH_NOW finds nothing");
	is_str(next(receiver, start + 60), "nothing", "nor does a deadline");
	ok(ch_clock() >= start + 60, "which it waited for");
	is_str(next(receiver, start), "nothing", "a past one is as CH_NOW");
	put("d", "{}");
	is_str(next(receiver, start), "{}", "it still takes what is there");
	ch_receiver_free(receiver);
}

static void *
receive_in_thread(void *arg)
{
	struct ch_receiver *receiver = arg;
	const char *text = next(receiver, soon(LONG));

	return (void *)(intptr_t)(strcmp(text, "{\"wake\":1}") == 0);
}

static void
case_wake(void)
{
	struct ch_receiver *receiver = listen_to(layer, "wake", 0);
	pthread_t thread;
	void *good;

	pthread_create(&thread, NULL, receive_in_thread, receiver);
	until_asleep("wake", 1);
	is_int(stat_of("wake").waiting, 1, "a sleeping receiver is counted");
	is_int(put("wake", "{\"wake\":1}"), CH_OK, "a message");
	pthread_join(thread, &good);
	ok(good, "wakes it");
	ch_receiver_free(receiver);
}

static void
case_fairness(void)
{
	const char *names[] = { "busy", "quiet", "p!" };
	struct ch_receiver *receiver = NULL;
	struct ch_message message;
	unsigned i, quiet = 0, process = 0, seen = 0;

	for (i = 0; i < 20; i++)
		put("busy", "{}");
	put("quiet", "{}");
	put("p!x", "{}");
	is_int(ch_receiver_new(&receiver, layer, names, 3, 0, NULL), CH_OK,
	    "receive on three channels");
	for (i = 1; ch_receive(receiver, &message, CH_NOW, NULL) == CH_OK;
	    i++) {
		seen++;
		if (strcmp(message.channel, "quiet") == 0)
			quiet = i;
		if (strcmp(message.channel, "p!x") == 0)
			process = i;
	}
	is_int(seen, 22, "all messages came");
	ok(quiet && quiet <= 4 && process && process <= 4,
	    "a busy channel does not hold up the others (%u, %u)", quiet,
	    process);
	ch_receiver_free(receiver);
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
case_globs(void)
{
	struct ch_receiver *receiver;
	struct ch_message message;

	put("task.a", "{\"n\":1}");
	put("other", "{\"n\":0}");
	receiver = listen_to(layer, "task.*", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":1}", "a channel that was there");
	is_str(next(receiver, CH_NOW), "nothing", "and no other");
	put("task.new", "{\"n\":2}");
	is_int(ch_receive(receiver, &message, soon(LONG), NULL), CH_OK,
	    "one that came later is heard");
	is_str(message.channel, "task.new", "under its name");
	put("task.new", "{\"n\":3}");
	put("task.a", "{\"n\":4}");
	put("task.third", "{\"n\":5}");
	ok(strcmp(next(receiver, soon(LONG)), "nothing") &&
	    strcmp(next(receiver, soon(LONG)), "nothing") &&
	    strcmp(next(receiver, soon(LONG)), "nothing"), "and all together");
	is_str(next(receiver, CH_NOW), "nothing", "that was all");
	put("task.p!x", "{\"n\":6}");
	put("task.s?x", "{\"n\":7}");
	is_str(next(receiver, CH_NOW), "nothing", "but what is others' own");
	ch_receiver_free(receiver);
	receiver = listen_to(layer, "task.*!", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":6}", "a mark asks for that");
	ch_receiver_free(receiver);
}

static int
is_readable(struct ch_receiver *receiver, int timeout)
{
	struct pollfd fd = { .fd = ch_receiver_fd(receiver), .events = POLLIN };

	return poll(&fd, 1, timeout) == 1 && fd.revents & POLLIN;
}

/* Readable for nothing it may be, but not for long. */
static int
is_quiet(struct ch_receiver *receiver)
{
	int looks = 0;

	while (is_readable(receiver, 0))
		if (strcmp(next(receiver, CH_NOW), "nothing") || ++looks == 4)
			return 0;
	return 1;
}

static void
case_descriptor(void)
{
	const char *names[] = { "fd.a", "fd.b", "fd.*" };
	struct ch_send_opts delayed = { .delay = 60 };
	struct ch_receiver *receiver = NULL;
	int64_t start;

	is_int(ch_receiver_new(&receiver, layer, names, 3, 0, NULL), CH_OK,
	    "a receiver on three names");
	is_str(next(receiver, CH_NOW), "nothing", "finds nothing");
	ok(is_quiet(receiver), "then its descriptor is quiet");
	put("fd.b", "{\"n\":1}");
	ok(is_readable(receiver, LONG), "a message makes it readable");
	is_str(next(receiver, CH_NOW), "{\"n\":1}", "and is there");
	is_str(next(receiver, CH_NOW), "nothing", "alone");
	ok(is_quiet(receiver), "quiet again");
	put("fd.c", "{\"n\":2}");
	ok(is_readable(receiver, LONG), "a new channel is noticed");
	while (strcmp(next(receiver, CH_NOW), "{\"n\":2}") != 0 &&
	    is_readable(receiver, LONG))
		;
	is_str(next(receiver, CH_NOW), "nothing", "and read");
	start = ch_clock();
	put_with("fd.a", "{\"n\":3}", delayed);
	is_str(next(receiver, CH_NOW), "nothing", "what is delayed is not due");
	while (!is_readable(receiver, LONG) ||
	    strcmp(next(receiver, CH_NOW), "nothing") == 0)
		if (ch_clock() > start + LONG)
			break;
	ok(ch_clock() >= start + 60 && ch_clock() < start + LONG,
	    "when it is due the descriptor says so");
	ch_receiver_free(receiver);
}

static void *
close_in_thread(void *arg)
{
	until_asleep("until", 1);
	close(*(int *)arg);
	return NULL;
}

static void
case_until(void)
{
	struct ch_receiver *receiver = listen_to(layer, "until", 0);
	pthread_t thread;
	int fds[2], file;

	file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	is_int(ch_receiver_until(receiver, file, NULL), CH_OK,
	    "a file is accepted");
	is_str(next(receiver, soon(20)), "nothing", "and never ends a wait");
	close(file);
	if (pipe(fds) < 0)
		return;
	is_int(ch_receiver_until(receiver, fds[1], NULL), CH_OK, "a pipe too");
	is_str(next(receiver, soon(20)), "nothing", "while it has a reader");
	pthread_create(&thread, NULL, close_in_thread, &fds[0]);
	is_str(next(receiver, soon(LONG)), "end", "its end ends the wait");
	pthread_join(thread, NULL);
	put("until", "{}");
	is_str(next(receiver, CH_NOW), "{}", "what is there can be taken");
	close(fds[1]);
	ch_receiver_free(receiver);
}

/* --- capacity, expiry, delays ----------------------------------------------- */

static void
case_capacity(void)
{
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	struct ch_channel_stat stat;

	configure("{\"capacity\":3,\"channels\":[{\"match\":\"small.*\","
	    "\"capacity\":1},{\"match\":\"re:^re[0-9]$\",\"capacity\":2}]}");
	is_int(put("c", "{}"), CH_OK, "1 of 3");
	is_int(put("c", "{}"), CH_OK, "2 of 3");
	is_int(put("c", "{}"), CH_OK, "3 of 3");
	is_int(ch_send(layer, "c", "{}", 2, NULL, &err), CH_FULL, "4 is full");
	ok(strstr(err.text, "c is full (3 of 3"), "and says so: %s", err.text);
	is_int(put("other", "{}"), CH_OK, "another channel is not");
	receiver = listen_to(layer, "c", 0);
	is_str(next(receiver, CH_NOW), "{}", "one taken");
	is_int(put("c", "{}"), CH_OK, "makes room for one");
	is_int(put("c", "{}"), CH_FULL, "and no more");
	stat = stat_of("c");
	is_int(stat.pending, 3, "three are there");
	is_int(stat.capacity, 3, "of three");
	is_int(stat.full, 2, "two were refused");
	is_int(put("small.x", "{}"), CH_OK, "a glob's capacity");
	is_int(put("small.x", "{}"), CH_FULL, "holds");
	is_int(put("re7", "{}"), CH_OK, "a regular expression's");
	is_int(put("re7", "{}"), CH_OK, "as");
	is_int(put("re7", "{}"), CH_FULL, "well");
	is_int(put("p!a", "{}"), CH_OK, "behind a mark it is counted");
	is_int(put("p!b", "{}"), CH_OK, "for all");
	is_int(put("p!c", "{}"), CH_OK, "of them");
	is_int(put("p!d", "{}"), CH_FULL, "together");
	ch_receiver_free(receiver);
}

static void
case_capacity_default(void)
{
	struct ch_message *out = calloc(1001, sizeof(*out));
	size_t i, sent;

	for (i = 0; i < 1001; i++)
		out[i] = (struct ch_message){ .channel = "thousand",
			.text = "{}", .len = 2 };
	is_int(ch_send_many(layer, out, 1001, NULL, &sent, NULL), CH_FULL,
	    "1001 messages are too many");
	is_int(sent, 1000, "1000 are not");
	is_int(drain("thousand"), 1000, "and all of them are there");
	free(out);
}

static void
case_drop_oldest(void)
{
	struct ch_send_opts drop = { .flags = CH_DROP_OLDEST };
	struct ch_receiver *receiver;

	configure("{\"capacity\":2}");
	put("r", "{\"n\":1}");
	put("r", "{\"n\":2}");
	is_int(put_with("r", "{\"n\":3}", drop), CH_OK, "the oldest makes room");
	receiver = listen_to(layer, "r", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":2}", "2 stays");
	is_str(next(receiver, CH_NOW), "{\"n\":3}", "3 came");
	is_str(next(receiver, CH_NOW), "nothing", "1 has gone");
	is_int(stat_of("r").full, 1, "and is counted");
	ch_receiver_free(receiver);
}

static void *
send_in_thread(void *arg)
{
	struct ch_send_opts patient = { .deadline = CH_NEVER };

	return (void *)(intptr_t)put_with(arg, "{\"n\":2}", patient);
}

static void
case_wait_for_room(void)
{
	struct ch_send_opts wait = { .deadline = soon(50) };
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	pthread_t thread;
	void *rc;

	configure("{\"capacity\":1}");
	put("w", "{\"n\":1}");
	is_int(ch_send(layer, "w", "{}", 2, &wait, &err), CH_TIMEOUT,
	    "no room before the deadline");
	ok(strstr(err.text, "w is full"), "says why: %s", err.text);
	is_int(err.status, CH_TIMEOUT, "with the status");
	ok(ch_clock() >= wait.deadline, "which it waited for");
	pthread_create(&thread, NULL, send_in_thread, (void *)(intptr_t)"w");
	pass(30);
	receiver = listen_to(layer, "w", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":1}", "one is taken");
	pthread_join(thread, &rc);
	is_int((intptr_t)rc, CH_OK, "a waiting sender gets the room");
	is_str(next(receiver, CH_NOW), "{\"n\":2}", "and its message comes");
	wait.deadline = soon(LONG);
	put_with("w", "{\"n\":3}", (struct ch_send_opts){ .expiry = 50 });
	is_int(put_with("w", "{\"n\":4}", wait), CH_OK,
	    "an expiry makes room too");
	is_str(next(receiver, CH_NOW), "{\"n\":4}", "for the next");
	put("w", "{\"n\":5}");
	pthread_create(&thread, NULL, send_in_thread, (void *)(intptr_t)"w");
	pass(30);
	is_int(ch_flush(layer, "w", NULL, NULL), CH_OK, "so does a flush");
	pthread_join(thread, &rc);
	is_int((intptr_t)rc, CH_OK, "for who waits");
	ch_receiver_free(receiver);
}

static void
case_expiry(void)
{
	struct ch_send_opts brief = { .expiry = 40 };
	struct ch_receiver *receiver;

	configure("{\"expiry\":0.04,\"channels\":[{\"match\":\"keep\","
	    "\"expiry\":null}]}");
	put("e", "{\"n\":1}");
	put("keep", "{\"n\":2}");
	put_with("keep", "{\"n\":3}", brief);
	put_with("e", "{\"n\":4}",
	    (struct ch_send_opts){ .expiry = CH_NEVER });
	is_int(stat_of("e").pending, 2, "both are there");
	pass(80);
	is_int(stat_of("e").pending, 1, "one has expired");
	receiver = listen_to(layer, "e", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":4}", "the other stays");
	is_str(next(receiver, CH_NOW), "nothing", "alone");
	is_int(stat_of("e").expired, 1, "it was counted");
	ch_receiver_free(receiver);
	receiver = listen_to(layer, "keep", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":2}", "null is never");
	is_str(next(receiver, CH_NOW), "nothing", "but the sender's counts");
	ch_receiver_free(receiver);
}

static void
case_delay(void)
{
	struct ch_receiver *receiver = listen_to(layer, "later", 0);
	int64_t start = ch_clock();
	struct ch_send_opts at = { .at = 0 };
	struct ch_channel_stat stat;

	put_with("later", "{\"n\":3}", (struct ch_send_opts){ .delay = 150 });
	put_with("later", "{\"n\":1}", (struct ch_send_opts){ .delay = 50 });
	put_with("later", "{\"n\":2}", (struct ch_send_opts){ .delay = 100 });
	put("later", "{\"n\":0}");
	stat = stat_of("later");
	ok(stat.delayed <= 3 && stat.delayed + stat.pending == 4,
	    "delayed ones are counted apart");
	is_str(next(receiver, CH_NOW), "{\"n\":0}", "what is due comes first");
	is_str(next(receiver, soon(LONG)), "{\"n\":1}", "then as it is due");
	ok(ch_clock() >= start + 50, "not before");
	is_str(next(receiver, soon(LONG)), "{\"n\":2}", "in the order");
	ok(ch_clock() >= start + 100, "of the times");
	is_str(next(receiver, soon(LONG)), "{\"n\":3}", "not of sending");
	ok(ch_clock() >= start + 150, "at the last");
	is_str(next(receiver, CH_NOW), "nothing", "and none twice");
	put("later", "{\"n\":4}");
	ch_receive(receiver, &(struct ch_message){ 0 }, CH_NOW, NULL);
	start = ch_clock();
	at.at = ch_clock_real() - 5000;
	put_with("later", "{\"n\":5}", at);
	is_str(next(receiver, CH_NOW), "{\"n\":5}", "a past time is now");
	at.at = ch_clock_real() + 100;
	put_with("later", "{\"n\":6}", at);
	is_str(next(receiver, soon(LONG)), "{\"n\":6}", "a time to come");
	ok(ch_clock_real() >= at.at, "is kept");
	ch_receiver_free(receiver);
}

static void
case_delay_capacity(void)
{
	struct ch_send_opts later = { .delay = LONG };
	uint64_t flushed = 0;

	configure("{\"capacity\":2}");
	is_int(put_with("l", "{}", later), CH_OK, "a delayed one");
	is_int(put_with("l", "{}", later), CH_OK, "and another");
	is_int(put("l", "{}"), CH_FULL, "count towards the capacity");
	is_int(ch_flush(layer, "l", &flushed, NULL), CH_OK, "flush");
	is_int(flushed, 2, "takes them as well");
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

/* --- groups ------------------------------------------------------------------ */

static void
case_groups(void)
{
	struct ch_receiver *a = listen_to(layer, "a", 0);
	struct ch_receiver *b = listen_to(layer, "b", 0);
	struct ch_group_sent sent;
	int n = 0;

	is_int(group_put("g", "{}", &sent), CH_OK, "an unknown group is fine");
	is_int(sent.members, 0, "and has no members");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_NONE, "a is not in g");
	is_int(ch_group_add(layer, "g", "a", NULL), CH_OK, "add a");
	is_int(ch_group_add(layer, "g", "a", NULL), CH_OK, "again");
	is_int(ch_group_add(layer, "g", "b", NULL), CH_OK, "add b");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_OK, "a is in g");
	is_int(members_of("g"), 2, "two members");
	is_int(group_put("g", "{\"n\":1}", &sent), CH_OK, "send");
	ok(sent.members == 2 && sent.sent == 2 && !sent.full && !sent.gone,
	    "to both");
	is_str(next(a, CH_NOW), "{\"n\":1}", "a has it");
	is_str(next(b, CH_NOW), "{\"n\":1}", "b has it");
	is_str(next(a, CH_NOW), "nothing", "once");
	is_int(ch_group_send(layer, "g", "{\"n\":2}", 7,
	    &(struct ch_send_opts){ .exclude = "a" }, &sent, NULL), CH_OK,
	    "send to all but a");
	is_int(sent.members, 1, "is one");
	is_str(next(a, CH_NOW), "nothing", "not a");
	is_str(next(b, CH_NOW), "{\"n\":2}", "but b");
	is_int(ch_group_discard(layer, "g", "a", NULL), CH_OK, "discard a");
	is_int(ch_group_discard(layer, "g", "a", NULL), CH_OK, "again");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_NONE, "a has left");
	ch_group_members(layer, "g", "b*", count_name, &n, NULL);
	is_int(n, 1, "b* are one");
	ch_group_members(layer, "g", "x*", count_name, &n, NULL);
	is_int(n, 1, "x* none");
	ch_groups(layer, "g*", count_name, &n, NULL);
	is_int(n, 2, "and g one group");
	is_int(ch_group_drop(layer, "g", NULL), CH_OK, "drop it");
	is_int(members_of("g"), 0, "nobody is left");
	ch_groups(layer, NULL, count_name, &n, NULL);
	is_int(n, 2, "and no group");
	is_int(ch_group_drop(layer, "g", NULL), CH_OK, "dropping again is fine");
	ch_receiver_free(a);
	ch_receiver_free(b);
}

static void
case_group_full(void)
{
	struct ch_group_sent sent;

	configure("{\"capacity\":1}");
	ch_group_add(layer, "g", "full", NULL);
	ch_group_add(layer, "g", "free", NULL);
	put("full", "{}");
	is_int(group_put("g", "{\"n\":1}", &sent), CH_OK,
	    "a full member is no error");
	is_int(sent.members, 2, "two members");
	is_int(sent.sent, 1, "one has it");
	is_int(sent.full, 1, "one was full");
	is_int(drain("free"), 1, "free has it");
	is_int(drain("full"), 1, "full has what it had");
}

static int
see_group(void *arg, const struct ch_group_stat *stat)
{
	struct ch_group_stat *seen = arg;

	seen->members += stat->members;
	seen->sent += stat->sent;
	seen->missed += stat->missed;
	return 0;
}

static void
case_group_stat(void)
{
	struct ch_group_stat stat;

	configure("{\"capacity\":1}");
	memset(&stat, 0, sizeof(stat));
	ch_group_add(layer, "g", "a", NULL);
	ch_group_add(layer, "g", "b", NULL);
	group_put("g", "{}", NULL);
	group_put("g", "{}", NULL);
	is_int(ch_stat_groups(layer, "g", see_group, &stat, NULL), CH_OK,
	    "ask for a group");
	is_int(stat.members, 2, "two members");
	is_int(stat.sent, 2, "two sends");
	is_int(stat.missed, 2, "the second missed both");
}

static void
case_group_one_record(void)
{
	static const char *const members[] = { "p!a", "p!b", "p!c" };
	struct ch_receiver *receiver;
	struct ch_message in[8];
	struct ch_group_sent sent;
	unsigned seen = 0;
	size_t i, got = 0;

	configure("{\"capacity\":2}");
	receiver = listen_to(layer, "p!", 0);
	for (i = 0; i < 3; i++)
		ch_group_add(layer, "g", members[i], NULL);
	is_int(group_put("g", "{\"n\":1}", &sent), CH_OK, "three behind p!");
	is_int(sent.sent, 3, "are sent to");
	is_int(group_put("g", "{\"n\":2}", &sent), CH_OK,
	    "which counts once towards the capacity");
	is_int(sent.sent, 3, "of two");
	is_int(group_put("g", "{\"n\":3}", &sent), CH_OK, "the third time");
	is_int(sent.full, 3, "all three are full");
	is_int(ch_receive_many(receiver, in, 8, &got, CH_NOW, NULL), CH_OK,
	    "received in one batch");
	is_int(got, 6, "each has its two");
	for (i = 0; i < got; i++)
		seen |= 1u << (in[i].channel[2] - 'a' + (i < 3 ? 0 : 3));
	is_int(seen, 077, "each its own");
	ok(got == 6 && in[0].text == in[1].text && in[1].text == in[2].text &&
	    in[2].text != in[3].text, "sharing the text");
	ch_receiver_free(receiver);
}

static void
case_group_parts(void)
{
	struct ch_receiver *receiver = listen_to(layer, "p!", 0);
	struct ch_layer *other = open_again();
	struct ch_receiver *second = listen_to(other, "p!", 0);
	struct ch_message message;
	char first;

	ch_group_add(layer, "g", "p!a", NULL);
	ch_group_add(layer, "g", "p!b", NULL);
	group_put("g", "{}", NULL);
	is_int(ch_receive(receiver, &message, CH_NOW, NULL), CH_OK,
	    "one member's share is taken");
	first = message.channel[2];
	is_int(ch_receive(second, &message, CH_NOW, NULL), CH_OK,
	    "what one did not ask for stays for the next");
	ok(message.channel[2] != first, "it is the other's");
	is_str(next(receiver, CH_NOW), "nothing", "and that was all");
	ch_receiver_free(receiver);
	ch_receiver_free(second);
	ch_close(other);
}

static void
case_group_expiry(void)
{
	char name[CH_NAME_MAX + 1];
	struct ch_group_sent sent;

	configure("{\"group_expiry\":0.08}");
	is_int(ch_new_channel(layer, "owned!", name, NULL), CH_OK, "own");
	ch_group_add(layer, "g", "plain", NULL);
	ch_group_add(layer, "g", name, NULL);
	is_int(members_of("g"), 2, "two members");
	pass(40);
	ch_group_add(layer, "g", "plain", NULL);
	pass(60);
	is_int(members_of("g"), 2, "adding again renews");
	pass(160);
	is_int(ch_group_has(layer, "g", "plain", NULL), CH_NONE,
	    "one without an owner expires");
	is_int(ch_group_has(layer, "g", name, NULL), CH_OK,
	    "one with an owner stays");
	group_put("g", "{}", &sent);
	is_int(sent.members, 1, "and is all that is sent to");
}

/* --- owners ------------------------------------------------------------------ */

static void
case_new_channel(void)
{
	char one[CH_NAME_MAX + 1], two[CH_NAME_MAX + 1];
	struct ch_layer *other = open_again();
	struct ch_err err = CH_ERR_INIT;

	is_int(ch_new_channel(layer, "p", one, NULL), CH_REFUSED,
	    "a pattern has a mark");
	is_int(ch_new_channel(layer, "p!x", one, NULL), CH_REFUSED,
	    "at its end");
	is_int(ch_new_channel(layer, "p!", one, NULL), CH_OK, "a new p!");
	is_int(ch_new_channel(layer, "p!", two, NULL), CH_OK, "another");
	ok(strncmp(one, "p!", 2) == 0 && strncmp(two, "p!", 2) == 0 &&
	    strcmp(one, two) != 0, "%s is not %s", one, two);
	is_int(put(one, "{}"), CH_OK, "can be sent to");
	is_int(ch_new_channel(other, "p!", two, &err), CH_FULL,
	    "another layer cannot own it");
	ok(strstr(err.text, "p!"), "%s", err.text);
	is_int(stat_of("p!").owner, getpid(), "the owner is known");
	is_int(ch_new_channel(other, "s?", two, NULL), CH_OK, "a new s?");
	ok(strncmp(two, "s?", 2) == 0 && strlen(two) > 10, "%s", two);
	is_int(put(two, "{}"), CH_OK, "can be sent to");
	is_int(ch_own_random(layer, "srv", one, NULL), CH_OK, "a random one");
	ok(strncmp(one, "srv.", 4) == 0 && strlen(one) == 22 &&
	    one[21] == '!', "%s", one);
	is_int(ch_own_random(layer, "srv!", one, NULL), CH_REFUSED,
	    "its stem has no mark");
	ch_close(other);
}

static void
case_gone_owner(void)
{
	struct ch_layer *other = open_again();
	char name[CH_NAME_MAX + 1], again[CH_NAME_MAX + 1];
	struct ch_group_sent sent;

	is_int(ch_own_random(other, "o", name, NULL), CH_OK, "own");
	strcat(name, "x");
	is_int(put(name, "{}"), CH_OK, "send to it");
	ch_group_add(layer, "g", name, NULL);
	ch_group_add(layer, "g", "stays", NULL);
	ch_close(other);
	is_int(put(name, "{}"), CH_NONE, "when it has closed it is gone");
	is_int(members_of("g"), 1, "and has left its groups");
	is_int(group_put("g", "{}", &sent), CH_OK, "send to the group");
	is_int(sent.sent, 1, "reaches the rest");
	other = open_again();
	is_int(ch_new_channel(other, "again!", again, NULL), CH_OK, "own");
	ch_close(other);
	is_int(ch_new_channel(layer, "again!", again, NULL), CH_OK,
	    "a prefix can be owned again");
	is_int(put(again, "{}"), CH_OK, "and sent to");
}

static void
case_notices(void)
{
	struct ch_receiver *owner, *plain;
	struct peeked peeked = { "", 0 };
	struct ch_message message;
	char name[CH_NAME_MAX + 1], prefix[CH_NAME_MAX + 1];

	memset(&message, 0, sizeof(message));
	configure("{\"capacity\":1}");
	is_int(ch_own_random(layer, "o", prefix, NULL), CH_OK, "own");
	snprintf(name, sizeof(name), "%.90sx", prefix);
	put(name, "{\"n\":1}");
	ch_group_add(layer, "g", name, NULL);
	ch_group_add(layer, "g", name, NULL);
	ch_group_discard(layer, "g", name, NULL);
	ch_group_discard(layer, "g", name, NULL);
	is_int(stat_of(prefix).pending, 1, "notices are not counted");
	is_int(ch_peek(layer, prefix, 9, see_message, &peeked, NULL), CH_OK,
	    "peek");
	is_int(peeked.n, 1, "nor peeked at");
	owner = listen_to(layer, prefix, CH_NOTICES);
	is_str(next(owner, CH_NOW), "{\"n\":1}", "the message");
	is_int(ch_receive(owner, &message, soon(LONG), NULL), CH_OK,
	    "the owner is told");
	is_int(message.kind, CH_JOINED, "who joined");
	is_str(message.channel, name, "by name");
	is_str(message.text, "g", "and where");
	is_int(ch_receive(owner, &message, soon(LONG), NULL), CH_OK, "and");
	is_int(message.kind, CH_LEFT, "who left");
	is_str(message.channel, name, "by name");
	is_str(next(owner, CH_NOW), "nothing", "once each");
	ch_group_add(layer, "h", name, NULL);
	ch_group_drop(layer, "h", NULL);
	is_int(ch_receive(owner, &message, CH_NOW, NULL), CH_OK, "joined h");
	is_int(ch_receive(owner, &message, CH_NOW, NULL), CH_OK,
	    "which was dropped");
	is_int(message.kind, CH_LEFT, "so it left");
	is_str(message.text, "h", "h");
	ch_group_add(layer, "i", name, NULL);
	put(name, "{\"n\":2}");
	plain = listen_to(layer, prefix, 0);
	is_str(next(plain, CH_NOW), "{\"n\":2}", "a plain receiver gets");
	is_str(next(plain, CH_NOW), "nothing", "messages only");
	ch_receiver_free(owner);
	ch_receiver_free(plain);
}

static void
case_wills(void)
{
	char name[CH_NAME_MAX + 1];
	struct ch_layer *other = open_again();

	is_int(ch_new_channel(other, "w!", name, NULL), CH_OK, "own");
	is_int(ch_will(layer, name, "dead", "{}", 2, NULL), CH_USAGE,
	    "only the owner leaves a will");
	is_int(ch_will(other, name, "dead", "[]", 2, NULL), CH_REFUSED,
	    "which is a message");
	is_int(ch_will(other, name, "dead", "{}", 2, NULL), CH_OK, "as here");
	is_int(ch_will(other, name, "dead", "{\"n\":2}", 7, NULL), CH_OK,
	    "and can be replaced");
	ch_close(other);
	put(name, "{}");
	is_int(drain("dead"), 0, "closing is not dying");
}

/* --- looking inside ---------------------------------------------------------- */

static void
case_peek(void)
{
	struct peeked peeked = { "", 0 };
	struct ch_receiver *receiver;

	put("k", "{\"n\":1}");
	put("k", "{\"n\":2}");
	put("k", "{\"n\":3}");
	put_with("k", "{\"n\":4}", (struct ch_send_opts){ .delay = LONG });
	is_int(ch_peek(layer, "k", 2, see_message, &peeked, NULL), CH_OK,
	    "peek at two");
	is_int(peeked.n, 2, "shows two");
	is_str(peeked.text, "{\"n\":1}{\"n\":2}", "the oldest");
	is_int(ch_peek(layer, "k", 9, see_message, &peeked, NULL), CH_OK,
	    "and at all");
	is_int(peeked.n, 5, "shows what is due");
	is_int(ch_peek(layer, "none", 9, see_message, &peeked, NULL), CH_OK,
	    "an unknown channel is empty");
	is_int(peeked.n, 5, "and shows none");
	receiver = listen_to(layer, "k", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":1}", "nothing was taken");
	ch_receiver_free(receiver);
}

static void
case_stat(void)
{
	struct ch_channel_stat stat;
	struct ch_receiver *receiver;
	struct seen_stat seen;

	put("st.a", "{}");
	pass(30);
	put("st.a", "{}");
	put("st.b", "{}");
	receiver = listen_to(layer, "st.b", 0);
	next(receiver, CH_NOW);
	stat = stat_of("st.a");
	is_int(stat.pending, 2, "pending");
	is_int(stat.sent, 2, "sent");
	is_int(stat.received, 0, "received");
	is_int(stat.capacity, 1000, "capacity");
	ok(stat.oldest >= 20 && stat.oldest < LONG, "oldest (%jd)",
	    (intmax_t)stat.oldest);
	stat = stat_of("st.b");
	is_int(stat.pending, 0, "none pending");
	is_int(stat.received, 1, "one received");
	is_int(stat.oldest, -1, "so none is old");
	memset(&seen, 0, sizeof(seen));
	is_int(ch_stat_channels(layer, "st.*", see_stat, &seen, NULL), CH_OK,
	    "a glob");
	is_int(seen.n, 2, "finds both");
	is_int(ch_stat_channels(layer, "../x", see_stat, &seen, NULL),
	    CH_REFUSED, "a bad one is refused");
	ch_receiver_free(receiver);
}

static int
call_back(void *arg, const struct ch_channel_stat *stat)
{
	++*(int *)arg;
	return put(stat->channel, "{}") == CH_OK ? 7 : CH_IO;
}

static void
case_callbacks(void)
{
	int n = 0;

	put("cb.a", "{}");
	put("cb.b", "{}");
	is_int(ch_stat_channels(layer, "cb.*", call_back, &n, NULL), 7,
	    "a callback may call the library, and ends the walk");
	is_int(n, 1, "at once");
	is_int(drain("cb.*"), 3, "what it sent is there");
}

static void
case_flush(void)
{
	uint64_t flushed = 0;

	put("f.a", "{}");
	put("f.b", "{}");
	put("g.c", "{}");
	put("p!x", "{}");
	ch_group_add(layer, "f.g", "x", NULL);
	ch_group_add(layer, "h", "x", NULL);
	is_int(ch_flush(layer, "f.*", &flushed, NULL), CH_OK, "flush f.*");
	is_int(flushed, 2, "two messages");
	is_int(members_of("f.g"), 0, "and a group");
	is_int(members_of("h"), 1, "not the others");
	is_int(drain("f.*"), 0, "nothing is left");
	is_int(stat_of("g.c").pending, 1, "of what matched");
	put("s?x", "{}");
	put("s-x", "{}");
	is_int(ch_flush(layer, "s?x", &flushed, NULL), CH_OK, "flush s?x");
	is_int(flushed, 1, "whose mark is no wildcard");
	is_int(ch_flush(layer, NULL, &flushed, NULL), CH_OK, "flush all");
	is_int(flushed, 3, "the other three");
	is_int(members_of("h"), 0, "and groups");
	is_int(drain("*") + drain("p!"), 0, "nothing is left at all");
	is_int(put("f.a", "{}"), CH_OK, "it can be sent to");
	is_int(drain("f.a"), 1, "as before");
}

static void
case_sweep(void)
{
	uint64_t removed = 0;
	struct seen_stat seen;

	configure("{\"group_expiry\":0.02}");
	put("idle", "{}");
	drain("idle");
	put("kept", "{}");
	put_with("brief", "{}", (struct ch_send_opts){ .expiry = 20 });
	ch_group_add(layer, "g", "x", NULL);
	pass(60);
	is_int(ch_sweep(layer, 0, &removed, NULL), CH_OK, "sweep");
	ok(removed >= 3, "a channel, a message and a member (%ju)",
	    (uintmax_t)removed);
	memset(&seen, 0, sizeof(seen));
	ch_stat_channels(layer, "idle", see_stat, &seen, NULL);
	is_int(seen.n, 0, "an empty channel goes");
	is_int(stat_of("kept").pending, 1, "one with a message stays");
}

static void
case_watch(void)
{
	struct ch_receiver *watcher, *receiver;
	struct ch_message message;

	put("v", "{\"n\":1}");
	watcher = listen_to(layer, "v", CH_WATCH);
	is_str(next(watcher, CH_NOW), "nothing", "what was there is not shown");
	put("v", "{\"n\":2}");
	put("v", "{\"n\":3}");
	is_str(next(watcher, soon(LONG)), "{\"n\":2}", "what is sent is");
	is_int(ch_receive(watcher, &message, soon(LONG), NULL), CH_OK, "all");
	is_str(message.text, "{\"n\":3}", "of it");
	is_str(message.channel, "v", "with its name");
	receiver = listen_to(layer, "v", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":1}", "and nothing is taken");
	is_str(next(receiver, CH_NOW), "{\"n\":2}", "from");
	is_str(next(receiver, CH_NOW), "{\"n\":3}", "others");
	is_str(next(watcher, CH_NOW), "nothing", "that was all");
	is_int(stat_of("v").waiting, 0, "a watcher does not wait");
	is_int(ch_receiver_missed(watcher), 0, "it missed none");
	ch_receiver_free(receiver);
	ch_receiver_free(watcher);
}

/* --- threads and processes ---------------------------------------------------- */

#define CROWD 4
#define EACH 250

static int taken[CROWD * EACH];

/* Take numbers until `end` messages say stop. */
static void
count_numbers(struct ch_layer *where, int counts[CROWD * EACH])
{
	struct ch_receiver *receiver = listen_to(where, "crowd", 0);
	struct ch_message message;
	int n;

	while (ch_receive(receiver, &message, soon(LONG), NULL) == CH_OK) {
		n = atoi(message.text + strlen("{\"n\":"));
		if (n < 0)
			break;
		__atomic_add_fetch(&counts[n], 1, __ATOMIC_SEQ_CST);
	}
	ch_receiver_free(receiver);
}

static void *
crowd_receive(void *arg)
{
	(void)arg;
	count_numbers(layer, taken);
	return NULL;
}

static void
send_numbers(struct ch_layer *where, int from, int n)
{
	struct ch_send_opts wait = { .deadline = soon(LONG) };
	char text[32];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "{\"n\":%d}",
		    from < 0 ? -1 : from + i);
		ch_send(where, "crowd", text, strlen(text), &wait, NULL);
	}
}

static void *
crowd_send(void *arg)
{
	send_numbers(layer, (int)(intptr_t)arg * EACH, EACH);
	return NULL;
}

static void
is_once_each(const int counts[CROWD * EACH])
{
	int i, lost = 0, twice = 0;

	for (i = 0; i < CROWD * EACH; i++) {
		lost += counts[i] == 0;
		twice += counts[i] > 1;
	}
	is_int(lost, 0, "no message is lost");
	is_int(twice, 0, "none comes twice");
}

static void
case_threads(void)
{
	pthread_t receivers[CROWD], senders[CROWD];
	intptr_t i;

	memset(taken, 0, sizeof(taken));
	configure("{\"capacity\":50}");
	for (i = 0; i < CROWD; i++)
		pthread_create(&receivers[i], NULL, crowd_receive, NULL);
	for (i = 0; i < CROWD; i++)
		pthread_create(&senders[i], NULL, crowd_send, (void *)i);
	for (i = 0; i < CROWD; i++)
		pthread_join(senders[i], NULL);
	send_numbers(layer, -1, CROWD);
	for (i = 0; i < CROWD; i++)
		pthread_join(receivers[i], NULL);
	is_once_each(taken);
}

/* Run `work` in a child, which reports a struct of this size. */
static pid_t
in_child(void (*work)(void *report), void *report, size_t size, int *from)
{
	int fds[2];
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		work(report);
		_exit(write(fds[1], report, size) != (ssize_t)size);
	}
	close(fds[1]);
	*from = fds[0];
	return pid;
}

/* Wait for a child and read what it reports; whether it ended well. */
static int
child_report(pid_t pid, int from, void *report, size_t size)
{
	size_t have = 0;
	ssize_t n;
	int status;

	do {
		n = read(from, (char *)report + have, size - have);
		have += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(from);
	waitpid(pid, &status, 0);
	return have == size && WIFEXITED(status) && !WEXITSTATUS(status);
}

static void
child_receives(void *report)
{
	struct ch_layer *own = open_again();

	count_numbers(own, report);
	ch_close(own);
}

static void
case_processes(void)
{
	int counts[CROWD * EACH], part[CROWD * EACH], from[CROWD], i, j;
	pid_t pids[CROWD];

	memset(counts, 0, sizeof(counts));
	memset(part, 0, sizeof(part));
	for (i = 0; i < CROWD; i++)
		pids[i] = in_child(child_receives, part, sizeof(part),
		    &from[i]);
	send_numbers(layer, 0, CROWD * EACH);
	send_numbers(layer, -1, CROWD);
	for (i = 0; i < CROWD; i++) {
		ok(child_report(pids[i], from[i], part, sizeof(part)),
		    "receiver %d", i);
		for (j = 0; j < CROWD * EACH; j++)
			counts[j] += part[j];
	}
	is_once_each(counts);
}

struct fork_report {
	int sent, owned, used, closed;
};

static struct ch_receiver *parents;

static void
child_uses_layer(void *arg)
{
	struct fork_report *report = arg;
	struct ch_message message;
	char name[CH_NAME_MAX + 1];

	report->used = ch_receive(parents, &message, CH_NOW, NULL);
	report->sent = put("from.child", "{\"n\":1}");
	report->owned = ch_new_channel(layer, "parents!", name, NULL);
	ch_receiver_free(parents);
	ch_close(layer);
	report->closed = 1;
}

static void
case_fork(void)
{
	struct fork_report report = { -9, -9, -9, 0 };
	char name[CH_NAME_MAX + 1];
	int from;
	pid_t pid;

	ch_new_channel(layer, "parents!", name, NULL);
	ch_group_add(layer, "g", name, NULL);
	parents = listen_to(layer, "from.child", 0);
	is_str(next(parents, CH_NOW), "nothing", "the parent listens");
	pid = in_child(child_uses_layer, &report, sizeof(report), &from);
	ok(child_report(pid, from, &report, sizeof(report)), "a child");
	is_int(report.sent, CH_OK, "uses the layer");
	is_int(report.used, CH_USAGE, "not its receivers");
	is_int(report.owned, CH_FULL, "nor what its parent owns");
	is_int(report.closed, 1, "and closes it");
	is_str(next(parents, soon(LONG)), "{\"n\":1}", "what it sent came");
	is_int(put(name, "{}"), CH_OK, "the parent still owns its prefix");
	is_int(members_of("g"), 1, "and is in its groups");
	ch_receiver_free(parents);
}

static void
child_owns(void *arg)
{
	struct ch_layer *own = open_again();
	char *name = arg;

	ch_own_random(own, "dies", name, NULL);
	strcat(name, "x");
	ch_will(own, name, "wills", "{\"died\":0}", 10, NULL);
	ch_will(own, name, "wills", "{\"died\":1}", 10, NULL);
	ch_group_add(own, "g", name, NULL);
}

static void
case_dead_owner(void)
{
	char name[CH_NAME_MAX + 1] = "";
	struct ch_receiver *wills = listen_to(layer, "wills", 0);
	struct ch_group_sent sent;
	int from;
	pid_t pid;

	pid = in_child(child_owns, name, sizeof(name), &from);
	ok(child_report(pid, from, name, sizeof(name)), "an owner dies");
	is_int(put(name, "{}"), CH_NONE, "who sends to it is told");
	is_str(next(wills, soon(LONG)), "{\"died\":1}", "its will is sent");
	is_str(next(wills, CH_NOW), "nothing", "once");
	is_int(members_of("g"), 0, "it has left its groups");

	pid = in_child(child_owns, name, sizeof(name), &from);
	ok(child_report(pid, from, name, sizeof(name)), "another dies");
	is_int(group_put("g", "{}", &sent), CH_OK, "a group send");
	is_int(sent.sent, 0, "does not reach it");
	is_str(next(wills, soon(LONG)), "{\"died\":1}", "and sends its will");

	pid = in_child(child_owns, name, sizeof(name), &from);
	ok(child_report(pid, from, name, sizeof(name)), "a third dies");
	is_int(ch_sweep(layer, LONG, NULL, NULL), CH_OK, "a sweep");
	is_str(next(wills, soon(LONG)), "{\"died\":1}", "sends its will too");
	is_str(next(wills, CH_NOW), "nothing", "and no more");
	ch_receiver_free(wills);
}

/* --- running them -------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*run)(void);
	int shared; /* needs a store that other processes can open */
} cases[] = {
	{ "names", case_names, 0 },
	{ "messages", case_messages, 0 },
	{ "size", case_size, 0 },
	{ "order", case_order, 0 },
	{ "at most once", case_at_most_once, 0 },
	{ "deadlines", case_deadlines, 0 },
	{ "wake", case_wake, 0 },
	{ "fairness", case_fairness, 0 },
	{ "send many", case_send_many, 0 },
	{ "receive many", case_receive_many, 0 },
	{ "marks", case_marks, 0 },
	{ "globs", case_globs, 0 },
	{ "descriptor", case_descriptor, 0 },
	{ "until", case_until, 0 },
	{ "capacity", case_capacity, 0 },
	{ "capacity by default", case_capacity_default, 0 },
	{ "drop oldest", case_drop_oldest, 0 },
	{ "wait for room", case_wait_for_room, 0 },
	{ "expiry", case_expiry, 0 },
	{ "delay", case_delay, 0 },
	{ "delay and capacity", case_delay_capacity, 0 },
	{ "options", case_options, 0 },
	{ "groups", case_groups, 0 },
	{ "group full", case_group_full, 0 },
	{ "group stat", case_group_stat, 0 },
	{ "group, one record", case_group_one_record, 0 },
	{ "group, parts", case_group_parts, 0 },
	{ "group expiry", case_group_expiry, 0 },
	{ "new channel", case_new_channel, 0 },
	{ "gone owner", case_gone_owner, 0 },
	{ "notices", case_notices, 0 },
	{ "wills", case_wills, 0 },
	{ "peek", case_peek, 0 },
	{ "stat", case_stat, 0 },
	{ "callbacks", case_callbacks, 0 },
	{ "flush", case_flush, 0 },
	{ "sweep", case_sweep, 0 },
	{ "watch", case_watch, 0 },
	{ "threads", case_threads, 0 },
	{ "processes", case_processes, 1 },
	{ "fork", case_fork, 1 },
	{ "dead owner", case_dead_owner, 1 },
};

static void
run_case(size_t i, const char *given)
{
	char subject[128], fresh[300];
	struct ch_err err = CH_ERR_INIT;

	snprintf(subject, sizeof(subject), "%s: %s: ", kind, cases[i].name);
	tap_subject = subject;
	case_number++;
	if (strcmp(kind, "mem") == 0)
		snprintf(fresh, sizeof(fresh), "mem:%d", case_number);
	else
		snprintf(fresh, sizeof(fresh), "%s/%d", scratch, case_number);
	url = given ? given : fresh;
	if (!ok(ch_open(&layer, url, &err) == CH_OK, "opens %s", err.text))
		return;
	if (given)
		ch_flush(layer, NULL, NULL, NULL);
	cases[i].run();
	ch_close(layer);
	layer = NULL;
}

static void
run_all(const char *given)
{
	size_t i;

	shared = strcmp(kind, "mem") != 0;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (shared || !cases[i].shared)
			run_case(i, given);
}

int
main(int argc, char *argv[])
{
	int i;

	for (i = 1; i < argc; i++) {
		kind = argv[i];
		run_all(argv[i]);
	}
	if (argc > 1)
		return done_testing();
	snprintf(scratch, sizeof(scratch), "%s/contract.XXXXXX",
	    getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(scratch)) {
		perror(scratch);
		return 1;
	}
	kind = "mem";
	run_all(NULL);
	kind = "file";
	run_all(NULL);
	remove_scratch();
	return done_testing();
}
