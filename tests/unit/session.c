/* session.c - sessions and the data of connections, in their files. */
#include "chsession.h"

#include "base/clock.h"
#include "store.h"

#include <sys/file.h>
#include <time.h>

static struct ch_sessions *sessions;
static struct ch_session session;
static struct ch_err err;

static void
open_sessions(void)
{
	if (ch_sessions_open(&sessions, store_new(), 200, &err) != CH_OK)
		bail("ch_sessions_open", &err);
}

/* A new session's id; good until the fourth call after. */
static const char *
made(const char *user, const char *data)
{
	static char ids[4][CH_SESSION_ID + 1];
	static unsigned turn;
	struct ch_session with = { .user = user, .data = data,
		.len = data ? strlen(data) : 0 };
	char *id = ids[turn++ % 4];

	if (ch_session_new(sessions, &with, &session, &err) != CH_OK)
		bail("ch_session_new", &err);
	snprintf(id, sizeof(ids[0]), "%s", session.id);
	return id;
}

static int
merge(const char *id, const char *patch)
{
	return ch_session_merge(sessions, id, patch, strlen(patch), &session,
	    &err);
}

/* The data of it, "" if there is no such session. */
static const char *
data_of(const char *id)
{
	return ch_session_get(sessions, id, &session, &err) == CH_OK ?
	    session.data : "";
}

static const char *
file_of(const char *id)
{
	static char name[256];

	snprintf(name, sizeof(name), "sessions/%s", id);
	return name;
}

/* The session was last used so many ms ago. */
static void
age(const char *id, int64_t ms)
{
	int64_t then = ch_clock_real() - ms;
	struct timespec times[2] = {
		{ then / 1000, then % 1000 * 1000000 },
		{ then / 1000, then % 1000 * 1000000 },
	};

	if (utimensat(AT_FDCWD, in_store(file_of(id)), times, 0) < 0)
		bail("utimensat", NULL);
}

