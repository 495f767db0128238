/* file_live.c - owners of a prefix: asked after, cleaned up, their wills. */
#include "file/live.h"

#include <signal.h>

#include "base/id.h"
#include "file/group.h"
#include "file/groups.h"
#include "store.h"

/* What a child that owns a prefix does before it is killed or leaves. */
struct owner {
	const char *prefix;
	const char *will_to; /* leave a will for p!a to this channel */
	int wills;           /* that many, for p!w0, p!w1 ... */
	const char *group;   /* join it with p!a */
	int leave;           /* by ch_close */
};

static void
own(void *arg)
{
	const struct owner *owner = arg;
	struct ch_layer *layer = store_open();
	char name[CH_NAME_MAX + 1], channel[64], text[64];
	struct ch_err err = CH_ERR_INIT;
	int i;

	if (ch_new_channel(layer, owner->prefix, name, &err) != CH_OK)
		bail("own", &err);
	snprintf(channel, sizeof(channel), "%sa", owner->prefix);
	if (owner->group && ch_group_add(layer, owner->group, channel, &err))
		bail("join", &err);
	put(layer, channel, "{\"to\":\"a\"}");
	for (i = 0; i < owner->wills; i++) {
		snprintf(channel, sizeof(channel), "%sw%d", owner->prefix, i);
		snprintf(text, sizeof(text), "{\"n\":%d}", i);
		if (ch_will(layer, channel, owner->will_to, text, strlen(text),
		        &err))
			bail("will", &err);
	}
	if (owner->leave)
		ch_close(layer);
}

/* An owner that has died by SIGKILL. */
static pid_t
die(struct owner *owner)
{
	pid_t pid = start_child(own, owner);

	kill(pid, SIGKILL);
	end_of(pid);
	return pid;
}

static void
test_alive(struct ch_layer *layer)
{
	struct owner owner = { .prefix = "p!" };
	struct ch_file *file = ch_file(layer);
	char name[CH_NAME_MAX + 1];
	struct ch_err err = CH_ERR_INIT;
	int fd = -1;
	char want[32];
	pid_t pid;

	is_int(ch_live_ask(file, "p!", 2, NULL), CH_LIFE_NONE,
	    "nobody owns p!");
	pid = start_child(own, &owner);
	is_int(ch_live_ask(file, "p!", 2, &fd), CH_LIFE_ALIVE,
	    "rule 26: its owner lives");
	is_int(ch_live_ask(file, "p!", 2, &fd), CH_LIFE_ALIVE,
	    "rule 26: asking takes nothing");
	is_int(ch_live_pid(file, "p!", 2), pid, "its process is known");
	is_int(stat_of(layer, "p!").owner, pid, "and told by stat");
	is_int(ch_new_channel(layer, "p!", name, &err), CH_FULL,
	    "nobody else can own it");
	snprintf(want, sizeof(want), "process %d", (int)pid);
	ok(strstr(err.text, want) != NULL, "the pid is said: %s", err.text);
	is_int(ch_live_clean(file, "p!", 2, NULL), CH_OK, "cleaning does");
	is_int(ch_live_ask(file, "p!", 2, &fd), CH_LIFE_ALIVE,
	    "the living no harm");
	kill(pid, SIGKILL);
	end_of(pid);
	is_int(ch_live_ask(file, "p!", 2, &fd), CH_LIFE_DEAD,
	    "rule 26: killed, and nobody has noticed yet");
	is_int(put(layer, "p!a", "{}"), CH_NONE,
	    "a send to the dead is told so");
	ok(!is_there("channels/p!") && !is_there("live/p"),
	    "and has cleaned up");
	is_int(ch_live_ask(file, "p!", 2, &fd), CH_LIFE_GONE,
	    "a late sender is told as well");
	is_int(put(layer, "p!a", "{}"), CH_NONE, "and so is its send");
	is_int(ch_new_channel(layer, "p!", name, &err), CH_OK,
	    "the name can be owned again");
	is_int(ch_new_channel(layer, "p!", name, &err), CH_OK,
	    "by the same more than once");
	is_int(ch_live_ask(file, "p!", 2, &fd), CH_LIFE_ALIVE,
	    "a file that was replaced is noticed");
	is_int(put(layer, "p!a", "{}"), CH_OK, "and there it can send");
	if (fd >= 0)
		close(fd);
}

