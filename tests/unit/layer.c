/*
 * layer.c - the front, over a backend that only writes down what it was asked;
 * what needs a store is in tests/contract.
 */
#include "channel.h"

#include "base/err.h"
#include "layer/front.h"
#include "store.h"

#include <sys/file.h>

static char calls[1024];
static int send_fails;    /* this many sends answer CH_FULL */
static size_t send_room;  /* messages taken by one that does */
static int take_nothing;  /* this many takes answer CH_TIMEOUT */
static int wait_answer;
static int reopen_answer;

__attribute__((format(printf, 1, 2))) static void
note(const char *format, ...)
{
	size_t n = strlen(calls);
	va_list ap;

	va_start(ap, format);
	vsnprintf(calls + n, sizeof(calls) - n, format, ap);
	va_end(ap);
}

static const char *
noted(void)
{
	static char text[sizeof(calls)];

	memcpy(text, calls, sizeof(text));
	calls[0] = '\0';
	return text;
}

static int
fake_send(struct ch_layer *layer, const struct ch_message *messages,
    size_t n, const struct ch_send_opts *opts, size_t *sent,
    struct ch_err *err)
{
	(void)layer;
	note("send %s %zu%s;", messages[0].channel, n,
	    opts->flags & CH_CHECKED ? " checked" : "");
	*sent = n;
	if (!send_fails)
		return CH_OK;
	send_fails--;
	*sent = send_room;
	return ch_err_set(err, CH_FULL, "%s is full", messages[0].channel);
}

static int
fake_wait_room(struct ch_layer *layer, const char *channel, int64_t deadline,
    struct ch_err *err)
{
	(void)layer;
	(void)deadline;
	note("room %s;", channel);
	return wait_answer == CH_OK ? CH_OK :
	    ch_err_set(err, wait_answer, "no");
}

static int
fake_new_receiver(struct ch_receiver **receiver, struct ch_layer *layer,
    const char *const names[], size_t n, unsigned flags, struct ch_err *err)
{
	(void)layer;
	(void)names;
	(void)n;
	(void)flags;
	*receiver = calloc(1, sizeof(**receiver));
	return *receiver ? CH_OK : ch_err_memory(err);
}

static void
fake_free_receiver(struct ch_receiver *receiver)
{
	note("free;");
	free(receiver);
}

static int
fake_take(struct ch_receiver *receiver, struct ch_message *messages,
    size_t max, size_t *got, struct ch_err *err)
{
	(void)receiver;
	(void)err;
	note("take %zu;", max);
	*got = 0;
	if (take_nothing) {
		take_nothing--;
		return CH_TIMEOUT;
	}
	messages[0] = (struct ch_message){ .channel = "a", .text = "{}",
		.len = 2 };
	*got = 1;
	return CH_OK;
}

static int
fake_wait(struct ch_receiver *receiver, int64_t deadline, struct ch_err *err)
{
	(void)receiver;
	(void)deadline;
	note("wait;");
	return wait_answer == CH_OK ? CH_OK :
	    ch_err_set(err, wait_answer, "no");
}

static int
fake_own(struct ch_layer *layer, const char *prefix, struct ch_err *err)
{
	(void)layer;
	(void)err;
	note("own %zu;", strlen(prefix));
	return CH_OK;
}

static int
fake_members(struct ch_layer *layer, const char *group, const char *glob,
    int (*each)(void *arg, const char *channel), void *arg,
    struct ch_err *err)
{
	int rc;

	(void)layer;
	(void)group;
	(void)glob;
	(void)err;
	rc = each(arg, "a");
	return rc ? rc : each(arg, "b");
}

static int
fake_reopen(struct ch_layer *layer, struct ch_err *err)
{
	(void)layer;
	note("reopen;");
	return reopen_answer == CH_OK ? CH_OK :
	    ch_err_set(err, reopen_answer, "no");
}

static void
fake_close(struct ch_layer *layer)
{
	note("close;");
	free(layer);
}

static const struct ch_backend fake = {
	.abi = CH_BACKEND_ABI,
	.name = "fake",
	.close = fake_close,
	.reopen = fake_reopen,
	.send = fake_send,
	.wait_room = fake_wait_room,
	.new_receiver = fake_new_receiver,
	.free_receiver = fake_free_receiver,
	.take = fake_take,
	.wait = fake_wait,
	.own = fake_own,
	.group_members = fake_members,
};

static struct ch_layer *
fake_layer(void)
{
	struct ch_layer *layer = calloc(1, sizeof(*layer));

	ch_limits_init(&layer->limits);
	layer->location = strdup("fake:");
	ch_front_adopt(layer, &fake);
	calls[0] = '\0';
	return layer;
}

