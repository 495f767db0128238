/*
 * file_monkey.c - processes that do anything at any time, and are killed at
 * any instruction: nobody meets an error, and a sweep leaves an empty store.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "store.h"

#define MONKEYS 4
#define ROUND_MS 4000
#define PREFIXES 3

static struct board {
	atomic_int failed;
	atomic_int done;
	char what[512];
} *board;

static void
expect(int rc, const char *what, const struct ch_err *err)
{
	atomic_fetch_add(&board->done, 1);
	if (rc == CH_OK || rc == CH_NONE || rc == CH_FULL || rc == CH_TIMEOUT)
		return;
	if (atomic_fetch_add(&board->failed, 1) == 0)
		snprintf(board->what, sizeof(board->what), "%s: %d: %.400s",
		    what, rc, err->text);
}

static const char *
some_name(void)
{
	static const char *const names[] = { "jobs", "tasks", "p0!a", "p0!b",
		"p1!a", "p2!a", "p2!b", "q?x", "q?y" };

	return names[rand() % (int)(sizeof(names) / sizeof(*names))];
}

static const char *
some_group(void)
{
	static const char *const names[] = { "g", "h", "i" };

	return names[rand() % 3];
}

static void
receive(struct ch_layer *layer, struct ch_err *err)
{
	static const char *const names[] = { "jobs", "tasks", "p0!", "p1!",
		"p2!", "q?x", "q?y" };
	const char *name = names[rand() % 7];
	struct ch_receiver *receiver;
	struct ch_message messages[8];
	size_t got;
	int rc;

	rc = ch_receiver_new(&receiver, layer, &name, 1,
	    rand() % 2 ? CH_NOTICES : 0, err);
	expect(rc, "receiver", err);
	if (rc != CH_OK)
		return;
	rc = ch_receive_many(receiver, messages, 8, &got,
	    rand() % 2 ? CH_NOW : ch_clock() + 2, err);
	expect(rc, "receive", err);
	ch_receiver_free(receiver);
}

static void
own(struct ch_layer *layer, struct ch_err *err)
{
	char prefix[8], name[CH_NAME_MAX + 1];
	int rc;

	snprintf(prefix, sizeof(prefix), "p%d!", rand() % PREFIXES);
	rc = ch_new_channel(layer, prefix, name, err);
	expect(rc, "own", err);
	if (rc == CH_OK)
		expect(ch_will(layer, name, "tasks", "{\"w\":1}", 7, err),
		    "will", err);
	if (rc == CH_OK)
		expect(ch_group_add(layer, some_group(), name, err), "join",
		    err);
}

static void
do_anything(struct ch_layer *layer)
{
	struct ch_send_opts opts = { .flags = CH_DROP_OLDEST,
		.delay = rand() % 4 ? 0 : 1 };
	struct ch_err err = CH_ERR_INIT;
	uint64_t n;

	switch (rand() % 12) {
	case 0:
	case 1:
	case 2:
		expect(ch_send(layer, some_name(), "{\"n\":1}", 7, &opts, &err),
		    "send", &err);
		break;
	case 3:
	case 4:
		receive(layer, &err);
		break;
	case 5:
	case 6:
		expect(ch_group_add(layer, some_group(), some_name(), &err),
		    "add", &err);
		break;
	case 7:
		expect(ch_group_discard(layer, some_group(), some_name(),
		    &err), "discard", &err);
		break;
	case 8:
		expect(ch_group_send(layer, some_group(), "{\"g\":1}", 7, NULL,
		    NULL, &err), "group send", &err);
		break;
	case 9:
		own(layer, &err);
		break;
	case 10:
		expect(ch_sweep(layer, 0, NULL, &err), "sweep", &err);
		break;
	case 11:
		if (rand() % 8 == 0)
			expect(ch_flush(layer, NULL, &n, &err), "flush", &err);
		break;
	}
}

static void
be_monkey(void *arg)
{
	struct ch_layer *layer;
	int i;

	srand((unsigned)getpid() ^ (unsigned)ch_clock());
	(void)arg;
	for (;;) {
		layer = store_open();
		for (i = 0; i < 300; i++)
			do_anything(layer);
		ch_close(layer);
	}
}

static int
count(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static int
count_stat(void *arg, const struct ch_channel_stat *stat)
{
	printf("# left: %s, %d pending\n", stat->channel, (int)stat->pending);
	++*(int *)arg;
	return 0;
}

int
main(void)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_layer *layer;
	int64_t stop = ch_clock() + ROUND_MS;
	pid_t pids[MONKEYS];
	int i, who, groups = 0, channels = 0;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		bail("mmap", NULL);
	srand((unsigned)ch_clock());
	store_new();
	ch_close(store_open());
	for (i = 0; i < MONKEYS; i++)
		pids[i] = in_child(be_monkey, NULL);
	while (ch_clock() < stop) {
		poll(NULL, 0, rand() % 15);
		who = rand() % MONKEYS;
		kill(pids[who], SIGKILL);
		end_of(pids[who]);
		pids[who] = in_child(be_monkey, NULL);
	}
	for (i = 0; i < MONKEYS; i++) {
		kill(pids[i], SIGKILL);
		end_of(pids[i]);
	}
	is_int(atomic_load(&board->failed), 0,
	    "nobody met an error in %d calls %s", atomic_load(&board->done),
	    board->what);
	layer = store_open();
	is_int(ch_sweep(layer, CH_NEVER, NULL, &err), CH_OK,
	    "what they left is swept %s", err.text);
	is_int(ch_flush(layer, NULL, NULL, &err), CH_OK, "flushed %s",
	    err.text);
	is_int(ch_sweep(layer, 0, NULL, &err), CH_OK, "and swept %s",
	    err.text);
	is_int(ch_groups(layer, NULL, count, &groups, &err), CH_OK,
	    "groups can be listed %s", err.text);
	is_int(groups, 0, "there are none");
	is_int(ch_stat_channels(layer, NULL, count_stat, &channels, &err),
	    CH_OK, "channels can be listed %s", err.text);
	is_int(channels, 0, "there are none");
	for (i = 0; i < 20; i++)
		do_anything(layer);
	is_int(atomic_load(&board->failed), 0, "it is as good as new %s",
	    board->what);
	ch_close(layer);
	return done_testing();
}
