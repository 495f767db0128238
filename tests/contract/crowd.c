/* crowd.c - the contract: threads and processes. */
#include "contract.h"

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

static const struct contract_case cases[] = {
	{ "threads", case_threads, 0 },
	{ "processes", case_processes, 1 },
	{ "fork", case_fork, 1 },
	{ NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	return contract_main(argc, argv, cases);
}