#define MESSAGE(name) { .channel = (name), .text = "{}", .len = 2 }

static void
test_runs(struct ch_layer *layer)
{
	struct ch_message out[] = { MESSAGE("a"), MESSAGE("a"), MESSAGE("b"),
		MESSAGE("p!x"), MESSAGE("p!y"), MESSAGE("p"), MESSAGE("a") };
	struct ch_send_opts opts = { .deadline = CH_NOW };
	struct ch_err err = CH_ERR_INIT;
	char copy[] = "a";
	size_t sent;

	out[1].channel = copy; /* equal, not the same */
	is_int(ch_send_many(layer, out, 7, NULL, &sent, NULL), CH_OK, "seven");
	is_str(noted(), "send a 2;send b 1;send p!x 2;send p 1;send a 1;",
	    "runs for one queue");
	send_fails = 1;
	send_room = 1;
	is_int(ch_send_many(layer, out, 7, &opts, &sent, &err), CH_FULL,
	    "a full one ends it");
	is_int(sent, 1, "with what was taken");
	is_str(noted(), "send a 2;", "at once");
	opts.deadline = CH_NEVER;
	send_fails = 1;
	is_int(ch_send_many(layer, out, 3, &opts, &sent, &err), CH_OK,
	    "unless told to wait");
	is_str(noted(), "send a 2;room a;send a 1;send b 1;",
	    "then it goes on where it was");
	is_int(sent, 3, "all are sent");
	send_fails = 2;
	send_room = 0;
	wait_answer = CH_TIMEOUT;
	opts.deadline = ch_clock();
	is_int(ch_send(layer, "a", "{}", 2, &opts, &err), CH_TIMEOUT,
	    "the deadline is over");
	is_str(err.text, "a is full", "the reason stays");
	is_str(noted(), "send a 1;", "without a wait");
	send_fails = 1;
	wait_answer = CH_UNAVAILABLE;
	opts.deadline = CH_NEVER;
	is_int(ch_send(layer, "a", "{}", 2, &opts, &err), CH_UNAVAILABLE,
	    "a wait that fails");
	noted();
	wait_answer = CH_OK;
}

static void
test_checks(struct ch_layer *layer)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };

	is_int(ch_send(layer, "a", "x", 1, NULL, NULL), CH_REFUSED, "a text");
	is_int(ch_send(layer, "a/b", "{}", 2, NULL, NULL), CH_REFUSED,
	    "a name");
	is_int(ch_send(layer, NULL, "{}", 2, NULL, NULL), CH_REFUSED, "none");
	is_str(noted(), "", "never reach the backend");
	is_int(ch_send(layer, "a", "{}", 2, &opts, NULL), CH_OK, "checked");
	is_str(noted(), "send a 1 checked;", "is passed on");
	opts.expiry = -1;
	is_int(ch_send(layer, "a", "{}", 2, &opts, NULL), CH_USAGE,
	    "a negative expiry");
	layer->limits.max_size = 3;
	is_int(ch_max_size(layer), 3, "the largest");
	is_int(ch_send(layer, "a", "{ } ", 4, NULL, NULL), CH_REFUSED,
	    "too large");
	layer->limits.max_size = CH_MESSAGE_MAX;
	noted();
}

static void
test_receive(struct ch_layer *layer)
{
	const char *name = "a";
	struct ch_receiver *receiver = NULL;
	struct ch_message messages[4];
	size_t got;

	is_int(ch_receiver_new(&receiver, layer, &name, 0, 0, NULL), CH_USAGE,
	    "no names");
	is_int(ch_receiver_new(&receiver, layer, &name, 1, 0, NULL), CH_OK,
	    "a receiver");
	is_int(ch_receive(receiver, messages, CH_NEVER, NULL), CH_OK, "take");
	is_str(noted(), "take 1;", "what is there");
	take_nothing = 2;
	is_int(ch_receive(receiver, messages, CH_NEVER, NULL), CH_OK, "wait");
	is_str(noted(), "take 1;wait;take 1;wait;take 1;",
	    "and look after each wake");
	take_nothing = 1;
	is_int(ch_receive(receiver, messages, CH_NOW, NULL), CH_TIMEOUT,
	    "CH_NOW");
	is_str(noted(), "take 1;", "never waits");
	take_nothing = 1;
	wait_answer = CH_TIMEOUT;
	is_int(ch_receive_many(receiver, messages, 4, &got, CH_NEVER, NULL),
	    CH_OK, "what came at the deadline");
	is_str(noted(), "take 4;wait;take 4;", "is not missed");
	take_nothing = 1;
	wait_answer = CH_NONE;
	is_int(ch_receive(receiver, messages, CH_NEVER, NULL), CH_NONE,
	    "the output has gone");
	is_str(noted(), "take 1;wait;", "which ends it");
	is_int(ch_receive_many(receiver, messages, 0, &got, CH_NOW, NULL),
	    CH_USAGE, "no room");
	wait_answer = CH_OK;
	ch_receiver_free(receiver);
	ch_receiver_free(NULL);
	is_str(noted(), "free;", "freed once");
}