static void
overwrite(const char *id, const char *text)
{
	FILE *file = fopen(in_store(file_of(id)), "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		bail("overwrite", NULL);
}

static mode_t
mode_of(const char *what)
{
	struct stat st;

	return stat(in_store(what), &st) < 0 ? 0 : st.st_mode & 07777;
}

/* --- cases -------------------------------------------------------------- */

static void
test_new(void)
{
	const char *id = made("ana", "{\"n\":1.50}"), *other = made(NULL, NULL);

	is_int(strlen(id), CH_SESSION_ID, "an id");
	is_int(strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789"), CH_SESSION_ID, "of letters and digits");
	ok(strcmp(id, other), "is no other's");
	is_str(data_of(id), "{\"n\":1.50}", "data, with its digits");
	is_str(session.user, "ana", "a user");
	is_str(session.id, id, "its id");
	is_int(session.expires, session.seen + CH_SESSION_IDLE, "its end");
	is_int(session.max_age, CH_SESSION_MAX_AGE, "its age");
	is_str(data_of(other), "{}", "no data");
	is_str(session.user, NULL, "no user");
	is_int(mode_of("sessions"), 0700, "the folder is the owner's");
	is_int(mode_of(file_of(id)), 0600, "so is a file");
}

static void
test_merge(void)
{
	const char *id = made("ana", NULL);
	char became[128];

	is_int(merge(id, "{\"a\":1,\"b\":{\"c\":[1,2,\"}\"]}}"), CH_OK, "set");
	is_int(merge(id, "{ \"d\" : \"x\" , \"a\": 9223372036854775807 }"),
	    CH_OK, "change");
	is_str(session.data, "{\"a\":9223372036854775807,"
	    "\"b\":{\"c\":[1,2,\"}\"]},\"d\":\"x\"}", "what it became");
	snprintf(became, sizeof(became), "%s", session.data);
	is_str(data_of(id), became, "is kept");
	is_str(session.user, "ana", "so is the user");
	is_int(merge(id, "{\"\\u0062\":null,\"e\":null,\"d\":0,\"d\":1}"),
	    CH_OK, "remove by another spelling");
	is_str(data_of(id), "{\"a\":9223372036854775807,\"d\":1}",
	    "of what is there twice the last counts");
	is_int(merge(id, "[1]"), CH_REFUSED, "no object");
	is_int(merge(id, "{\"a\":1}x"), CH_REFUSED, "more than one");
	is_int(merge("A", "{}"), CH_REFUSED, "no id");
	is_int(merge("../sessions/lock", "{}"), CH_REFUSED, "a path");
	is_int(merge("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "{}"), CH_NONE,
	    "no such session");
	is_str(data_of(id), "{\"a\":9223372036854775807,\"d\":1}",
	    "nothing of this changed it");
}

static void
test_size(void)
{
	const char *id = made(NULL, NULL);
	static char patch[CH_SESSION_DATA_MAX + 1];

	memset(patch, 'x', sizeof(patch));
	memcpy(patch, "{\"a\":\"", 6);
	memcpy(patch + CH_SESSION_DATA_MAX - 2, "\"}", 3);
	is_int(merge(id, patch), CH_OK, "as much as may be");
	is_int(merge(id, "{\"b\":1}"), CH_REFUSED, "too much");
	is_int(strlen(data_of(id)), CH_SESSION_DATA_MAX, "stays as it was");
}

static void
test_users(void)
{
	static char name[CH_SESSION_USER_MAX + 2];

	memset(name, 'x', CH_SESSION_USER_MAX + 1);
	is_int(ch_session_user_check("Ana M\xc3\xbcller", NULL), CH_OK,
	    "a name");
	is_int(ch_session_user_check("", NULL), CH_REFUSED, "none");
	is_int(ch_session_user_check("a:b", NULL), CH_REFUSED, "a colon");
	is_int(ch_session_user_check("a\nb", NULL), CH_REFUSED, "a line");
	is_int(ch_session_user_check("\xff", NULL), CH_REFUSED, "no UTF-8");
	is_int(ch_session_user_check(name, NULL), CH_REFUSED, "too long");
	is_int(ch_session_user_check(name + 1, NULL), CH_OK, "long enough");
}

static void
test_expiry(void)
{
	const char *id = made(NULL, NULL);
	struct ch_session with = { .idle = 60000, .max_age = 90000 };
	char aged[256];

	age(id, CH_SESSION_IDLE - 5000);
	is_str(data_of(id), "{}", "used lately enough");
	is_int(ch_session_touch(sessions, id, &err), CH_OK, "used");
	data_of(id);
	ok(session.seen > ch_clock_real() - 5000, "a use counts");
	age(id, CH_SESSION_IDLE + 1);
	is_int(ch_session_get(sessions, id, &session, &err), CH_NONE, "idle");
	is_int(merge(id, "{}"), CH_NONE, "an expired one cannot be changed");
	is_int(ch_session_rotate(sessions, id, "ana", &session, &err),
	    CH_NONE, "nor rotated");

	ch_session_new(sessions, &with, &session, &err);
	snprintf(aged, sizeof(aged), "{\"created\":%" PRId64 ",\"idle\":60000,"
	    "\"max_age\":90000,\"data\":{}}\n", session.created - 85000);
	id = made(NULL, NULL);
	overwrite(id, aged);
	is_str(data_of(id), "{}", "not yet too old");
	is_int(session.expires, session.created + 90000, "soon");
	snprintf(aged, sizeof(aged), "{\"created\":%" PRId64 ",\"idle\":60000,"
	    "\"max_age\":90000,\"data\":{}}\n", session.created - 5001);
	overwrite(id, aged);
	is_int(ch_session_get(sessions, id, &session, &err), CH_NONE, "old");
}

static void
test_damage(void)
{
	const char *id = made("ana", "{\"a\":1}");
	static const char *const damaged[] = { "", "{", "{}", "[]", "null\n",
		"{\"created\":1,\"idle\":1,\"max_age\":1,\"data\":[]}",
		"{\"created\":\"x\",\"idle\":1,\"max_age\":1,\"data\":{}}",
		"{\"user\":\"a\\u0000\",\"created\":9999999999999,\"idle\":"
		"99999999,\"max_age\":99999999,\"data\":{}}",
		"{\"user\":1,\"created\":9999999999999,\"idle\":99999999,"
		"\"max_age\":99999999,\"data\":{}}" };

	for (size_t i = 0; i < sizeof(damaged) / sizeof(*damaged); i++) {
		overwrite(id, damaged[i]);
		is_int(ch_session_get(sessions, id, &session, &err), CH_NONE,
		    "damage %zu: no session", i);
	}
}

static void
test_rotate(void)
{
	const char *id = made(NULL, "{\"cart\":3}");

	is_int(ch_session_get(sessions, id, &session, &err), CH_OK, "before");
	is_int(ch_session_rotate(sessions, session.id, "ana", &session, &err),
	    CH_OK, "rotated, by the id that we were given");
	ok(strcmp(session.id, id), "another id");
	is_str(session.user, "ana", "a user");
	is_str(session.data, "{\"cart\":3}", "the data stay");
	ok(!is_there(file_of(id)), "the old one is gone");
	id = session.id;
	is_int(ch_session_rotate(sessions, id, "a:b", &session, &err),
	    CH_REFUSED, "no name");
	is_str(data_of(session.id), "{\"cart\":3}", "is still there");
	is_int(ch_session_rotate(sessions, session.id, NULL, &session, &err),
	    CH_OK, "to nobody");
	is_str(session.user, NULL, "no user");
}

static void
test_end(void)
{
	const char *id = made(NULL, NULL);

	is_int(ch_session_end(sessions, id, &err), CH_OK, "ended");
	is_int(ch_session_end(sessions, id, &err), CH_NONE, "is gone");
	is_int(ch_session_touch(sessions, id, &err), CH_NONE, "for good");
	is_int(ch_session_end(sessions, "lock", &err), CH_REFUSED, "the lock");
}

static int
lives(void *arg, const char *channel)
{
	return strcmp(channel, arg) != 0;
}

static int
count(void *arg, const struct ch_session *one)
{
	*(int *)arg += one->user && !strcmp(one->user, "ana");
	return CH_OK;
}

static void
test_all(void)
{
	char dead[] = "websocket.send.x!2";
	const char *bad;
	uint64_t removed;
	int n = 0;

	made("ana", NULL);
	made("ana", NULL);
	bad = made("ana", NULL);
	overwrite(bad, "{");
	overwrite(".new.ABCDEFGHIJKLMNOPQ", "{");
	is_int(merge("websocket.send.x!1", "{\"a\":1}"), CH_OK, "one");
	is_int(merge(dead, "{\"a\":1}"), CH_OK, "another connection");
	is_int(ch_session_each(sessions, count, &n, &err), CH_OK, "walk");
	is_int(n, 2, "the good ones");
	is_int(ch_session_sweep(sessions, NULL, NULL, &removed, &err), CH_OK,
	    "sweep");
	is_int(removed, 2, "what was damaged, what was left");
	ok(!is_there(file_of(bad)), "is gone");
	is_int(ch_session_sweep(sessions, lives, dead, &removed, &err), CH_OK,
	    "sweep connections");
	is_int(removed, 1, "a dead one");
	is_str(data_of("websocket.send.x!1"), "{\"a\":1}", "the other stays");
	ok(is_there("sessions/lock"), "so does the lock");
}

static void
test_connections(void)
{
	const char *id = "websocket.send.x!1";

	is_int(ch_session_get(sessions, id, &session, &err), CH_NONE, "none");
	is_int(merge(id, "{\"a\":1}"), CH_OK, "set");
	age(id, 10 * CH_SESSION_MAX_AGE);
	is_str(data_of(id), "{\"a\":1}", "it does not age");
	is_int(session.expires, CH_NEVER, "never");
	is_int(ch_session_rotate(sessions, id, "ana", &session, &err),
	    CH_REFUSED, "it has no user");
	is_int(merge("x!", "{}"), CH_REFUSED, "all of a process");
	is_int(merge("../x!1", "{}"), CH_REFUSED, "a path");
	is_int(ch_session_end(sessions, id, &err), CH_OK, "ended");
}

static void
test_owner(void)
{
	struct ch_sessions *other = NULL;

	chmod(in_store("sessions"), 0750);
	is_int(ch_sessions_open(&other, store_path, 200, &err), CH_DENIED,
	    "others may look into it");
	chmod(in_store("sessions"), 0700);
	is_int(ch_sessions_open(&other, in_store("none"), 200, &err), CH_IO,
	    "there is no such state");
	ok(!other, "nothing is opened");
}

static void
test_busy(void)
{
	int fd = open(in_store("sessions/lock"), O_RDWR);
	const char *id = made(NULL, NULL);

	flock(fd, LOCK_EX);
	is_int(merge(id, "{}"), CH_UNAVAILABLE, "another does not let go");
	is_str(data_of(id), "{}", "who reads does not wait");
	close(fd);
}

static void
add_many(void *arg)
{
	struct ch_sessions *mine;
	char patch[32];

	if (ch_sessions_open(&mine, store_path, 5000, NULL) != CH_OK)
		_exit(1);
	for (int i = 0; i < 50; i++) {
		snprintf(patch, sizeof(patch), "{\"%d.%d\":1}", getpid(), i);
		if (ch_session_merge(mine, arg, patch, strlen(patch), NULL,
		        NULL) != CH_OK)
			_exit(1);
	}
	ch_sessions_close(mine);
}

static void
test_together(void)
{
	char id[CH_SESSION_ID + 1];
	pid_t pids[4];
	int n = 0;

	snprintf(id, sizeof(id), "%s", made(NULL, NULL));
	for (int i = 0; i < 4; i++)
		pids[i] = in_child(add_many, id);
	for (int i = 0; i < 4; i++)
		is_int(end_of(pids[i]), 0, "process %d", i);
	for (const char *p = data_of(id); (p = strchr(p, '.')); p++)
		n++;
	is_int(n, 200, "no change is lost");
}

static void
rewrite(void *arg)
{
	struct ch_sessions *mine;
	char patch[64];

	if (ch_sessions_open(&mine, store_path, 5000, NULL) != CH_OK)
		_exit(1);
	for (int i = 0;; i++) {
		snprintf(patch, sizeof(patch), "{\"a\":%d,\"b\":%d}", i, i);
		ch_session_merge(mine, arg, patch, strlen(patch), NULL, NULL);
	}
}

/* Whoever is killed while writing leaves it as it was or will be. */
static void
test_crash(void)
{
	char id[CH_SESSION_ID + 1];
	int a, b, sound = 0;

	snprintf(id, sizeof(id), "%s", made("ana", "{\"a\":0,\"b\":0}"));
	for (int i = 0; i < 50; i++) {
		pid_t pid = in_child(rewrite, id);
		struct timespec nap = { 0, 500000 + i * 40000 };

		nanosleep(&nap, NULL);
		kill(pid, SIGKILL);
		end_of(pid);
		sound += sscanf(data_of(id), "{\"a\":%d,\"b\":%d}", &a, &b)
		    == 2 && a == b && !strcmp(session.user, "ana");
	}
	is_int(sound, 50, "after each kill the session is whole");
	is_int(merge(id, "{\"c\":1}"), CH_OK, "and can be changed");
}

static void
test_group(void)
{
	char one[CH_NAME_MAX + 1], other[CH_NAME_MAX + 1];

	ch_session_group("ABC", one);
	ch_session_group("ABD", other);
	is_int(ch_name_check(one, CH_TO_JOIN, &err), CH_OK, "%s", one);
	ok(strcmp(one, other), "each has its own");
	ok(!strstr(one, "ABC"), "it does not tell the id");
}

int
main(void)
{
	static void (*const cases[])(void) = { test_new, test_merge, test_size,
		test_users, test_expiry, test_damage, test_rotate, test_end,
		test_all, test_connections, test_owner, test_busy,
		test_together, test_crash, test_group };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		open_sessions();
		cases[i]();
		ch_sessions_close(sessions);
	}
	return done_testing();
}
