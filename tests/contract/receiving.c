/* receiving.c - the contract: waiting, and hearing many channels. */
#include "contract.h"

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
	struct ch_send_opts delayed = { .delay = 400 };
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
	ok(ch_clock() >= start + 400 && ch_clock() < start + LONG,
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

static const struct contract_case cases[] = {
	{ "deadlines", case_deadlines, 0 },
	{ "wake", case_wake, 0 },
	{ "fairness", case_fairness, 0 },
	{ "globs", case_globs, 0 },
	{ "descriptor", case_descriptor, 0 },
	{ "until", case_until, 0 },
	{ "watch", case_watch, 0 },
	{ NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	return contract_main(argc, argv, cases);
}
