/*
 * store.h - a store of its own for a C test, and short ways to use it.
 *
 * What these functions cannot do ends the test: they say why and exit.
 */
#ifndef TESTS_UNIT_STORE_H
#define TESTS_UNIT_STORE_H

#include "channel.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define UNUSED __attribute__((unused))

static char store_path[128];
static pid_t store_maker;

UNUSED static void
bail(const char *what, const struct ch_err *err)
{
	printf("Bail out! %s: %s\n", what, err ? err->text : "failed");
	exit(1);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
remove_store(void)
{
	if (getpid() == store_maker)
		nftw(store_path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The path of a store that does not exist yet; it is removed at the end. */
UNUSED static const char *
store_new(void)
{
	const char *tmp = getenv("TMPDIR");

	if (store_maker)
		remove_store();
	else
		atexit(remove_store);
	store_maker = getpid();
	snprintf(store_path, sizeof(store_path), "%s/store.XXXXXX",
	    tmp ? tmp : "/tmp");
	if (!mkdtemp(store_path))
		bail("mkdtemp", NULL);
	return store_path;
}

/* The path of what is in the store; good until the fourth call after. */
UNUSED static const char *
in_store(const char *what)
{
	static char paths[4][512];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", store_path, what);
	return path;
}

UNUSED static int
is_there(const char *what)
{
	struct stat st;

	return !lstat(in_store(what), &st);
}

UNUSED static struct ch_layer *
store_open(void)
{
	struct ch_layer *layer;
	struct ch_err err = CH_ERR_INIT;

	if (ch_open(&layer, store_path, &err) != CH_OK)
		bail("ch_open", &err);
	return layer;
}

/* Give the store a config; before it is opened. */
UNUSED static void
store_config(const char *text)
{
	int fd = open(in_store("config"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		bail("config", NULL);
	close(fd);
}

/* The store is opened under another boot from now on. */
UNUSED static void
reboot_machine(void)
{
	static int boots;
	extern const char *ch_clock_boot_file;
	static char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/boot", store_path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dprintf(fd, "boot %d\n", ++boots) < 0)
		bail("boot", NULL);
	close(fd);
	ch_clock_boot_file = path;
}

UNUSED static int
put(struct ch_layer *layer, const char *channel, const char *text)
{
	return ch_send(layer, channel, text, strlen(text), NULL, NULL);
}

/* Send {"n":N}. */
UNUSED static int
put_n(struct ch_layer *layer, const char *channel, int n)
{
	char text[32];

	snprintf(text, sizeof(text), "{\"n\":%d}", n);
	return put(layer, channel, text);
}

UNUSED static struct ch_receiver *
listen_to(struct ch_layer *layer, const char *channel, unsigned flags)
{
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;

	if (ch_receiver_new(&receiver, layer, &channel, 1, flags, &err))
		bail("ch_receiver_new", &err);
	return receiver;
}

/* What one receive until the deadline gives: "CHANNEL TEXT", "" for none. */
UNUSED static const char *
next_of(struct ch_receiver *receiver, int64_t deadline)
{
	static char seen[1024];
	struct ch_message message;
	int rc;

	seen[0] = '\0';
	rc = ch_receive(receiver, &message, deadline, NULL);
	if (rc == CH_OK)
		snprintf(seen, sizeof(seen), "%s%s %s",
		    message.kind == CH_JOINED ? "joined " :
		    message.kind == CH_LEFT ? "left " : "", message.channel,
		    message.text);
	else if (rc != CH_TIMEOUT)
		snprintf(seen, sizeof(seen), "status %d", rc);
	return seen;
}

/* What lies first in the channel, taken. */
UNUSED static const char *
take(struct ch_layer *layer, const char *channel)
{
	struct ch_receiver *receiver = listen_to(layer, channel, 0);
	const char *seen = next_of(receiver, CH_NOW);

	ch_receiver_free(receiver);
	return seen;
}

UNUSED static int
keep_stat(void *arg, const struct ch_channel_stat *stat)
{
	*(struct ch_channel_stat *)arg = *stat;
	return 0;
}

UNUSED static struct ch_channel_stat
stat_of(struct ch_layer *layer, const char *channel)
{
	struct ch_channel_stat stat = { .oldest = -2 };

	ch_stat_channels(layer, channel, keep_stat, &stat, NULL);
	return stat;
}

/* Run step(arg) in a child; its pid. The child ends without atexit. */
UNUSED static pid_t
in_child(void (*step)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail("fork", NULL);
	if (pid == 0) {
		step(arg);
		_exit(0);
	}
	return pid;
}

/* The exit status of a child, or minus the signal that ended it. */
UNUSED static int
end_of(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/*
 * A child that runs step(arg), says so through a pipe, and then waits to be
 * killed: its pid once it has said so.
 */
UNUSED static pid_t
start_child(void (*step)(void *arg), void *arg)
{
	int ready[2];
	char byte;
	pid_t pid;

	fflush(stdout);
	if (pipe(ready) < 0)
		bail("pipe", NULL);
	pid = fork();
	if (pid < 0)
		bail("fork", NULL);
	if (pid == 0) {
		close(ready[0]);
		step(arg);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		bail("child", NULL);
	close(ready[0]);
	return pid;
}

#endif
