/* child.c - a command that runs. */
#include "chwork/child.h"

#include "base/clock.h"
#include "base/io.h"
#include "chwork/guard.h"
#include "chwork/spawn.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_DELAY   5000 /* ms from SIGTERM to SIGKILL */
#define LINE_MAX_LOG 900  /* bytes of a line that are logged */
#define LAST_LINES   3
#define LAST_WIDTH   200
#define PROGRESS     "CH_PROGRESS " /* begins a line that is not logged */
#define LINES_A_SECOND 100 /* of one command are logged */

/* --- standard error ------------------------------------------------------ */

static void
remember(struct child *child, const char *line, size_t len)
{
	struct ch_buf *last = &child->last;
	size_t lines = 0;
	char *end = NULL;

	put_bytes(last, line, len < LAST_WIDTH ? len : LAST_WIDTH);
	put_char(last, '\n');
	for (size_t i = 0; i < last->len; i++)
		lines += last->data[i] == '\n';
	if (lines > LAST_LINES)
		end = memchr(last->data, '\n', last->len);
	if (end)
		ch_buf_consume(last, (size_t)(end - last->data) + 1);
}

static void
say_unlogged(struct child *child)
{
	if (child->unlogged)
		say_error("%s: %" PRIu64 " lines were left out of the log",
		    child->route->argv[0], child->unlogged);
	child->unlogged = 0;
}

/* Who writes without end does not fill the log. */
static int
may_log(struct child *child)
{
	int64_t second = ch_clock() / 1000;

	if (second != child->second) {
		say_unlogged(child);
		child->second = second;
		child->logged = 0;
	}
	if (child->logged++ < LINES_A_SECOND)
		return 1;
	child->unlogged++;
	return 0;
}

static void
tell_change(const struct crew *crew)
{
	if (crew->changed)
		crew->changed(crew->arg);
}

/* Whether the line says how far it has come. */
static int
is_progress(struct child *child, const char *line, size_t len)
{
	size_t word = strlen(PROGRESS);

	if (len < word || memcmp(line, PROGRESS, word) != 0)
		return 0;
	ch_buf_clear(&child->progress);
	put_bytes(&child->progress, line + word,
	    len - word < LAST_WIDTH ? len - word : LAST_WIDTH);
	tell_change(child->crew);
	return 1;
}

static void
log_line(struct child *child, const char *line, size_t len)
{
	if (!len || is_progress(child, line, len))
		return;
	if (may_log(child))
		say_error("%s: %.*s", child->route->argv[0], (int)len, line);
	remember(child, line, len);
}

static void
log_lines(struct child *child)
{
	struct ch_buf *buf = &child->line;
	size_t done = 0;
	char *end;

	while (done < buf->len) {
		end = memchr(buf->data + done, '\n', buf->len - done);
		if (!end && buf->len - done < LINE_MAX_LOG)
			break;
		if (!end || end - (buf->data + done) > LINE_MAX_LOG) {
			log_line(child, buf->data + done, LINE_MAX_LOG);
			done += LINE_MAX_LOG;
			continue;
		}
		log_line(child, buf->data + done,
		    (size_t)(end - (buf->data + done)));
		done = (size_t)(end - buf->data) + 1;
	}
	ch_buf_consume(buf, done);
}

/* Take what is there; 0 when nothing is, for now or for good. */
static int
hear_some(struct child *child)
{
	char bytes[4096];
	ssize_t n;

	if (child->err.fd < 0)
		return 0;
	n = ch_io_read(child->err.fd, bytes, sizeof(bytes));
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		loop_forget(child->crew->loop, &child->err);
		return 0;
	}
	put_bytes(&child->line, bytes, (size_t)n);
	log_lines(child);
	return 1;
}

static void
on_err(void *arg)
{
	hear_some(arg);
}

void
child_hear(struct child *child)
{
	/* A descendant that still writes is not waited for without end. */
	for (int i = 0; i < 64 && hear_some(child); i++)
		;
	if (child->line.len) {
		put_char(&child->line, '\n');
		log_lines(child);
	}
	say_unlogged(child);
}

/* --- beginning and end --------------------------------------------------- */

static int
open_pipe(int *read_end, int *write_end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*read_end = fds[0];
	*write_end = fds[1];
	return 0;
}

static void
on_timer(void *arg)
{
	struct child *child = arg;
	int number = child->ending ? SIGKILL : SIGTERM;

	if (!child->pid)
		return;
	kill(-child->pid, number);
	if (!child->ending)
		loop_set(child->crew->loop, &child->timer, KILL_DELAY);
	child->ending = 1;
}

