/* file_chan.c - a channel: reboots, locks, forks, delays, folders. */
#include "file/chan.h"

#include <dirent.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/hash.h"
#include "file/bell.h"
#include "file/delay.h"
#include "store.h"

/* --- reboots ------------------------------------------------------------ */

static void
test_reboot(void)
{
	struct ch_layer *layer;
	int i;

	store_new();
	layer = store_open();
	for (i = 0; i < 3; i++)
		put_n(layer, "kept", i), put_n(layer, "lost", i);
	take(layer, "lost");
	ch_close(layer);
	reboot_machine();
	layer = store_open();
	is_int((long long)stat_of(layer, "kept").pending, 3,
	    "rule 6: a queue of which nothing was taken outlives a reboot");
	is_int((long long)stat_of(layer, "lost").pending, 0,
	    "rule 6: a queue from another boot from which was taken is "
	    "emptied");
	is_int((long long)stat_of(layer, "lost").lost, 2,
	    "rule 6: and that is counted");
	is_str(take(layer, "kept"), "kept {\"n\":0}", "what is kept can be "
	    "taken");
	is_int(put(layer, "lost", "{}"), CH_OK, "and the other goes on");
	ch_sweep(layer, CH_NEVER, NULL, NULL);
	ch_close(layer);
	reboot_machine();
	layer = store_open();
	is_int((long long)stat_of(layer, "kept").pending, 2,
	    "rule 6: what was synced since is closed cleanly");
	ch_close(layer);

	store_new();
	store_config("{\"durable\":true}");
	layer = store_open();
	put_n(layer, "jobs", 1);
	put_n(layer, "jobs", 2);
	take(layer, "jobs");
	ch_close(layer);
	reboot_machine();
	layer = store_open();
	is_str(take(layer, "jobs"), "jobs {\"n\":2}",
	    "rule 6: with durable nothing is lost, and nothing comes back");
	ch_close(layer);
}

