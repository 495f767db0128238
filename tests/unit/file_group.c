/* file_group.c - groups: members, lists on disk, sends. */
#include "file/group.h"

#include <signal.h>
#include <sys/file.h>

#include "store.h"

static int
add_name(void *arg, const char *name)
{
	char (*names)[4096] = arg;

	if (**names)
		strcat(*names, " ");
	strncat(*names, name, sizeof(*names) - strlen(*names) - 2);
	return 0;
}

/* The members, as the lists have them: the roll first. */
static const char *
members(struct ch_layer *layer, const char *group)
{
	static char names[4096];
	int rc;

	names[0] = '\0';
	rc = ch_group_members(layer, group, NULL, add_name, names, NULL);
	if (rc != CH_OK)
		snprintf(names, sizeof(names), "status %d", rc);
	return names;
}

static int
keep_group_stat(void *arg, const struct ch_group_stat *stat)
{
	*(struct ch_group_stat *)arg = *stat;
	return 0;
}

static struct ch_group_stat
group_stat(struct ch_layer *layer, const char *group)
{
	struct ch_group_stat stat = { 0 };

	ch_stat_groups(layer, group, keep_group_stat, &stat, NULL);
	return stat;
}

static struct ch_group_sent
cast(struct ch_layer *layer, const char *group, const char *exclude)
{
	struct ch_send_opts opts = { .exclude = exclude };
	struct ch_group_sent sent;

	if (ch_group_send(layer, group, "{\"x\":1}", 7, &opts, &sent, NULL))
		sent.members = 999;
	return sent;
}

struct life {
	const char *prefix;
	const char *group;
	int n; /* members p!0, p!1 ... */
};

static void
live(void *arg)
{
	const struct life *life = arg;
	struct ch_layer *layer = store_open();
	char name[CH_NAME_MAX + 1];
	int i;

	if (ch_new_channel(layer, life->prefix, name, NULL) != CH_OK)
		bail("own", NULL);
	for (i = 0; i < life->n; i++) {
		snprintf(name, sizeof(name), "%s%d", life->prefix, i);
		if (ch_group_add(layer, life->group, name, NULL))
			bail("add", NULL);
	}
}

static void
test_members(struct ch_layer *layer)
{
	is_str(members(layer, "g"), "", "an unknown group has no members");
	is_int(ch_group_discard(layer, "g", "a", NULL), CH_OK,
	    "leaving it is fine");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_NONE,
	    "nobody is in it");
	ch_group_add(layer, "g", "a", NULL);
	ch_group_add(layer, "g", "b", NULL);
	ch_group_add(layer, "g", "a", NULL);
	is_str(members(layer, "g"), "a b", "adding again adds nothing");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_OK, "a is a member");
	is_int(ch_group_has(layer, "g", "c", NULL), CH_NONE, "c is not");
	ch_group_discard(layer, "g", "a", NULL);
	is_str(members(layer, "g"), "b", "a has left");
	ch_group_add(layer, "g", "a", NULL);
	is_str(members(layer, "g"), "a b", "and come back to its place");
	ch_group_discard(layer, "g", "a", NULL);
	ch_group_discard(layer, "g", "b", NULL);
	ok(!is_there("groups/g"), "with its last member the group goes");
	ch_group_add(layer, "g", "z", NULL);
	is_str(members(layer, "g"), "z", "and can be made again");
	ch_group_drop(layer, "g", NULL);
	ok(!is_there("groups/g"), "a dropped group is gone");
}

