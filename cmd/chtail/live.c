/* live.c - messages come and lines are typed, until something ends it. */
#include "chtail/live.h"

#include "base/err.h"
#include "base/io.h"
#include "chtail/complete.h"
#include "chtail/prompt.h"
#include "chtail/talk.h"
#include "chtail/view.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"
#include "common/term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define BATCH 256
/* An idle loop looks again after so many ms, as ch_receiver_fd asks. */
#define SAFETY 30000

/* The descriptors that are looked at; behind them those of the receivers. */
enum { KEYS, OUTPUT, SIGNALS, RECEIVERS };

struct run {
	const struct live *live;
	struct watch *watch;
	struct talk talk;
	int terminal; /* there is a prompt */
	int signals;  /* signalfd, or -1 */
	sigset_t before; /* what was blocked */
	struct ch_buf input; /* off a terminal: a line that has not ended */
	uint64_t shown;
	int more;    /* look before waiting: there may be something */
	int damaged; /* a queue is */
	int ended;
};

/* --- what arrives -------------------------------------------------------- */

static int
is_done(const struct run *run)
{
	return run->ended || run->talk.ended ||
	    (run->live->count && run->shown == run->live->count);
}

/* The prompt makes room for what is written, and comes back. */
static void
make_room(const struct run *run)
{
	if (run->terminal)
		prompt_hide();
}

static void
room_made(const struct run *run)
{
	if (run->terminal)
		prompt_show();
}

/*
 * Add what is there from one receiver to `out`: of a flood a batch, so that
 * keys have their turn.
 */
static int
drain(struct run *run, struct ch_receiver *receiver, struct ch_err *err)
{
	struct ch_message messages[BATCH];
	struct ch_err why = CH_ERR_INIT;
	size_t want = BATCH, got = 0;
	int rc;

	if (!receiver || is_done(run))
		return CH_OK;
	if (run->live->count && run->live->count - run->shown < want)
		want = run->live->count - run->shown;
	rc = ch_receive_many(receiver, messages, want, &got, CH_NOW, &why);
	if (rc == CH_TIMEOUT)
		return CH_OK;
	run->more = 1;
	for (size_t i = 0; rc == CH_OK && i < got; i++)
		run->shown += view_message(run->watch, &messages[i]) != 0;
	if (rc != CH_REFUSED) {
		*err = why;
		return rc;
	}
	run->damaged = 1;
	make_room(run);
	say_error("%s", why.text);
	room_made(run);
	return CH_OK;
}

/* Show what is there from all. */
static int
show_messages(struct run *run, struct ch_err *err)
{
	struct watch *watch = run->watch;
	int rc;

	run->more = 0;
	rc = drain(run, watch->receiver, err);
	for (size_t i = 0; rc == CH_OK && i < watch->n; i++)
		rc = drain(run, watch->list[i].receiver, err);
	if (rc != CH_OK || !out.len)
		return rc;
	make_room(run);
	rc = out_flush(run->live->deadline, err);
	watch_missed(watch, 0);
	room_made(run);
	return rc;
}

/* --- what is typed ------------------------------------------------------- */

/* A paste of several lines is text, whatever its lines begin with. */
static void
typed(void *arg, const char *line)
{
	struct run *run = arg;
	const char *end;

	if (!line) {
		run->ended = 1;
		return;
	}
	prompt_history_add(line);
	end = strchr(line, '\n');
	if (!end || !end[1])
		talk_line(&run->talk, line, strcspn(line, "\n"));
	else for (; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		if (end > line)
			talk_text(&run->talk, line, (size_t)(end - line));
	}
	prompt_name(run->talk.to ? run->talk.to : "");
	run->more = 1; /* a receiver may be new */
}

/* The lines that are whole; each before what it brings is shown. */
static int
take_lines(struct run *run, struct ch_err *err)
{
	struct ch_buf *input = &run->input;
	char *start = input->data, *end;
	size_t left = input->len;
	int rc = CH_OK;

	while (rc == CH_OK && left && (end = memchr(start, '\n', left)) &&
	    !is_done(run)) {
		talk_line(&run->talk, start, (size_t)(end - start));
		left -= (size_t)(end + 1 - start);
		start = end + 1;
		rc = show_messages(run, err);
	}
	ch_buf_consume(input, input->len - left);
	return rc;
}

static int
read_lines(struct run *run, struct ch_err *err)
{
	char bytes[65536];
	ssize_t n = ch_io_read(STDIN_FILENO, bytes, sizeof(bytes));
	int rc;

	if (n < 0) {
		ch_err_os(err, errno, "read standard input");
		return CH_IO;
	}
	put_bytes(&run->input, bytes, (size_t)n);
	if (!n && run->input.len)
		put_char(&run->input, '\n');
	rc = take_lines(run, err);
	if (rc == CH_OK && run->input.len > ch_max_size(run->watch->layer))
		rc = ch_err_set(err, CH_REFUSED, "a line is too long");
	run->ended |= !n;
	return rc;
}

