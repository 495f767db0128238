/* scratch.c - a command on a store of its own that is gone afterwards. */
#include "chstat/scratch.h"

#include "base/err.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The command, for the signals that are passed on to it. */
static volatile pid_t child;

static void
pass_on(int number)
{
	if (child > 0)
		kill(child, number);
}

/*
 * The terminal sends INT and QUIT to the command as well, so they are only
 * outlived; what is sent to this process alone is passed on.
 */
static void
catch_signals(void)
{
	struct sigaction outlive = { .sa_handler = SIG_IGN };
	struct sigaction pass = { .sa_handler = pass_on,
		.sa_flags = SA_RESTART };

	sigaction(SIGINT, &outlive, NULL);
	sigaction(SIGQUIT, &outlive, NULL);
	sigaction(SIGTERM, &pass, NULL);
	sigaction(SIGHUP, &pass, NULL);
}

/* This program's siblings go before those in PATH. */
static void
extend_path(void)
{
	const char *path = getenv("PATH");
	struct ch_buf longer = CH_BUF_INIT;
	char self[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash || slash == self)
		return;
	*slash = '\0';
	put_format(&longer, "%s:%s", self, path ? path : "/usr/bin:/bin");
	setenv("PATH", longer.data, 1);
	ch_buf_release(&longer);
}

/*
 * The command takes signals as this program found them. What is passed on is
 * held back until there is a command.
 */
static int
start(char *const command[])
{
	posix_spawnattr_t how;
	struct sigaction was;
	sigset_t defaults, passed, before;
	pid_t pid;
	int rc;

	sigemptyset(&defaults);
	sigaction(SIGINT, NULL, &was);
	if (was.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGINT);
	sigaction(SIGQUIT, NULL, &was);
	if (was.sa_handler != SIG_IGN)
		sigaddset(&defaults, SIGQUIT);
	sigemptyset(&passed);
	sigaddset(&passed, SIGTERM);
	sigaddset(&passed, SIGHUP);
	sigprocmask(SIG_BLOCK, &passed, &before);
	catch_signals();
	posix_spawnattr_init(&how);
	posix_spawnattr_setsigdefault(&how, &defaults);
	posix_spawnattr_setsigmask(&how, &before);
	posix_spawnattr_setflags(&how,
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawnp(&pid, command[0], NULL, &how, command, environ);
	posix_spawnattr_destroy(&how);
	if (!rc)
		child = pid;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* Wait for the command; how it ended, as wait(2) says. */
static int
finish(void)
{
	int ended = 0;

	while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
		;
	child = 0;
	return ended;
}

static int
remove_one(const char *path, const struct stat *info, int kind,
    struct FTW *where)
{
	(void)info;
	(void)kind;
	(void)where;
	if (remove(path) < 0 && errno != ENOENT)
		say_error("remove %s: %s", path, strerror(errno));
	return 0;
}

static _Noreturn void
die_of(int number)
{
	signal(number, SIG_DFL);
	raise(number);
	_exit(128 + number);
}

int
scratch_run(char *const command[], int *status, struct ch_err *err)
{
	const char *parent = getenv("TMPDIR");
	struct ch_buf path = CH_BUF_INIT;
	int ended = 0, rc;

	put_format(&path, "%s/chstat.XXXXXX",
	    parent && *parent == '/' ? parent : "/tmp");
	if (!mkdtemp(path.data)) {
		rc = ch_err_os(err, errno, "make %s", path.data);
		ch_buf_release(&path);
		return rc;
	}
	setenv("CHANNELS_URL", path.data, 1);
	extend_path();
	rc = start(command);
	if (rc) {
		say_error("run %s: %s", command[0], strerror(rc));
		*status = rc == ENOENT ? 127 : 126;
	} else {
		ended = finish();
		*status = WEXITSTATUS(ended);
	}
	nftw(path.data, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	ch_buf_release(&path);
	if (WIFSIGNALED(ended))
		die_of(WTERMSIG(ended));
	return CH_OK;
}