static void
test_owner(struct ch_layer *layer)
{
	char name[CH_NAME_MAX + 1];
	struct ch_receiver *owner;
	struct ch_group_sent sent;

	ch_group_add(layer, "g", "p!a", NULL);
	ok(is_there("groups/g/members"), "p!a is of nobody's");
	ch_new_channel(layer, "p!", name, NULL);
	owner = listen_to(layer, "p!", CH_NOTICES);
	ch_group_add(layer, "g", "p!a", NULL);
	is_str(next_of(owner, CH_NOW), "joined p!a g",
	    "the owner is told that its channel joined");
	ok(!is_there("groups/g/members") && is_there("groups/g/p!"),
	    "it is the owner's now");
	ch_group_add(layer, "g", "p!a", NULL);
	is_str(next_of(owner, CH_NOW), "", "but not when nothing changed");
	ch_group_add(layer, "g", "p!b", NULL);
	ch_group_add(layer, "g", "p!c", NULL);
	is_str(next_of(owner, CH_NOW), "joined p!b g", "of each");
	is_str(next_of(owner, CH_NOW), "joined p!c g", "by name");
	is_str(members(layer, "g"), "p!a p!b p!c", "they are members");
	ch_group_discard(layer, "g", "p!b", NULL);
	is_str(next_of(owner, CH_NOW), "left p!b g", "and that it left");
	ch_group_discard(layer, "g", "p!b", NULL);
	is_str(next_of(owner, CH_NOW), "", "once");
	is_str(members(layer, "g"), "p!a p!c", "the others stay");
	is_int((long long)stat_of(layer, "p!").pending, 0,
	    "notices are not counted");

	ch_group_add(layer, "g", "p!b", NULL);
	next_of(owner, CH_NOW);
	sent = cast(layer, "g", "p!c");
	is_int((long long)sent.members, 2, "all but the excluded one");
	is_int((long long)sent.sent, 2, "were sent to");
	is_int((long long)stat_of(layer, "p!").pending, 1,
	    "rule 4: with one record");
	is_str(next_of(owner, CH_NOW), "p!a {\"x\":1}", "that each takes");
	is_str(next_of(owner, CH_NOW), "p!b {\"x\":1}", "in turn");
	is_str(next_of(owner, CH_NOW), "", "but the excluded one");
	ch_group_drop(layer, "g", NULL);
	is_str(next_of(owner, CH_NOW), "left p!a g", "a dropped group");
	is_str(next_of(owner, CH_NOW), "left p!b g", "has lost");
	is_str(next_of(owner, CH_NOW), "left p!c g", "each of them");
	ch_receiver_free(owner);
}

static void
test_notices(struct ch_layer *layer)
{
	char name[CH_NAME_MAX + 1];
	struct ch_receiver *owner, *plain;
	int i, n = 0;

	ch_new_channel(layer, "full!", name, NULL);
	for (i = 0; i < 3; i++)
		put(layer, "full!a", "{}");
	is_int(put(layer, "full!a", "{}"), CH_FULL, "a full queue");
	is_int(ch_group_add(layer, "g", "full!b", NULL), CH_OK,
	    "rule 27: has room for a notice");
	is_int((long long)cast(layer, "g", NULL).full, 1,
	    "a member that is full is counted");
	is_int((long long)group_stat(layer, "g").missed, 1,
	    "also for the group");
	owner = listen_to(layer, "full!", CH_NOTICES);
	while (strcmp(next_of(owner, CH_NOW), "joined full!b g") && n < 5)
		n++;
	is_int(n, 3, "behind what was there");
	ch_group_discard(layer, "g", "full!b", NULL);
	ch_flush(layer, "full!", NULL, NULL);
	is_str(next_of(owner, CH_NOW), "left full!b g",
	    "a flush takes no notice away");
	ch_receiver_free(owner);
	ch_group_add(layer, "g", "full!b", NULL);
	plain = listen_to(layer, "full!", 0);
	is_str(next_of(plain, CH_NOW), "", "who did not ask sees none");
	ch_receiver_free(plain);
	ch_group_drop(layer, "g", NULL);
}

static void
test_death(struct ch_layer *layer)
{
	struct life life = { "d!", "g", 5 };
	struct ch_group_sent sent;
	pid_t pid;

	ch_group_add(layer, "g", "jobs", NULL);
	pid = start_child(live, &life);
	is_int((long long)group_stat(layer, "g").members, 6,
	    "members of two kinds");
	is_int((long long)cast(layer, "g", NULL).sent, 6, "are sent to");
	kill(pid, SIGKILL);
	end_of(pid);
	sent = cast(layer, "g", NULL);
	is_int((long long)sent.sent, 1, "a dead owner's members");
	is_int((long long)sent.gone, 5, "are found to be gone");
	ok(!is_there("groups/g/d!") && !is_there("channels/d!") &&
	    !is_there("live/d"), "and are removed at once");
	pid = start_child(live, &life);
	kill(pid, SIGKILL);
	end_of(pid);
	is_str(members(layer, "g"), "jobs", "a list shows the living");
	ok(!is_there("groups/g/d!"), "and removes the dead");
	life.group = "h";
	pid = start_child(live, &life);
	kill(pid, SIGKILL);
	end_of(pid);
	is_int((long long)group_stat(layer, "h").members, 0,
	    "a group of the dead has nobody");
	ok(!is_there("groups/h"), "and goes");
	is_int(ch_group_add(layer, "g", "d!9", NULL), CH_NONE,
	    "behind a gone owner nobody joins");
	ch_group_drop(layer, "g", NULL);
}