/* Let the queue's last commit be `ms` earlier: the machine was off. */
static void
switch_off(const char *path, int64_t ms)
{
	int fd = open(in_store(path), O_RDWR), i;
	struct ch_header *header = mmap(NULL, CH_QUEUE_PAGE,
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (header == MAP_FAILED)
		bail("mmap", NULL);
	for (i = 0; i < 2; i++) {
		header->slot[i].real -= ms;
		header->slot[i].sum = ch_hash(&header->slot[i],
		    offsetof(struct ch_slot, sum), CH_QUEUE_VERSION);
	}
	munmap(header, CH_QUEUE_PAGE);
	close(fd);
	reboot_machine();
}

static void
test_clocks(void)
{
	struct ch_send_opts soon = { .expiry = 600000 };
	struct ch_send_opts later = { .delay = 1000000 };
	struct ch_send_opts real = { .at = ch_clock_real() + 1000000 };
	struct ch_layer *layer;

	store_new();
	layer = store_open();
	ch_send(layer, "jobs", "{\"a\":1}", 7, &soon, NULL);
	ch_send(layer, "jobs", "{\"b\":1}", 7, &later, NULL);
	ch_send(layer, "jobs", "{\"c\":1}", 7, &real, NULL);
	ch_close(layer);
	switch_off("channels/jobs/queue", 300000);
	layer = store_open();
	is_int((long long)stat_of(layer, "jobs").pending, 1,
	    "rule 7: a deadline outlives a reboot");
	is_int((long long)stat_of(layer, "jobs").delayed, 2,
	    "rule 7: and so does a delay");
	ch_close(layer);
	switch_off("channels/jobs/queue", 400000);
	layer = store_open();
	is_str(take(layer, "jobs"), "",
	    "rule 7: while the machine is off, time goes on: expired");
	ch_close(layer);
	switch_off("channels/jobs/queue", 400000);
	layer = store_open();
	is_str(take(layer, "jobs"), "jobs {\"b\":1}",
	    "rule 7: and due");
	is_str(take(layer, "jobs"), "",
	    "rule 7: but a time of day is that of the clock on the wall");
	ch_close(layer);
}

/* --- locks -------------------------------------------------------------- */

static void
hold(void *arg)
{
	int fd = open(in_store(arg), O_RDONLY);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		bail("flock", NULL);
}

static void
test_busy(struct ch_layer *layer)
{
	char path[] = "channels/jobs/lock", want[32];
	struct ch_err err = CH_ERR_INIT;
	pid_t pid;

	put(layer, "jobs", "{}");
	put(layer, "other", "{}");
	pid = start_child(hold, path);
	layer->patience = ch_clock() + 50;
	is_int(ch_send(layer, "jobs", "{}", 2, NULL, &err), CH_UNAVAILABLE,
	    "rule 9: a lock that cannot be had: %s", err.text);
	layer->patience = CH_NEVER;
	snprintf(want, sizeof(want), "process %d", (int)pid);
	ok(strstr(err.text, want) != NULL, "rule 9: its holder is named");
	is_int(put(layer, "other", "{}"), CH_OK, "other channels go on");
	kill(pid, SIGKILL);
	end_of(pid);
	is_int(put(layer, "jobs", "{}"), CH_OK,
	    "a killed holder holds nothing");
	ch_flush(layer, NULL, NULL, NULL);
}

/* The child of a process that is inside a channel. */
static void
send_from_child(void *arg)
{
	struct ch_layer *layer = arg;
	int rc;

	ch_patience(layer, ch_clock() + 50);
	rc = put(layer, "jobs", "{\"child\":1}");
	_exit(rc == CH_UNAVAILABLE ? 0 : 1);
}

static void
send_later(void *arg)
{
	struct ch_layer *layer = arg;

	ch_patience(layer, CH_NEVER);
	if (put(layer, "jobs", "{\"child\":2}") != CH_OK)
		_exit(1);
	if (strcmp(take(layer, "jobs"), "jobs {\"child\":2}"))
		_exit(2);
	ch_close(layer);
}

static void
test_fork(struct ch_layer *layer)
{
	struct ch_chan *chan;
	char name[CH_NAME_MAX + 1];
	pid_t pid;

	ch_new_channel(layer, "parent!", name, NULL);
	put(layer, "jobs", "{\"parent\":1}");
	take(layer, "jobs");
	ch_chan_get(&chan, ch_file(layer), "jobs", 4, CH_CHAN_FIND, NULL);
	if (ch_chan_lock(chan, NULL) != CH_OK)
		bail("lock", NULL);
	pid = in_child(send_from_child, layer);
	is_int(end_of(pid), 0,
	    "rule 8: a forked child is not let in by its parent's lock");
	ch_chan_unlock(chan);
	pid = in_child(send_later, layer);
	is_int(end_of(pid), 0, "rule 8: it opens everything anew");
	is_int(stat_of(layer, "parent!").owner, 0, "nobody sent there yet");
	put(layer, "parent!a", "{}");
	is_int(stat_of(layer, "parent!").owner, getpid(),
	    "rule 8: a child that closes gives up nothing of its parent's");
}

/* A process that holds a lock dies, its child lives on. */
static void
die_with_child(void *arg)
{
	struct ch_layer *layer = store_open();
	struct ch_chan *chan;
	int *pipe_to = arg, status;
	pid_t pid;

	put(layer, "orphan", "{}");
	ch_chan_get(&chan, ch_file(layer), "orphan", 6, CH_CHAN_FIND, NULL);
	ch_chan_lock(chan, NULL);
	pid = fork();
	if (pid == 0) {
		/* the first use opens the layer anew, and drops the lock */
		put(layer, "elsewhere", "{}");
		status = write(pipe_to[1], "", 1) != 1;
		pause();
		_exit(status);
	}
	if (write(pipe_to[1], &pid, sizeof(pid)) != sizeof(pid))
		_exit(1);
	raise(SIGKILL);
}

static void
test_fork_death(struct ch_layer *layer)
{
	int ends[2], rc;
	pid_t child = 0;
	char bytes[8];
	size_t n = 0;
	ssize_t r;

	if (pipe(ends) < 0)
		bail("pipe", NULL);
	end_of(in_child(die_with_child, ends));
	while (n < sizeof(pid_t) + 1 &&
	    (r = read(ends[0], bytes + n, sizeof(pid_t) + 1 - n)) > 0)
		n += (size_t)r;
	/* the pid and the byte come in either order; both are small */
	memcpy(&child, bytes[0] ? bytes : bytes + 1, sizeof(child));
	ch_patience(layer, ch_clock() + 20000);
	rc = put(layer, "orphan", "{}");
	ch_patience(layer, CH_NEVER);
	is_int(rc, CH_OK,
	    "rule 8: a killed holder's lock does not live on in its child");
	if (child > 1)
		kill(child, SIGKILL);
	close(ends[0]);
	close(ends[1]);
}

static void
test_modes(void)
{
	static const char *const paths[] = { "channels/jobs/queue",
		"channels/jobs/lock", "channels/jobs/bell",
		"channels/jobs/room", "groups/g/lock", "groups/g/members",
		"live/p", "format" };
	char name[CH_NAME_MAX + 1];
	struct ch_err err = CH_ERR_INIT;
	struct ch_layer *layer;
	mode_t before = umask(0);
	struct stat st;
	size_t i;
	int bad = 0;

	store_new();
	layer = store_open();
	put(layer, "jobs", "{}");
	ch_group_add(layer, "g", "jobs", NULL);
	ch_new_channel(layer, "p!", name, NULL);
	umask(before);
	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (lstat(in_store(paths[i]), &st) < 0 ||
		    (st.st_mode & 0777) != 0600) {
			printf("# %s\n", paths[i]);
			bad++;
		}
	is_int(bad, 0, "rule 11: files are 0600 whatever the umask");
	stat(in_store("channels/jobs"), &st);
	is_int(st.st_mode & 0777, 0700, "rule 11: and folders 0700");
	ch_close(layer);

	unlink(in_store("channels/jobs/lock"));
	if (symlink("/etc/passwd", in_store("channels/jobs/lock")) < 0)
		bail("symlink", NULL);
	layer = store_open();
	is_int(ch_send(layer, "jobs", "{}", 2, NULL, &err), CH_REFUSED,
	    "rule 11: a link in a file's place is refused: %s", err.text);
	unlink(in_store("channels/jobs/lock"));
	if (mkfifo(in_store("channels/jobs/lock"), 0600) < 0)
		bail("mkfifo", NULL);
	is_int(ch_send(layer, "jobs", "{}", 2, NULL, &err), CH_REFUSED,
	    "rule 11: and a pipe: %s", err.text);
	if (symlink("/etc", in_store("channels/etc")) < 0)
		bail("symlink", NULL);
	is_int(ch_send(layer, "etc", "{}", 2, NULL, &err), CH_REFUSED,
	    "rule 11: and a link in a folder's place: %s", err.text);
	is_int(put(layer, "tasks", "{}"), CH_OK, "others go on");
	ch_close(layer);

	store_new();
	if (chmod(store_path, 02770) < 0)
		bail("chmod", NULL);
	before = umask(077);
	layer = store_open();
	put(layer, "jobs", "{}");
	ch_group_add(layer, "g", "jobs", NULL);
	ch_new_channel(layer, "p!", name, NULL);
	umask(before);
	for (i = bad = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (lstat(in_store(paths[i]), &st) < 0 ||
		    (st.st_mode & 0777) != 0660) {
			printf("# %s\n", paths[i]);
			bad++;
		}
	is_int(bad, 0, "rule 11: in a shared store 0660, whatever the umask");
	ch_close(layer);
}

/* --- lists and delays ---------------------------------------------------- */

static void
take_one(void *arg)
{
	struct ch_layer *layer = store_open();

	printf("# %s\n", take(layer, arg));
	fflush(stdout);
	raise(SIGKILL);
}

static void
test_parts(struct ch_layer *layer)
{
	char name[CH_NAME_MAX + 1];
	char *text = malloc(CH_MESSAGE_MAX);
	int i, n = 0;

	ch_new_channel(layer, "l!", name, NULL);
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "l!%d", i);
		ch_group_add(layer, "list", name, NULL);
	}
	ch_group_send(layer, "list", "{}", 2, NULL, NULL, NULL);
	end_of(in_child(take_one, name + 0 * snprintf(name, 3, "l!")));
	is_str(take(layer, "l!"), "l!1 {}",
	    "rule 4: a killed receiver's list goes on where it was");
	is_str(take(layer, "l!"), "l!2 {}", "rule 4: neither skipped");
	is_str(take(layer, "l!"), "l!3 {}", "rule 4: nor repeated");
	is_str(take(layer, "l!"), "", "rule 4: to its end");
	ch_group_drop(layer, "list", NULL);
	ch_flush(layer, "l!", NULL, NULL);

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "l!%090d", i);
		ch_group_add(layer, "list", name, NULL);
	}
	memset(text, ' ', CH_MESSAGE_MAX);
	text[0] = '{';
	text[CH_MESSAGE_MAX - 1] = '}';
	is_int(ch_group_send(layer, "list", text, CH_MESSAGE_MAX, NULL, NULL,
	    NULL), CH_OK, "rule 4: lists do not count towards max_size");
	while (strncmp(take(layer, "l!"), "l!", 2) == 0 && n < 100)
		n++;
	is_int(n, 100, "rule 4: and each member is served");
	ch_group_drop(layer, "list", NULL);
	free(text);
}