static void
test_wills(struct ch_layer *layer)
{
	struct owner owner = { "w!", "ends", 3, "g", 0 };
	uint64_t removed = 0;

	die(&owner);
	is_int(ch_group_has(layer, "g", "w!a", NULL), CH_NONE,
	    "a dead owner's member is none");
	is_str(take(layer, "ends"), "ends {\"n\":0}",
	    "rule 26: whoever notices sends the wills");
	is_str(take(layer, "ends"), "ends {\"n\":1}", "in their order");
	is_str(take(layer, "ends"), "ends {\"n\":2}", "all of them");
	is_str(take(layer, "ends"), "", "and once");
	ch_sweep(layer, 0, &removed, NULL);
	is_str(take(layer, "ends"), "", "also after a sweep");
	ok(!is_there("channels/w!") && !is_there("live/w") &&
	    !is_there("groups/g"), "queue, live file and membership went");

	owner.prefix = "x!";
	owner.leave = 1;
	end_of(in_child(own, &owner));
	is_int(put(layer, "x!a", "{}"), CH_NONE,
	    "who closed its layer is gone");
	is_str(take(layer, "ends"), "", "and its wills are not sent");
	ok(!is_there("channels/x!") && !is_there("live/x") &&
	    !is_there("groups/g"), "queue, live file and membership went");
}

static void
test_one_will(struct ch_layer *layer)
{
	char name[CH_NAME_MAX + 1];
	int i, fd;

	/* as a killed owner leaves its file: unlocked */
	ch_own_random(layer, "one", name, NULL);
	strcat(name, "c");
	is_int(ch_will(layer, "other!c", "ends", "{}", 2, NULL), CH_USAGE,
	    "a will is the owner's to leave");
	for (i = 0; i < 100; i++)
		ch_will(layer, name, "ends", i == 99 ? "{\"last\":1}" : "{}",
		    i == 99 ? 10 : 2, NULL);
	fd = open(in_store("live"), O_RDONLY | O_DIRECTORY);
	name[strlen(name) - 2] = '\0';
	i = openat(fd, name, O_RDONLY);
	ok(lseek(i, 0, SEEK_END) < 1024, "replaced wills leave no trace");
	ch_live_forget(ch_file(layer));
	ch_sweep(layer, 0, NULL, NULL);
	is_str(take(layer, "ends"), "ends {\"last\":1}",
	    "a channel has one will, the last");
	is_str(take(layer, "ends"), "", "and no other");
	ch_own_random(layer, "none", name, NULL);
	strcat(name, "c");
	ch_will(layer, name, "ends", "{}", 2, NULL);
	ch_will(layer, name, NULL, NULL, 0, NULL);
	ch_live_forget(ch_file(layer));
	ch_sweep(layer, 0, NULL, NULL);
	is_str(take(layer, "ends"), "", "what is taken back is not sent");
	close(i);
	close(fd);
}

static void
test_full(struct ch_layer *layer)
{
	struct owner owner = { "f!", "small", 7, NULL, 0 };
	int i, seen = 0, order = 1;
	char want[32];

	put(layer, "small", "{}");
	die(&owner);
	ch_sweep(layer, 0, NULL, NULL);
	ok(is_there("live/f"),
	    "rule 26: if a channel is full, the live file stays");
	is_int(put(layer, "f!a", "{}"), CH_NONE, "but its owner is gone");
	is_str(take(layer, "small"), "small {}", "what was there comes first");
	for (i = 0; i < 20 && seen < 7; i++) {
		snprintf(want, sizeof(want), "small {\"n\":%d}", seen);
		if (strcmp(take(layer, "small"), want) == 0)
			seen++;
		else
			order = 0;
		ch_sweep(layer, 0, NULL, NULL);
	}
	is_int(seen, 7, "the wills come when there is room, each once");
	ok(order, "in order");
	ok(!is_there("live/f"), "and then the live file goes");
}

/* Cleaners at the same time, and one who wants the name. */
static void
clean(void *arg)
{
	struct ch_layer *layer = store_open();

	(void)arg;
	ch_sweep(layer, 0, NULL, NULL);
	ch_close(layer);
}

static void
test_many_cleaners(struct ch_layer *layer)
{
	struct owner owner = { "m!", "ends", 500, "g", 0 };
	char name[CH_NAME_MAX + 1];
	struct ch_err err = CH_ERR_INIT;
	pid_t pids[4];
	int i, n = 0;

	die(&owner);
	for (i = 0; i < 4; i++)
		pids[i] = in_child(clean, NULL);
	is_int(ch_new_channel(layer, "m!", name, &err), CH_OK,
	    "one who wants a dead owner's name waits for the cleaner %s",
	    err.text);
	for (i = 0; i < 4; i++)
		end_of(pids[i]);
	while (strcmp(take(layer, "ends"), ""))
		n++;
	is_int(n, 500, "rule 26: many cleaners send each will once");
	is_int(put(layer, "m!a", "{}"), CH_OK, "the new owner is not cleaned");
}