static void
test_unowned(struct ch_layer *layer)
{
	struct ch_group_sent sent;

	ch_group_add(layer, "g", "u!b", NULL);
	ch_group_add(layer, "g", "jobs2", NULL);
	ch_group_add(layer, "g", "u!a", NULL);
	ch_group_add(layer, "g", "v!a", NULL);
	ch_group_add(layer, "g", "w?a", NULL);
	sent = cast(layer, "g", "v!a");
	is_int((long long)sent.sent, 4, "channels that nobody owns");
	is_int((long long)stat_of(layer, "u!").pending, 1,
	    "behind one prefix get one record");
	is_str(take(layer, "u!"), "u!a {\"x\":1}", "for each");
	is_str(take(layer, "u!"), "u!b {\"x\":1}", "of them");
	is_str(take(layer, "jobs2"), "jobs2 {\"x\":1}", "the others theirs");
	is_str(take(layer, "w?a"), "w?a {\"x\":1}", "of any sort");
	ok(!is_there("channels/v!"), "but the excluded one");
	ch_group_drop(layer, "g", NULL);
}

static void
test_many(struct ch_layer *layer)
{
	struct life life = { "many!", "big", 3000 };
	char name[CH_NAME_MAX + 1];
	struct ch_group_sent sent;
	struct stat st;
	int i;
	pid_t pid = start_child(live, &life);

	sent = cast(layer, "big", NULL);
	is_int((long long)sent.sent, 3000, "3000 members of one process");
	is_int((long long)stat_of(layer, "many!").pending, 1, "one record");
	for (i = 0; i < 2900; i++) {
		snprintf(name, sizeof(name), "many!%d", i);
		ch_group_discard(layer, "big", name, NULL);
	}
	is_int((long long)group_stat(layer, "big").members, 100,
	    "most of them leave");
	stat(in_store("groups/big/many!"), &st);
	ok(st.st_size < 8192, "the list shrinks (%lld bytes)",
	    (long long)st.st_size);
	is_int(ch_group_has(layer, "big", "many!2950", NULL), CH_OK,
	    "who stays is in it");
	is_int(ch_group_has(layer, "big", "many!50", NULL), CH_NONE,
	    "who left is not");
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		ch_group_add(layer, "big", name, NULL);
	}
	for (i = 0; i < 499; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		ch_group_discard(layer, "big", name, NULL);
	}
	is_int((long long)group_stat(layer, "big").members, 101,
	    "plain members come and go as well");
	stat(in_store("groups/big/members"), &st);
	ok(st.st_size < 8192, "their list shrinks (%lld bytes)",
	    (long long)st.st_size);
	kill(pid, SIGKILL);
	end_of(pid);
	is_str(members(layer, "big"), "c499", "one is left");
	ch_group_drop(layer, "big", NULL);
}

/* Processes that join and leave at the same time, some of them killed. */
static void
join_and_leave(void *arg)
{
	struct ch_layer *layer = store_open();
	char name[CH_NAME_MAX + 1];
	int i, id = *(int *)arg;

	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "j%d.%d", id, i % 7);
		ch_group_add(layer, "crowd", name, NULL);
		if (i < 193)
			ch_group_discard(layer, "crowd", name, NULL);
	}
	ch_close(layer);
}

static void
test_crowd(struct ch_layer *layer)
{
	pid_t pids[4];
	int i, ids[4], bad = 0;

	for (i = 0; i < 4; i++) {
		ids[i] = i;
		pids[i] = in_child(join_and_leave, &ids[i]);
	}
	for (i = 0; i < 4; i++)
		bad += end_of(pids[i]) != 0;
	is_int(bad, 0, "many processes join and leave one group");
	is_int((long long)group_stat(layer, "crowd").members, 28,
	    "rule 23: in one folder, none is lost");
	ch_group_drop(layer, "crowd", NULL);
}

