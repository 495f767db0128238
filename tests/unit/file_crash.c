/*
 * file_crash.c - kill -9 of senders and receivers at random moments: every
 * message whose send was acknowledged is accounted for.
 *
 * Senders and receivers keep their accounts in memory that they share with us,
 * so what they wrote there before they were killed stays.
 */
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "store.h"

#define SENDERS 3
#define RECEIVERS 3
#define ROUND_MS 2500
#define DRAIN_MS 25000 /* less than the sleepers' look */
#define MESSAGES_MAX 400000
#define BATCH_MAX 16

static struct account {
	atomic_int stop;
	struct {
		atomic_int tried; /* the last message it began to send */
		atomic_uchar acked[MESSAGES_MAX];
		atomic_uchar got[MESSAGES_MAX];
	} sender[SENDERS];
	atomic_int disorder;
	atomic_int foreign;
} *account;

static size_t batch;
static const char *channel;

struct job {
	int number;
	int first; /* message to begin with */
};

static void
run_sender(void *arg)
{
	const struct job *job = arg;
	struct ch_layer *layer = store_open();
	struct ch_send_opts opts = { .deadline = CH_NEVER };
	char text[64], name[64];
	int i, n;

	for (i = job->first; i < MESSAGES_MAX; i++) {
		if (atomic_load(&account->stop))
			break;
		n = snprintf(text, sizeof(text), "{\"s\":%d,\"n\":%d}",
		    job->number, i);
		snprintf(name, sizeof(name), "%s%s", channel,
		    strchr(channel, '!') ? "x" : "");
		atomic_store(&account->sender[job->number].tried, i);
		if (ch_send(layer, name, text, (size_t)n, &opts, NULL))
			_exit(3);
		atomic_store(&account->sender[job->number].acked[i], 1);
	}
	ch_close(layer);
}

/* Enter what was received; `last` is the last one of each sender. */
static void
enter(const struct ch_message *message, int last[SENDERS])
{
	int s, n;

	if (sscanf(message->text, "{\"s\":%d,\"n\":%d}", &s, &n) != 2 ||
	    s < 0 || s >= SENDERS || n < 0 || n >= MESSAGES_MAX) {
		atomic_fetch_add(&account->foreign, 1);
		return;
	}
	atomic_fetch_add(&account->sender[s].got[n], 1);
	if (n <= last[s])
		atomic_fetch_add(&account->disorder, 1);
	last[s] = n;
}

static void
run_receiver(void *arg)
{
	struct ch_layer *layer = store_open();
	struct ch_receiver *receiver = listen_to(layer, channel, 0);
	struct ch_message messages[BATCH_MAX];
	int last[SENDERS] = { -1, -1, -1 };
	size_t got, i;

	(void)arg;
	while (ch_receive_many(receiver, messages, batch, &got, CH_NEVER,
	        NULL) == CH_OK)
		for (i = 0; i < got; i++)
			enter(&messages[i], last);
	_exit(3);
}

static struct job jobs[SENDERS];
static pid_t senders[SENDERS], receivers[RECEIVERS];
static int killed_receivers, failed;

static void
start_sender(int s)
{
	/* whether the one that was being sent when it was killed went, nobody
	 * knows: it is not sent again */
	jobs[s].number = s;
	jobs[s].first = atomic_load(&account->sender[s].tried) + 1;
	senders[s] = in_child(run_sender, &jobs[s]);
}

/* End it; it must not have ended by itself, unless it may. */
static void
end(pid_t pid, int may_have_ended)
{
	int status;

	kill(pid, SIGKILL);
	status = end_of(pid);
	if (status != -SIGKILL && !(may_have_ended && status == 0))
		failed++;
}

static void
kill_at_random(void)
{
	int64_t stop = ch_clock() + ROUND_MS;
	int who;

	while (ch_clock() < stop) {
		poll(NULL, 0, rand() % 12);
		who = rand() % (SENDERS + RECEIVERS);
		if (who < SENDERS) {
			end(senders[who], 1); /* all sent: ended */
			start_sender(who);
		} else {
			who -= SENDERS;
			end(receivers[who], 0);
			killed_receivers++;
			receivers[who] = in_child(run_receiver, NULL);
		}
	}
}

/* How many acknowledged messages nobody has got, or somebody more than once. */
static void
balance(int *missing, int *twice, int *acked)
{
	int s, n, got;

	*missing = *twice = *acked = 0;
	for (s = 0; s < SENDERS; s++)
		for (n = 0; n <= account->sender[s].tried; n++) {
			got = account->sender[s].got[n];
			*acked += account->sender[s].acked[n];
			*missing += account->sender[s].acked[n] && !got;
			*twice += got > 1;
		}
}

static void
crash(const char *name, size_t most)
{
	int64_t end_at;
	int i, missing, twice, acked;
	struct ch_layer *layer;

	channel = name;
	batch = most;
	killed_receivers = failed = 0;
	memset(account, 0, sizeof(*account));
	for (i = 0; i < SENDERS; i++)
		atomic_store(&account->sender[i].tried, -1);
	for (i = 0; i < SENDERS; i++)
		start_sender(i);
	for (i = 0; i < RECEIVERS; i++)
		receivers[i] = in_child(run_receiver, NULL);
	kill_at_random();
	atomic_store(&account->stop, 1);
	for (i = 0; i < SENDERS; i++)
		failed += end_of(senders[i]) != 0;
	/* the receivers that live take what is left */
	layer = store_open();
	end_at = ch_clock() + DRAIN_MS;
	while (stat_of(layer, name).pending && ch_clock() < end_at)
		poll(NULL, 0, 1);
	is_int((long long)stat_of(layer, name).pending, 0,
	    "%s, %zu at once: nothing stays behind", name, most);
	ok(ch_clock() < end_at, "no wake-up was lost");
	/* a receiver that took has entered it before it sleeps again */
	while (stat_of(layer, name).waiting < RECEIVERS && ch_clock() < end_at)
		poll(NULL, 0, 1);
	for (i = 0; i < RECEIVERS; i++)
		end(receivers[i], 0);
	balance(&missing, &twice, &acked);
	is_int(failed, 0, "nobody failed");
	is_int(twice, 0, "none of %d acknowledged messages came twice", acked);
	ok(missing <= killed_receivers * (int)most,
	    "%d were lost with %d receivers that were killed", missing,
	    killed_receivers);
	is_int(account->disorder, 0, "each sender's came in order");
	is_int(account->foreign, 0, "and whole");
	ok(acked > 100, "there was something to lose");
	ch_close(layer);
}

int
main(void)
{
	unsigned seed = (unsigned)ch_clock();

	srand(seed);
	printf("# seed %u\n", seed);
	account = mmap(NULL, sizeof(*account), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (account == MAP_FAILED)
		bail("mmap", NULL);
	store_new();
	crash("jobs", 1);
	crash("jobs", BATCH_MAX);
	crash("p!", 1);
	return done_testing();
}
