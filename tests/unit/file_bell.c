/* file_bell.c - who sleeps, who wakes, and who is rung. */
#include "file/bell.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>

#include "file/chan.h"
#include "store.h"

#define PATIENCE 60000 /* for what should happen at once, in ms */

static int
is_readable(const struct ch_receiver *receiver)
{
	struct pollfd fd = { ch_receiver_fd(receiver), POLLIN, 0 };

	return poll(&fd, 1, 0) == 1;
}

static void
test_sleep(struct ch_layer *layer)
{
	struct ch_layer *other = store_open();
	struct ch_receiver *one = listen_to(layer, "jobs", 0);
	struct ch_receiver *two = listen_to(other, "jobs", 0);

	is_str(next_of(one, CH_NOW), "", "nothing is there");
	is_str(next_of(two, CH_NOW), "", "for two receivers");
	is_int((long long)stat_of(layer, "jobs").waiting, 2,
	    "rule 13: both count themselves");
	ok(!is_readable(one) && !is_readable(two), "and sleep");
	put_n(layer, "jobs", 1);
	put_n(layer, "jobs", 2);
	ok(is_readable(one) && is_readable(two), "rule 15: a send wakes both");
	is_str(next_of(one, CH_NOW), "jobs {\"n\":1}", "one takes");
	ok(is_readable(two),
	    "rule 14: while something is due, the bell stays readable");
	is_str(next_of(two, CH_NOW), "jobs {\"n\":2}", "and two takes");
	is_str(next_of(one, CH_NOW), "", "nothing is left");
	is_str(next_of(two, CH_NOW), "", "for both");
	ok(!is_readable(one) && !is_readable(two), "rule 14: it is drained");
	is_int((long long)stat_of(layer, "jobs").waiting, 2,
	    "both wait again");
	ch_receiver_free(one);
	is_int((long long)stat_of(layer, "jobs").waiting, 1,
	    "who leaves takes itself out");
	ch_receiver_free(two);
	is_int((long long)stat_of(layer, "jobs").waiting, 0, "both have left");
	ch_close(other);
}

static void
send_and_exit(void *arg)
{
	struct ch_layer *layer = store_open();

	put(layer, arg, "{}");
	raise(SIGKILL);
}

static void
test_one_shot(struct ch_layer *layer)
{
	struct ch_receiver *receiver = listen_to(layer, "jobs", 0);
	char name[] = "jobs";
	pid_t pid;

	next_of(receiver, CH_NOW);
	pid = in_child(send_and_exit, name);
	is_str(next_of(receiver, ch_clock() + PATIENCE), "jobs {}",
	    "rule 15: a sender that is killed once it has sent woke us");
	end_of(pid);
	ch_receiver_free(receiver);
}

static void
sleep_there(void *arg)
{
	struct ch_layer *layer = store_open();

	next_of(listen_to(layer, arg, 0), CH_NOW);
}

/* How many are counted as asleep in "bed", by its queue file. */
static long long
counted(void)
{
	char path[sizeof(store_path) + 32];
	uint32_t waiting = UINT32_MAX;
	int fd;

	snprintf(path, sizeof(path), "%s/channels/bed/queue", store_path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pread(fd, &waiting, sizeof(waiting),
	        offsetof(struct ch_header, waiting)) < 0)
		bail("read the queue", NULL);
	close(fd);
	return waiting;
}

static void
kill_sleeper(struct ch_layer *layer)
{
	char name[] = "bed";
	pid_t pid = start_child(sleep_there, name);

	is_int((long long)stat_of(layer, "bed").waiting, 1, "somebody sleeps");
	kill(pid, SIGKILL);
	end_of(pid);
	is_int(counted(), 1, "rule 13: an over-count is harmless");
}