static void
test_names(struct ch_layer *layer)
{
	char name[CH_NAME_MAX + 1];
	char stem[CH_NAME_MAX + 1];

	is_int(ch_new_channel(layer, "p!", name, NULL), CH_OK, "p!");
	is_str(noted(), "own 2;", "is owned");
	is_int(strlen(name), 14, "and has a random name");
	is_int(ch_new_channel(layer, "p?", name, NULL), CH_OK, "p?");
	is_str(noted(), "", "is not owned");
	memset(stem, 'a', sizeof(stem));
	stem[69] = '\0';
	is_int(ch_own_random(layer, stem, name, NULL), CH_OK, "a stem");
	is_int(strlen(name), 88, "leaves room for local parts");
	strcat(stem, "a");
	is_int(ch_own_random(layer, stem, name, NULL), CH_REFUSED,
	    "or is too long");
	is_int(ch_own_random(layer, "a!", name, NULL), CH_REFUSED,
	    "or not a stem");
	is_int(ch_will(layer, "a", "b", "{}", 2, NULL), CH_USAGE,
	    "what has no owner has no will");
	noted();
}

static int
join_names(void *arg, const char *name)
{
	strcat(arg, name);
	return strcmp(name, "b") == 0 ? 5 : 0;
}

static void
test_walks(struct ch_layer *layer)
{
	char names[16] = "";

	is_int(ch_group_members(layer, "g", NULL, join_names, names, NULL), 5,
	    "the callback's answer");
	is_str(names, "ab", "after it saw all before");
	is_int(ch_group_members(layer, "g", "a/*", join_names, names, NULL),
	    CH_REFUSED, "a bad glob");
	is_int(ch_group_members(layer, "g!x", NULL, join_names, names, NULL),
	    CH_REFUSED, "a bad group");
	is_int(ch_peek(layer, "a*", 1, NULL, NULL, NULL), CH_USAGE,
	    "one channel is peeked at");
}

/* Every backend call of a child comes after one reopen. */
static void
test_fork(struct ch_layer *layer)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		reopen_answer = CH_IO;
		if (ch_send(layer, "a", "{}", 2, NULL, NULL) != CH_IO)
			_exit(1);
		reopen_answer = CH_OK;
		ch_send(layer, "a", "{}", 2, NULL, NULL);
		ch_send(layer, "a", "{}", 2, NULL, NULL);
		ch_close(layer);
		_exit(strcmp(calls, "reopen;reopen;send a 1;send a 1;close;")
		    ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a child reopens, once");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		ch_close(layer);
		_exit(strcmp(calls, "reopen;close;") ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "also if it only closes");
	ch_send(layer, "a", "{}", 2, NULL, NULL);
	is_str(noted(), "send a 1;", "the parent goes on");
}

static void
test_patience(void)
{
	struct ch_layer *layer;
	struct ch_err err = CH_ERR_INIT;
	int64_t start;
	char pid[16];
	int fd;

	store_new();
	layer = store_open();
	is_int(put(layer, "a", "{}"), CH_OK, "a message");
	fd = open(in_store("channels/a/lock"), O_RDWR | O_CLOEXEC);
	ok(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0, "somebody has a lock");
	start = ch_clock();
	ch_patience(layer, start + 60);
	is_int(ch_send(layer, "a", "{}", 2, NULL, &err), CH_UNAVAILABLE,
	    "a lock that is not had");
	ok(ch_clock() >= start + 60 && ch_clock() < start + 4000,
	    "is not waited for beyond the caller's patience");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	ok(strstr(err.text, pid), "its holder is named: %s", err.text);
	close(fd);
	ch_patience(layer, CH_NEVER);
	is_int(put(layer, "a", "{}"), CH_OK, "then it is");
	ch_close(layer);
}

int
main(void)
{
	struct ch_layer *layer = fake_layer();

	test_runs(layer);
	test_checks(layer);
	test_receive(layer);
	test_names(layer);
	test_walks(layer);
	test_fork(layer);
	is_str(ch_location(layer), "fake:", "its location");
	ch_close(layer);
	ch_close(NULL);
	is_str(noted(), "close;", "closed once");
	test_patience();
	return done_testing();
}