static void
test_killed(struct ch_layer *layer)
{
	int i, ids[1] = { 0 }, bad = 0;
	struct ch_err err = CH_ERR_INIT;
	pid_t pid;

	for (i = 0; i < 40; i++) {
		struct timespec nap = { 0, 20000 + i * 97000 };

		pid = in_child(join_and_leave, ids);
		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		end_of(pid);
		if (ch_group_add(layer, "crowd", "me", &err) ||
		    ch_group_has(layer, "crowd", "me", &err) ||
		    !strncmp(members(layer, "crowd"), "status", 6)) {
			printf("# %s\n", err.text);
			bad++;
		}
		ch_group_discard(layer, "crowd", "me", NULL);
	}
	is_int(bad, 0, "who is killed while it joins or leaves does no harm");
	ch_group_drop(layer, "crowd", NULL);

	/* killed between the first entry and the header */
	ch_group_add(layer, "crowd", "x!1", NULL);
	i = open(in_store("groups/crowd/members"), O_RDWR);
	if (pwrite(i, (char[64]){ 0 }, 64, 0) != 64)
		bail("write", NULL);
	close(i);
	is_str(members(layer, "crowd"), "", "an entry that was not finished");
	is_int(ch_group_add(layer, "crowd", "x!2", NULL), CH_OK,
	    "is in nobody's way");
	is_str(members(layer, "crowd"), "x!2", "the next takes its place");
	ch_group_drop(layer, "crowd", NULL);
}

static void
test_expiry(void)
{
	struct ch_layer *layer;
	int64_t end;

	store_new();
	store_config("{\"group_expiry\":0.3}");
	layer = store_open();
	ch_group_add(layer, "g", "old", NULL);
	ch_group_add(layer, "g", "new", NULL);
	is_int((long long)group_stat(layer, "g").members, 2, "two members");
	end = ch_clock() + 10000;
	while (ch_group_has(layer, "g", "old", NULL) == CH_OK &&
	    ch_clock() < end)
		ch_group_add(layer, "g", "new", NULL);
	is_str(members(layer, "g"), "new", "who is not renewed expires");
	is_int((long long)cast(layer, "g", NULL).members, 1,
	    "and is not sent to");
	while (ch_group_has(layer, "g", "new", NULL) == CH_OK &&
	    ch_clock() < end)
		;
	ch_sweep(layer, 1000000, NULL, NULL);
	ok(!is_there("groups/g"), "a sweep removes who has expired");
	ch_close(layer);
}

/* Write over the file, or cut it short. */
static void
spoil(const char *path, off_t at, const char *bytes)
{
	int fd = open(in_store(path), O_RDWR);

	if (bytes ? pwrite(fd, bytes, strlen(bytes), at) < 0 :
	        ftruncate(fd, at) < 0)
		bail("spoil", NULL);
	close(fd);
}