void
child_end(struct child *child, int64_t delay)
{
	child->timer.fire = on_timer;
	child->timer.arg = child;
	loop_set(child->crew->loop, &child->timer, delay);
}

static void
prepare(struct child *child, struct crew *crew)
{
	child->crew = crew;
	child->pid = 0;
	child->ending = 0;
	child->since = ch_clock_real();
	child->out = (struct source) { .fd = -1, .ready = child->readable,
		.arg = child->arg };
	child->err = (struct source) { .fd = -1, .ready = on_err,
		.arg = child };
}

int
child_start(struct child *child, struct crew *crew, char *const *envp, int in)
{
	const struct route *route = child->route;
	struct spawn what = { .program = route->program, .dir = route->dir,
		.argv = route->argv, .envp = envp, .fds = { in, -1, -1 } };
	pid_t pid = -1;
	int failed;

	prepare(child, crew);
	if (open_pipe(&child->err.fd, &what.fds[2]) == 0 &&
	    (!child->readable ||
		open_pipe(&child->out.fd, &what.fds[1]) == 0)) {
		if (!child->readable)
			what.fds[1] = what.fds[2];
		pid = spawn(&what);
	}
	failed = errno;
	ch_io_close(&what.fds[0]);
	if (child->readable)
		ch_io_close(&what.fds[1]);
	ch_io_close(&what.fds[2]);
	if (pid < 0) {
		ch_io_close(&child->out.fd);
		ch_io_close(&child->err.fd);
		say_error("%s: %s: %s%s", route->place, route->argv[0],
		    strerror(failed), failed == ENOEXEC
		    ? "; does a script begin with #!?" : "");
		return -1;
	}
	guard_add(pid);
	child->pid = pid;
	child->next = crew->first;
	crew->first = child;
	tell_change(crew);
	loop_watch(crew->loop, &child->err, EPOLLIN);
	if (child->readable)
		loop_watch(crew->loop, &child->out, EPOLLIN);
	return 0;
}

void
child_release(struct child *child)
{
	loop_forget(child->crew->loop, &child->out);
	loop_forget(child->crew->loop, &child->err);
	loop_unset(child->crew->loop, &child->timer);
	ch_buf_release(&child->line);
	ch_buf_release(&child->last);
	ch_buf_release(&child->progress);
}

void
crew_end(struct crew *crew, int number)
{
	crew->ending = 1;
	for (const struct child *child = crew->first; child;
	     child = child->next)
		kill(-child->pid, number);
}

static struct child *
leave(struct crew *crew, pid_t pid)
{
	struct child **at, *child;

	for (at = &crew->first; (child = *at); at = &child->next) {
		if (child->pid != pid)
			continue;
		*at = child->next;
		return child;
	}
	return NULL;
}

/*
 * The dead are looked at before they are buried: as long as one is not, its
 * number is no other group's, and the rest of a group that was told to end can
 * be killed.
 */
void
crew_reap(struct crew *crew)
{
	struct child *child;
	siginfo_t dead;
	int status;

	for (;;) {
		dead.si_pid = 0;
		if (waitid(P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    !dead.si_pid)
			return;
		child = leave(crew, dead.si_pid);
		if (child && (child->ending || crew->ending))
			kill(-dead.si_pid, SIGKILL);
		if (child)
			guard_remove(dead.si_pid);
		waitpid(dead.si_pid, &status, 0);
		if (!child)
			continue;
		loop_unset(crew->loop, &child->timer);
		child->pid = 0;
		child->ended(child->arg, status);
		tell_change(crew);
	}
}

void
child_put_status(struct ch_buf *out, const struct child *child, int status)
{
	if (child->ending)
		put_string(out, child->route->timeout
			? "ended at its timeout"
			: "ended, since it reads no more");
	else if (WIFSIGNALED(status))
		put_format(out, "killed by signal %d (%s)", WTERMSIG(status),
		    strsignal(WTERMSIG(status)));
	else
		put_format(out, "exit status %d", WEXITSTATUS(status));
}

void
child_complain(const struct child *child, const char *channel, int status)
{
	struct ch_buf text = CH_BUF_INIT;

	put_format(&text, "%s: %s: %s: ", channel, child->route->place,
	    child->route->argv[0]);
	child_put_status(&text, child, status);
	for (size_t i = 0; i < child->last.len; i++) {
		if (i == 0)
			put_string(&text, ": ");
		if (child->last.data[i] != '\n')
			put_char(&text, child->last.data[i]);
		else if (i + 1 < child->last.len)
			put_string(&text, " / ");
	}
	say_error("%s", text.data);
	ch_buf_release(&text);
}