static void
test_delay(struct ch_layer *layer)
{
	struct ch_send_opts opts = { .delay = 60 };
	struct ch_receiver *receiver;
	struct ch_chan *chan;
	char name[256] = "", from[512];
	struct dirent *entry;
	DIR *dir;

	ch_send(layer, "timed", "{\"n\":2}", 7, &opts, NULL);
	opts.delay = 30;
	ch_send(layer, "timed", "{\"n\":1}", 7, &opts, NULL);
	put_n(layer, "timed", 0);
	is_int((long long)stat_of(layer, "timed").delayed, 2,
	    "two are not due");
	receiver = listen_to(layer, "timed", 0);
	is_str(next_of(receiver, CH_NOW), "timed {\"n\":0}",
	    "rule 5: what is due comes");
	is_str(next_of(receiver, ch_clock() + 30000), "timed {\"n\":1}",
	    "rule 5: the delayed enter in order of their due time");
	is_str(next_of(receiver, ch_clock() + 30000), "timed {\"n\":2}",
	    "and wake who waits");
	ch_receiver_free(receiver);

	/* keep the file as a mover does that is killed before it unlinks */
	opts.delay = 1;
	ch_send(layer, "timed", "{\"n\":3}", 7, &opts, NULL);
	dir = opendir(in_store("channels/timed/delayed"));
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(name, sizeof(name), "%s", entry->d_name);
	closedir(dir);
	snprintf(from, sizeof(from), "%s/channels/timed/delayed/%s",
	    store_path, name);
	if (!*name || link(from, in_store("kept")) < 0)
		bail("link", NULL);
	receiver = listen_to(layer, "timed", 0);
	is_str(next_of(receiver, ch_clock() + 30000), "timed {\"n\":3}",
	    "a delayed message comes");
	ch_chan_get(&chan, ch_file(layer), "timed", 5, CH_CHAN_FIND, NULL);
	if (link(in_store("kept"), from) < 0 || ch_chan_lock(chan, NULL) ||
	    ch_delay_move(chan, NULL))
		bail("move", NULL);
	ch_chan_unlock(chan);
	is_str(next_of(receiver, CH_NOW), "",
	    "rule 5: but not twice, though its mover was killed");
	ch_receiver_free(receiver);
	unlink(in_store("kept"));
}