static void
test_killed_cleaners(struct ch_layer *layer)
{
	struct owner owner = { "k!", "ends", 300, "g", 0 };
	struct timespec nap = { 0, 0 };
	int i, n, missing = 0;
	char seen[300] = "";
	pid_t pid;

	die(&owner);
	for (i = 0; i < 30 && is_there("live/k"); i++) {
		pid = in_child(clean, NULL);
		nap.tv_nsec = 300000 + i * 50000;
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		end_of(pid);
	}
	ch_sweep(layer, 0, NULL, NULL);
	ok(!is_there("live/k") && !is_there("groups/g") &&
	    !is_there("channels/k!"), "rule 26: a killed cleaner is followed "
	    "by another");
	while (sscanf(take(layer, "ends"), "ends {\"n\":%d}", &n) == 1)
		seen[n] = 1;
	for (i = 0; i < 300; i++)
		missing += !seen[i];
	is_int(missing, 0, "rule 26: and every will is sent");
}

static void
test_torn(struct ch_layer *layer)
{
	struct owner owner = { "t!", "ends", 3, NULL, 0 };
	pid_t pid = start_child(own, &owner);
	int fd = open(in_store("live/t"), O_RDWR);
	char text[4096], *at;
	ssize_t n;

	kill(pid, SIGKILL);
	end_of(pid);
	n = pread(fd, text, sizeof(text), 0);
	at = n > 0 ? memmem(text, (size_t)n, "{\"n\":1}", 7) : NULL;
	if (!at || pwrite(fd, "X", 1, at - text + 1) != 1)
		bail("no will in the file", NULL);
	close(fd);
	ch_sweep(layer, 0, NULL, NULL);
	is_str(take(layer, "ends"), "ends {\"n\":0}", "a will that is not "
	    "whole");
	is_str(take(layer, "ends"), "ends {\"n\":2}", "does not count");
	is_str(take(layer, "ends"), "", "and the others do");
}

static void
test_foreign(struct ch_layer *layer)
{
	struct ch_err err = CH_ERR_INIT;
	int fd = open(in_store("live/empty"), O_WRONLY | O_CREAT, 0600);

	close(fd);
	if (symlink("/etc/passwd", in_store("live/link")) < 0 ||
	    mkdir(in_store("live/dir"), 0700) < 0)
		bail("symlink", NULL);
	is_int(ch_sweep(layer, 0, NULL, &err), CH_OK,
	    "what does not belong in live/ does no harm %s", err.text);
	ok(!is_there("live/empty"), "an empty live file goes");
	is_int(put(layer, "link!a", "{}"), CH_OK, "a link is nobody's life");
	is_int(put(layer, "dir!a", "{}"), CH_OK, "and a folder neither");
}

static void
test_random(struct ch_layer *layer)
{
	char one[CH_NAME_MAX + 1], other[CH_NAME_MAX + 1];

	ch_own_random(layer, "srv", one, NULL);
	ch_own_random(layer, "srv", other, NULL);
	ok(strcmp(one, other) && strlen(one) == 4 + CH_ID_UNIQUE + 1 &&
	    !strncmp(one, "srv.", 4),
	    "rule 25: a made prefix ends in 96 random bits: %s", one);
}

static void
test_tombstones(struct ch_layer *layer)
{
	struct timespec old[2] = { { 0, 0 }, { 0, 0 } };

	ok(is_there("live/.gone.x"), "the name stays for an hour");
	ch_sweep(layer, 0, NULL, NULL);
	ok(is_there("live/.gone.x"), "also over a sweep");
	utimensat(AT_FDCWD, in_store("live/.gone.x"), old, 0);
	ch_sweep(layer, 0, NULL, NULL);
	ok(!is_there("live/.gone.x"), "and no longer");
}

static void
test_order(struct ch_layer *layer)
{
	struct owner owner = { "o!", "ends", 1, "g", 0 };
	struct ch_file *file = ch_file(layer);
	struct ch_group *group;

	die(&owner);
	if (ch_groups_lock(&group, file, "g", 0, NULL) != CH_OK)
		bail("lock", NULL);
	is_int(ch_live_clean(file, "o!", 2, NULL), CH_OK,
	    "rule 10: nobody who holds a group");
	ok(is_there("live/o"), "rule 10: cleans up after an owner");
	ch_groups_unlock(group);
	ch_live_clean(file, "o!", 2, NULL);
	ok(!is_there("live/o") && !is_there("groups/g"), "later it is done");
	is_str(take(layer, "ends"), "ends {\"n\":0}", "with its will");
}

int
main(void)
{
	struct ch_layer *layer;

	store_new();
	store_config("{\"channels\":[{\"match\":\"small\",\"capacity\":2},"
	    "{\"match\":\"ends\",\"capacity\":100000}]}");
	layer = store_open();
	test_alive(layer);
	test_wills(layer);
	test_one_will(layer);
	test_full(layer);
	test_many_cleaners(layer);
	test_killed_cleaners(layer);
	test_torn(layer);
	test_foreign(layer);
	test_random(layer);
	test_tombstones(layer);
	test_order(layer);
	ch_close(layer);
	return done_testing();
}