static void
test_killed_sleeper(struct ch_layer *layer)
{
	kill_sleeper(layer);
	is_int(put(layer, "bed", "{}"), CH_OK,
	    "rule 17: a send to a bell that nobody hears is no SIGPIPE");
	is_int(counted(), 0, "rule 17: and the count is right again");
	take(layer, "bed");
	kill_sleeper(layer);
	is_int((long long)stat_of(layer, "bed").waiting, 0,
	    "rule 13: who looks counts nobody when the bell has no reader");
}

/* A ringer may hold a bell open whose last reader has gone. */
static void
test_deaf(struct ch_layer *layer)
{
	struct ch_receiver *receiver;
	int i, bad = 0;

	for (i = 0; i < 50; i++) {
		receiver = listen_to(layer, "deaf", 0);
		next_of(receiver, CH_NOW);
		bad += put_n(layer, "deaf", i) != CH_OK;
		bad += !is_readable(receiver);
		next_of(receiver, CH_NOW);
		next_of(receiver, CH_NOW);
		ch_receiver_free(receiver);
		bad += put_n(layer, "deaf", i) != CH_OK;
		take(layer, "deaf");
	}
	is_int(bad, 0, "rule 17: listeners come and go, senders live");
}

static void
test_fairness(struct ch_layer *layer)
{
	const char *names[] = { "busy", "quiet", "still" };
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	int i, place[3] = { 0 };
	const char *seen;

	for (i = 0; i < 100; i++)
		put_n(layer, "busy", i);
	if (ch_receiver_new(&receiver, layer, names, 3, 0, &err))
		bail("receiver", &err);
	for (i = 1; i <= 110; i++) {
		if (i == 20)
			put_n(layer, "quiet", 0);
		if (i == 40)
			put_n(layer, "still", 0);
		seen = next_of(receiver, CH_NOW);
		if (!strncmp(seen, "quiet", 5))
			place[1] = i;
		if (!strncmp(seen, "still", 5))
			place[2] = i;
		place[0] += !strncmp(seen, "busy", 4);
	}
	is_int(place[0], 100, "rule 18: all of a busy channel comes");
	ok(place[1] >= 20 && place[1] < 30 && place[2] >= 40 && place[2] < 50,
	    "rule 18: and nobody waits for its end (%d, %d)", place[1],
	    place[2]);
	ch_receiver_free(receiver);
}

static void
test_earlier(struct ch_layer *layer)
{
	struct ch_receiver *one, *two;
	struct ch_send_opts opts = { .delay = 3600000 };

	one = listen_to(layer, "later", 0);
	two = listen_to(layer, "later", 0);
	ch_send(layer, "later", "{\"late\":1}", 10, &opts, NULL);
	next_of(one, CH_NOW);
	next_of(two, CH_NOW);
	ok(!is_readable(one) && !is_readable(two), "two wait for a delayed");
	opts.delay = 40;
	ch_send(layer, "later", "{\"early\":1}", 11, &opts, NULL);
	ok(is_readable(one) && is_readable(two),
	    "rule 19: an earlier one rings");
	is_str(next_of(one, ch_clock() + PATIENCE), "later {\"early\":1}",
	    "rule 19: and is received when it is due");
	is_str(next_of(two, CH_NOW), "", "once");
	next_of(one, CH_NOW);
	next_of(two, CH_NOW);
	ch_receiver_free(one);
	ok(is_readable(two),
	    "rule 19: who leaves rings for the others while one is delayed");
	ch_receiver_free(two);
	ch_flush(layer, "later", NULL, NULL);
}

struct sender {
	const char *channel;
	int64_t patience;
};

static void
send_waiting(void *arg)
{
	const struct sender *sender = arg;
	struct ch_layer *layer = store_open();
	struct ch_send_opts opts = {
		.deadline = ch_clock() + sender->patience,
	};

	_exit(-ch_send(layer, sender->channel, "{\"w\":1}", 7, &opts, NULL));
}