/* --- signals ------------------------------------------------------------- */

static void
catch_signals(struct run *run)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGTSTP, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(caught) / sizeof(*caught); i++)
		sigaddset(&set, caught[i]);
	sigprocmask(SIG_BLOCK, &set, &run->before);
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The signal does what it does to others; returns if that is to stop. */
static void
suffer(struct run *run, int number)
{
	sigset_t now;

	raise(number);
	sigprocmask(SIG_SETMASK, &run->before, &now);
	sigprocmask(SIG_SETMASK, &now, NULL);
}

static void
on_signal(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGWINCH:
		prompt_resize();
		break;
	case SIGTSTP:
		prompt_suspend();
		suffer(run, SIGTSTP);
		prompt_resume();
		break;
	default:
		if (info.ssi_signo == SIGINT && prompt_clear())
			break;
		prompt_stop();
		suffer(run, (int)info.ssi_signo);
		run->ended = 1; /* the signal is ignored */
	}
}

/* --- the loop ------------------------------------------------------------ */

static nfds_t
list_descriptors(const struct run *run, struct pollfd **fds)
{
	const struct watch *watch = run->watch;
	nfds_t n = RECEIVERS;

	*fds = realloc(*fds, (RECEIVERS + 1 + watch->n) * sizeof(**fds));
	if (!*fds)
		say_memory();
	(*fds)[KEYS] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
	(*fds)[OUTPUT] = (struct pollfd){ STDOUT_FILENO, 0, 0 };
	(*fds)[SIGNALS] = (struct pollfd){ run->signals, POLLIN, 0 };
	if (watch->receiver)
		(*fds)[n++] = (struct pollfd){
			ch_receiver_fd(watch->receiver), POLLIN, 0 };
	for (size_t i = 0; i < watch->n; i++)
		if (watch->list[i].receiver)
			(*fds)[n++] = (struct pollfd){
				ch_receiver_fd(watch->list[i].receiver),
				POLLIN, 0 };
	return n;
}

static int
time_left(const struct live *live)
{
	int64_t left = live->deadline - ch_clock();

	return left < 0 ? 0 : left < SAFETY ? (int)left : SAFETY;
}

static int
step(struct run *run, struct pollfd **fds, struct ch_err *err)
{
	nfds_t n = list_descriptors(run, fds);
	int arrived = run->more, rc = CH_OK, ready;

	ready = poll(*fds, n, arrived ? 0 : time_left(run->live));
	if (ready < 0)
		return errno == EINTR ? CH_OK
		    : (ch_err_os(err, errno, "poll"), CH_IO);
	if (!ready && ch_clock() >= run->live->deadline)
		return ch_err_set(err, CH_TIMEOUT, "timed out");
	arrived |= !ready;
	for (nfds_t i = RECEIVERS; i < n; i++)
		arrived |= (*fds)[i].revents;
	if ((*fds)[OUTPUT].revents & (POLLERR | POLLHUP))
		say_pipe();
	if ((*fds)[SIGNALS].revents)
		on_signal(run);
	if (!run->ended && (*fds)[KEYS].revents && run->terminal)
		prompt_read();
	else if (!run->ended && (*fds)[KEYS].revents)
		rc = read_lines(run, err);
	if (rc == CH_OK && arrived && !is_done(run))
		rc = show_messages(run, err);
	return rc;
}

int
live_run(const struct live *live, struct ch_err *err)
{
	struct run run = { .live = live, .watch = live->watch, .signals = -1,
		.more = 1 };
	struct pollfd *fds = NULL;
	int rc = CH_OK;

	talk_start(&run.talk, live->watch);
	run.terminal = term_is(STDIN_FILENO) && term_is(STDOUT_FILENO);
	if (run.terminal) {
		catch_signals(&run);
		complete_start(&run.talk);
		prompt_start(run.talk.to ? run.talk.to : "", typed, &run);
	}
	while (rc == CH_OK && !is_done(&run))
		rc = step(&run, &fds, err);
	if (run.terminal)
		prompt_stop();
	else if (rc == CH_OK)
		rc = run.talk.rc;
	if (rc == CH_OK && run.damaged)
		rc = CH_REFUSED;
	ch_io_close(&run.signals);
	ch_buf_release(&run.input);
	talk_stop(&run.talk);
	free(fds);
	return rc;
}
