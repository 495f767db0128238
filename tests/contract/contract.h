/*
 * contract.h - what every channel layer must do, run over every backend.
 *
 * Each program here is a part of the contract: PROGRAM [URL...]. Without URLs
 * it runs over "mem:" and over a fresh file store, a store for each case; with
 * URLs over those, flushed before each case, so only one program at a time.
 */
#ifndef TESTS_CONTRACT_CONTRACT_H
#define TESTS_CONTRACT_CONTRACT_H

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

#define UNUSED __attribute__((unused))

struct contract_case {
	const char *name;
	void (*run)(void);
	int shared; /* needs a store that other processes can open */
};

#define LONG 30000 /* ms: longer than anything here takes */

static const char *kind;     /* "mem", "file", or a URL */
static const char *url;      /* of the store of this case */
static struct ch_layer *layer;

/* --- what the cases are made of ----------------------------------------- */

UNUSED static int64_t
soon(int64_t ms)
{
	return ch_clock() + ms;
}

UNUSED static struct ch_receiver *
listen_to(struct ch_layer *where, const char *name, unsigned flags)
{
	struct ch_receiver *receiver = NULL;
	struct ch_err err = CH_ERR_INIT;

	if (ch_receiver_new(&receiver, where, &name, 1, flags, &err) != CH_OK)
		ok(0, "receive on %s: %s", name, err.text);
	return receiver;
}

UNUSED static int
put(const char *channel, const char *text)
{
	return ch_send(layer, channel, text, strlen(text), NULL, NULL);
}

UNUSED static int
put_with(const char *channel, const char *text, struct ch_send_opts opts)
{
	return ch_send(layer, channel, text, strlen(text), &opts, NULL);
}

UNUSED static int
group_put(const char *group, const char *text, struct ch_group_sent *sent)
{
	return ch_group_send(layer, group, text, strlen(text), NULL, sent,
	    NULL);
}

/* The next text on a receiver, or a word for why there is none. */
UNUSED static const char *
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
UNUSED static unsigned
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
UNUSED static void
pass(int64_t ms)
{
	struct ch_receiver *receiver = listen_to(layer, "nobody.sends", 0);
	struct ch_message message;

	ch_receive(receiver, &message, soon(ms), NULL);
	ch_receiver_free(receiver);
}

UNUSED static int
count_name(void *arg, const char *name)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

UNUSED static int
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

UNUSED static int
see_stat(void *arg, const struct ch_channel_stat *stat)
{
	struct seen_stat *seen = arg;

	seen->stat = *stat;
	seen->n++;
	return 0;
}

UNUSED static struct ch_channel_stat
stat_of(const char *name)
{
	struct seen_stat seen;

	memset(&seen, 0, sizeof(seen));
	ch_stat_channels(layer, name, see_stat, &seen, NULL);
	return seen.stat;
}

/* Wait until a receiver sleeps on this channel. */
UNUSED static void
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

UNUSED static int
see_message(void *arg, const struct ch_message *message)
{
	struct peeked *peeked = arg;

	strncat(peeked->text, message->text, 20);
	return ++peeked->n == 9;
}

/* --- opening stores ----------------------------------------------------- */

static char scratch[256];
static int case_number;

UNUSED static int
remove_one(const char *path, const struct stat *st, int type,
    struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

UNUSED static void
remove_scratch(void)
{
	nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

UNUSED static void
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
UNUSED static struct ch_layer *
open_again(void)
{
	struct ch_layer *another = NULL;
	struct ch_err err = CH_ERR_INIT;

	if (ch_open(&another, url, &err) != CH_OK)
		ok(0, "open %s: %s", url, err.text);
	return another;
}

/* Open this case's store anew, with a config. */
UNUSED static void
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

/* --- children ----------------------------------------------------------- */

/* Run `work` in a child, which reports a struct of this size. */
UNUSED static pid_t
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
UNUSED static int
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

/* --- running ------------------------------------------------------------ */

UNUSED static void
run_case(const struct contract_case *one, const char *given)
{
	char subject[128], fresh[300];
	struct ch_err err = CH_ERR_INIT;

	snprintf(subject, sizeof(subject), "%s: %s: ", kind, one->name);
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
	one->run();
	ch_close(layer);
	layer = NULL;
}

UNUSED static void
run_all(const struct contract_case *cases, const char *given)
{
	int shared = strcmp(kind, "mem") != 0;

	for (; cases->name; cases++)
		if (shared || !cases->shared)
			run_case(cases, given);
}

/* What main returns; cases end with one that has no name. */
UNUSED static int
contract_main(int argc, char *argv[], const struct contract_case *cases)
{
	int i;

	for (i = 1; i < argc; i++) {
		kind = argv[i];
		run_all(cases, argv[i]);
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
	run_all(cases, NULL);
	kind = "file";
	run_all(cases, NULL);
	remove_scratch();
	return done_testing();
}

#endif
