/* spawn.c - starting a command. */
#include "chwork/spawn.h"

#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rlimit files; /* as we found it */

void
spawn_init(void)
{
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		say_files();
}

/* The child's own part; it shares our memory until it executes the program. */
static void
become(const struct spawn *spawn, pid_t parent)
{
	struct sigaction normal = { .sa_handler = SIG_DFL };
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(127);
	/* Descriptors of ours are above 2, so none is overwritten here. */
	for (int i = 0; i < 3; i++)
		if (dup2(spawn->fds[i], i) < 0)
			return;
	if (files.rlim_cur)
		setrlimit(RLIMIT_NOFILE, &files);
	sigaction(SIGPIPE, &normal, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (chdir(spawn->dir) == 0)
		execve(spawn->program, spawn->argv, spawn->envp);
}

/*
 * vfork: fork would copy our page tables for a child that drops them at once,
 * and the shared memory brings back why it failed.
 */
pid_t
spawn(const struct spawn *what)
{
	volatile int failed = 0;
	pid_t parent = getpid(), pid;

	pid = vfork();
	if (pid == 0) {
		become(what, parent);
		failed = errno;
		_exit(127);
	}
	if (pid > 0 && failed) {
		errno = failed;
		return -1;
	}
	return pid;
}