/* --- folders ------------------------------------------------------------ */

static void
send_some(void *arg)
{
	struct ch_layer *layer = store_open();
	int i;

	for (i = 0; i < 50; i++)
		if (put_n(layer, arg, i) != CH_OK)
			_exit(1);
	ch_close(layer);
}

static void
test_folder(struct ch_layer *layer)
{
	struct ch_receiver *receiver;
	char name[] = "fresh";
	pid_t pids[4];
	int i, bad = 0;

	for (i = 0; i < 4; i++)
		pids[i] = in_child(send_some, name);
	for (i = 0; i < 4; i++)
		bad += end_of(pids[i]) != 0;
	is_int(bad, 0, "rule 23: who makes a channel at the same time");
	is_int((long long)stat_of(layer, "fresh").pending, 200,
	    "rule 23: makes the same one");

	ch_flush(layer, "fresh", NULL, NULL);
	receiver = listen_to(layer, "fresh", 0);
	is_str(next_of(receiver, CH_NOW), "", "a receiver has its bell open");
	ch_sweep(layer, 0, NULL, NULL);
	ok(is_there("channels/fresh"),
	    "rule 24: a folder whose bell is heard stays");
	ch_receiver_free(receiver);
	put(layer, "fresh", "{}");
	ch_sweep(layer, 0, NULL, NULL);
	ok(is_there("channels/fresh"), "rule 24: and one that holds something");
	take(layer, "fresh");
	ch_sweep(layer, CH_NEVER, NULL, NULL);
	ok(is_there("channels/fresh"), "and one that was used of late");
	ch_sweep(layer, 0, NULL, NULL);
	ok(!is_there("channels/fresh"), "rule 24: an unused one goes");
	is_int(put(layer, "fresh", "{\"n\":1}"), CH_OK,
	    "rule 24: who has it open starts again with the name");
	is_str(take(layer, "fresh"), "fresh {\"n\":1}", "and nothing is lost");
}