static void
test_damage(struct ch_layer *layer)
{
	static const struct {
		const char *what, *path, *bytes;
		off_t at;
	} cases[] = {
		{ "a name", "groups/g/members", "X", 64 + 10 },
		{ "a name that leads out", "groups/g/members", "../../x", 73 },
		{ "a length", "groups/g/members", "\377", 72 },
		{ "a cut list", "groups/g/members", NULL, 80 },
		{ "a cut header", "groups/g/members", NULL, 20 },
		{ "a foreign list", "groups/g/members", "FOREIGN", 0 },
		{ "a newer list", "groups/g/members", "\011", 8 },
		{ "a huge list", "groups/g/members", "\377\377\377\377", 20 },
		{ "a foreign lock file", "groups/g/lock", "FOREIGN", 0 },
		{ "a newer lock file", "groups/g/lock", "\011", 8 },
		{ "an empty lock file", "groups/g/lock", NULL, 0 },
	};
	struct ch_err err = CH_ERR_INIT;
	struct ch_group_sent sent;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ch_group_add(layer, "g", "first", NULL);
		ch_group_add(layer, "g", "second", NULL);
		spoil(cases[i].path, cases[i].at, cases[i].bytes);
		/* who has found a list to be sound does not look again */
		ch_close(layer);
		layer = store_open();
		rc = ch_group_has(layer, "g", "first", &err);
		is_int(rc, CH_REFUSED, "%s is refused: %s", cases[i].what,
		    err.text);
		rc = ch_group_send(layer, "g", "{}", 2, NULL, &sent, &err);
		is_int(rc, CH_REFUSED, "also when sending");
		ch_group_add(layer, "other", "third", NULL);
		is_int(ch_stat_groups(layer, NULL, keep_group_stat,
		    &(struct ch_group_stat){ 0 }, &err), CH_REFUSED,
		    "a count of all says so");
		is_str(members(layer, "other"), "third", "others go on");
		is_int(ch_group_drop(layer, "g", &err), CH_OK,
		    "dropping it helps %s", err.text);
		ok(!is_there("groups/g"), "it is gone");
	}
	ch_group_add(layer, "g", "first", NULL);
	unlink(in_store("groups/g/lock"));
	is_int(ch_group_add(layer, "g", "second", &err), CH_OK,
	    "an open handle goes on");
	ch_close(layer);
	layer = store_open();
	is_int(ch_group_add(layer, "g", "second", &err), CH_REFUSED,
	    "a group without lock file is refused: %s", err.text);
	ch_group_drop(layer, "g", NULL);
	if (mkdir(in_store("groups/k"), 0700) < 0 ||
	    symlink("/etc", in_store("groups/l")) < 0)
		bail("mkdir", NULL);
	is_int(ch_group_add(layer, "k", "a", &err), CH_OK,
	    "an empty folder is furnished %s", err.text);
	ok(ch_group_add(layer, "l", "a", &err) != CH_OK,
	    "rule 11: a link is not followed: %s", err.text);
	ch_group_drop(layer, "l", NULL);
	ok(!is_there("groups/l"), "but can be dropped");
	ch_close(layer);
}

static void
test_reboot(void)
{
	struct ch_layer *layer;

	store_new();
	store_config("{\"group_expiry\":600}");
	layer = store_open();
	ch_group_add(layer, "g", "a", NULL);
	ch_close(layer);
	reboot_machine();
	layer = store_open();
	is_str(members(layer, "g"), "a", "rule 7: a member outlives a reboot");
	ch_group_add(layer, "g", "b", NULL);
	ch_close(layer);
	/* the machine was off for 601 s: the list's last write was then */
	{
		int fd = open(in_store("groups/g/members"), O_RDWR);
		int64_t real;

		if (pread(fd, &real, 8, 56) != 8)
			bail("read", NULL);
		real -= 601000;
		if (pwrite(fd, &real, 8, 56) != 8)
			bail("write", NULL);
		close(fd);
	}
	reboot_machine();
	layer = store_open();
	is_str(members(layer, "g"), "", "rule 7: and expires while it is off");
	ch_close(layer);
}

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
	char path[] = "groups/busy/lock", want[32];
	struct ch_err err = CH_ERR_INIT;
	pid_t pid;

	ch_group_add(layer, "busy", "a", NULL);
	pid = start_child(hold, path);
	layer->patience = ch_clock() + 50;
	is_int(ch_group_add(layer, "busy", "b", &err), CH_UNAVAILABLE,
	    "rule 9: a lock that cannot be had: %s", err.text);
	layer->patience = CH_NEVER;
	snprintf(want, sizeof(want), "process %d", (int)pid);
	ok(strstr(err.text, want) != NULL, "rule 9: its holder is named");
	kill(pid, SIGKILL);
	end_of(pid);
	is_int(ch_group_add(layer, "busy", "b", NULL), CH_OK,
	    "a killed holder holds nothing");
	ch_group_drop(layer, "busy", NULL);
}

int
main(void)
{
	struct ch_layer *layer;

	store_new();
	store_config("{\"channels\":[{\"match\":\"full!*\",\"capacity\":3}]}");
	layer = store_open();
	test_members(layer);
	test_owner(layer);
	test_notices(layer);
	test_death(layer);
	test_unowned(layer);
	test_many(layer);
	test_crowd(layer);
	test_killed(layer);
	test_busy(layer);
	test_damage(layer);
	test_expiry();
	test_reboot();
	return done_testing();
}