/* Start a sender on the full channel; returns when it waits. */
static pid_t
wait_for_sender(struct sender *sender)
{
	char path[64];
	pid_t pid = in_child(send_waiting, sender);
	int dir = open(in_store("channels"), O_RDONLY | O_DIRECTORY);
	int64_t end = ch_clock() + PATIENCE;

	snprintf(path, sizeof(path), "%s/room", sender->channel);
	while (ch_bell_heard(dir, path) != 1 && ch_clock() < end)
		sched_yield();
	close(dir);
	return pid;
}

static void
test_room(struct ch_layer *layer)
{
	struct sender sender = { "tiny", PATIENCE };
	struct ch_send_opts brief = { .expiry = 100 };
	pid_t pid, other;

	put_n(layer, "tiny", 1);
	is_int(put_n(layer, "tiny", 2), CH_FULL, "a full channel");
	pid = wait_for_sender(&sender);
	is_str(take(layer, "tiny"), "tiny {\"n\":1}", "a take");
	is_int(end_of(pid), 0, "rule 20: makes room for a sender that waits");
	pid = wait_for_sender(&sender);
	ch_flush(layer, "tiny", NULL, NULL);
	is_int(end_of(pid), 0, "rule 20: and so does a flush");
	take(layer, "tiny");
	ch_send(layer, "tiny", "{}", 2, &brief, NULL);
	pid = in_child(send_waiting, &sender);
	is_int(end_of(pid), 0, "rule 20: and expiry");
	sender.patience = 50;
	pid = in_child(send_waiting, &sender);
	is_int(end_of(pid), -CH_TIMEOUT, "without room it gives up in time");
	sender.patience = PATIENCE;
	pid = wait_for_sender(&sender);
	other = wait_for_sender(&sender);
	kill(pid, SIGKILL);
	end_of(pid);
	take(layer, "tiny");
	is_int(end_of(other), 0, "rule 20: a killed one takes nobody's turn");
	take(layer, "tiny");
}

static void
test_watchers(struct ch_layer *layer)
{
	struct ch_receiver *one = listen_to(layer, "seen", CH_WATCH);
	struct ch_receiver *two = listen_to(layer, "seen", CH_WATCH);
	struct ch_receiver *taker = listen_to(layer, "seen", 0);

	next_of(one, CH_NOW);
	next_of(two, CH_NOW);
	next_of(taker, CH_NOW);
	is_int((long long)stat_of(layer, "seen").waiting, 1,
	    "rule 21: watchers are no sleepers");
	put_n(layer, "seen", 1);
	ok(is_readable(one) && is_readable(two) && is_readable(taker),
	    "rule 21: all are woken");
	is_str(next_of(one, CH_NOW), "seen {\"n\":1}", "one sees it");
	is_str(next_of(taker, CH_NOW), "seen {\"n\":1}", "one takes it");
	is_str(next_of(two, CH_NOW), "seen {\"n\":1}",
	    "one sees it though it was taken");
	is_str(next_of(taker, CH_NOW), "", "it is taken once");
	ch_receiver_free(one);
	ch_receiver_free(two);
	ch_receiver_free(taker);
}

static void
test_until(struct ch_layer *layer)
{
	struct ch_receiver *receiver = listen_to(layer, "jobs", 0);
	int ends[2];

	if (pipe(ends) < 0)
		bail("pipe", NULL);
	ch_receiver_until(receiver, ends[1], NULL);
	close(ends[0]);
	is_str(next_of(receiver, ch_clock() + PATIENCE), "status -1",
	    "a wait ends when the reader of its output goes away");
	ch_receiver_free(receiver);
	close(ends[1]);
}

int
main(void)
{
	struct ch_layer *layer;

	store_new();
	store_config("{\"channels\":[{\"match\":\"tiny\",\"capacity\":1}]}");
	layer = store_open();
	test_sleep(layer);
	test_one_shot(layer);
	test_killed_sleeper(layer);
	test_deaf(layer);
	test_fairness(layer);
	test_earlier(layer);
	test_room(layer);
	test_watchers(layer);
	test_until(layer);
	ch_close(layer);
	return done_testing();
}