/* A remover that is killed between the mark and the rename. */
static void
test_half_removed(struct ch_layer *layer)
{
	struct ch_chan *chan;

	put(layer, "half", "{}");
	ch_chan_get(&chan, ch_file(layer), "half", 4, CH_CHAN_FIND, NULL);
	if (ch_chan_lock(chan, NULL) != CH_OK)
		bail("lock", NULL);
	atomic_store(&chan->queue.header->removed, 1);
	ch_chan_unlock(chan);
	is_int(put(layer, "half", "{\"n\":2}"), CH_OK,
	    "rule 24: what a killed remover began is finished");
	is_str(take(layer, "half"), "half {\"n\":2}", "and begun anew");
}

static void
test_owner_death(struct ch_layer *layer)
{
	struct ch_receiver *receiver;
	char name[CH_NAME_MAX + 1];
	struct ch_layer *other = store_open();

	ch_new_channel(other, "mortal!", name, NULL);
	put(layer, "mortal!a", "{}");
	receiver = listen_to(layer, "mortal!", 0);
	is_str(next_of(receiver, CH_NOW), "mortal!a {}", "somebody listens");
	is_str(next_of(receiver, CH_NOW), "", "and waits");
	ch_close(other);
	ok(!is_there("channels/mortal!"),
	    "rule 24: the queue of a gone owner goes in any case");
	is_str(next_of(receiver, CH_NOW), "", "the listener is no worse off");
	ch_receiver_free(receiver);
	ch_sweep(layer, 0, NULL, NULL);
	ok(!is_there("channels/mortal!"), "and leaves nothing behind");
}

static void
test_shared_lock(void)
{
	struct ch_receiver *receiver;
	struct ch_layer *layer;
	int fd;

	store_new();
	layer = store_open();
	receiver = listen_to(layer, "jobs", 0);
	fd = open(store_path, O_RDONLY | O_DIRECTORY);
	ok(flock(fd, LOCK_EX | LOCK_NB) < 0,
	    "rule 30: who listens locks the store against tmpfiles");
	is_int(flock(fd, LOCK_SH | LOCK_NB), 0, "rule 30: not against others");
	flock(fd, LOCK_UN);
	ch_receiver_free(receiver);
	ch_close(layer);
	is_int(flock(fd, LOCK_EX | LOCK_NB), 0, "rule 30: a closed one is not");
	layer = store_open();
	is_int(put(layer, "jobs", "{}"), CH_OK, "who holds it hinders nobody");
	ch_close(layer);
	close(fd);
}

