/* What is done when a signal comes. */
#include "chserve/signals.h"

#include "chserve/loop.h"

#include "base/err.h"
#include "base/io.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define HOOKS 16

static void signal_ready(struct watch *watch, uint32_t ready);

static struct watch signals = { .fd = -1, .ready = signal_ready };
static struct {
	int number;
	void (*hook)(int number);
} hooks[HOOKS];
static size_t n_hooks;
static int had_terminal;

static void
call_hooks(int number)
{
	size_t i;

	for (i = 0; i < n_hooks; i++)
		if (hooks[i].number == number)
			hooks[i].hook(number);
}

/* The window was closed: a server that stays would be one nobody sees. */
static int
is_orphaned(void)
{
	return had_terminal && !isatty(STDERR_FILENO);
}

static void
signal_ready(struct watch *watch, uint32_t ready)
{
	struct signalfd_siginfo info;

	(void)ready;
	while (ch_io_read(watch->fd, &info, sizeof(info)) == sizeof(info))
		call_hooks(info.ssi_signo == SIGHUP && is_orphaned()
			? SIGTERM : (int)info.ssi_signo);
}

void
signals_on(int number, void (*hook)(int number))
{
	if (n_hooks == HOOKS)
		abort();
	hooks[n_hooks].number = number;
	hooks[n_hooks++].hook = hook;
}

int
signals_open(struct ch_err *err)
{
	sigset_t set;
	size_t i;

	signal(SIGPIPE, SIG_IGN); /* sendfile(2) knows no MSG_NOSIGNAL */
	had_terminal = isatty(STDERR_FILENO);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	for (i = 0; i < n_hooks; i++)
		sigaddset(&set, hooks[i].number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals.fd < 0 || loop_add(&signals, EPOLLIN))
		return ch_err_os(err, errno, "watch for signals");
	return CH_OK;
}

void
signals_close(void)
{
	ch_io_close(&signals.fd);
	n_hooks = 0;
}