static void
test_descriptors(void)
{
	struct rlimit before, few;
	struct ch_layer *layer;
	char name[32];
	int i, bad = 0;

	store_new();
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = 128;
	setrlimit(RLIMIT_NOFILE, &few);
	layer = store_open();
	for (i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "c%d", i % 300);
		bad += put_n(layer, name, i) != CH_OK;
		bad += ch_group_add(layer, name, name, NULL) != CH_OK;
	}
	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		bad += !*take(layer, name);
	}
	is_int(bad, 0, "rule 28: 300 channels and groups need no more than "
	    "128 descriptors");
	ch_close(layer);
	setrlimit(RLIMIT_NOFILE, &before);
}

static int
ignore(void *arg, const struct ch_message *message)
{
	(void)arg;
	(void)message;
	return 0;
}

/* A queue file that somebody else's program, or a disk, has changed. */
static void
test_damage(void)
{
	static const struct {
		const char *what, *bytes;
		off_t at;
	} cases[] = {
		{ "a foreign file", "FOREIGN", 0 },
		{ "a newer version", "\011", 8 },
		{ "another's name", "x", 16 },
		{ "a file cut short", NULL, 100 },
		{ "an empty file", NULL, 0 },
		{ "a damaged record", "X", CH_QUEUE_PAGE + 50 },
	};
	struct ch_err err = CH_ERR_INIT;
	struct ch_layer *layer;
	size_t i;
	int fd, rc;

	store_new();
	layer = store_open();
	put_n(layer, "good", 1);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ch_flush(layer, "bad", NULL, NULL);
		put_n(layer, "bad", 1);
		put_n(layer, "bad", 2);
		ch_close(layer);
		fd = open(in_store("channels/bad/queue"), O_RDWR);
		rc = cases[i].bytes ?
		    pwrite(fd, cases[i].bytes, strlen(cases[i].bytes),
		        cases[i].at) < 0 : ftruncate(fd, cases[i].at) < 0;
		close(fd);
		if (rc)
			bail("damage", NULL);
		layer = store_open();
		rc = ch_peek(layer, "bad", 10, ignore, NULL, &err);
		is_int(rc, CH_REFUSED, "%s is refused: %s", cases[i].what,
		    err.text);
		is_str(take(layer, "bad"), "status -65", "also by receivers");
		is_int(ch_stat_channels(layer, NULL, keep_stat,
		    &(struct ch_channel_stat){ 0 }, &err), CH_REFUSED,
		    "statistics say so");
		is_int((long long)stat_of(layer, "good").pending, 1,
		    "and show the others");
		is_int(ch_flush(layer, "bad", NULL, NULL), CH_OK,
		    "flushing makes it sound");
		is_int(put_n(layer, "bad", 3), CH_OK, "it can be used again");
		is_str(take(layer, "bad"), "bad {\"n\":3}", "and is empty");
	}
	is_str(take(layer, "good"), "good {\"n\":1}", "the others go on");
	ch_close(layer);
}

int
main(void)
{
	struct ch_layer *layer;

	store_new();
	store_config("{\"channels\":[{\"match\":\"l!*\",\"capacity\":5}]}");
	layer = store_open();
	test_busy(layer);
	test_fork(layer);
	test_fork_death(layer);
	test_parts(layer);
	test_delay(layer);
	test_folder(layer);
	test_half_removed(layer);
	test_owner_death(layer);
	ch_close(layer);
	test_shared_lock();
	test_descriptors();
	test_modes();
	test_damage();
	test_reboot();
	test_clocks();
	return done_testing();
}
