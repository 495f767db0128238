/* guard.c - who ends the commands when the worker cannot. */
#include "chwork/guard.h"

#include "base/err.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACES 16384 /* groups at once */

static _Atomic(pid_t) *groups; /* shared with the guard; 0: free */
static int lifeline = -1;      /* its end is the worker's */
static pid_t guard;

/* The guard's whole life. */
static _Noreturn void
watch(int fd)
{
	sigset_t all;
	size_t i;
	pid_t group;
	char byte;

	setpgid(0, 0); /* what ends our group must not end the guard */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "chwork guard");
	dup2(fd, 0);
	close_range(1, ~0u, 0);
	if (read(0, &byte, 1) == 0)
		for (i = 0; i < PLACES; i++)
			if ((group = atomic_load(&groups[i])) > 0)
				kill(-group, SIGKILL);
	_exit(0);
}

int
guard_open(struct ch_err *err)
{
	int ends[2];
	void *shared = mmap(NULL, PLACES * sizeof(*groups),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED || pipe2(ends, O_CLOEXEC) < 0)
		return ch_err_os(err, errno, "guard");
	groups = shared;
	guard = fork();
	if (guard == 0) {
		close(ends[1]);
		watch(ends[0]);
	}
	ch_io_close(&ends[0]);
	lifeline = ends[1];
	return guard < 0 ? ch_err_os(err, errno, "guard") : CH_OK;
}

/* Where that number is, or the first place that is free for it; NULL: full. */
static _Atomic(pid_t) *
find(pid_t group, pid_t wanted)
{
	size_t i, at = (size_t)group % PLACES;

	for (i = 0; groups && i < PLACES; i++)
		if (atomic_load(&groups[(at + i) % PLACES]) == wanted)
			return &groups[(at + i) % PLACES];
	return NULL;
}

void
guard_add(pid_t group)
{
	_Atomic(pid_t) *place = find(group, 0);

	if (place)
		atomic_store(place, group);
}

void
guard_remove(pid_t group)
{
	_Atomic(pid_t) *place = find(group, group);

	if (place)
		atomic_store(place, 0);
}

void
guard_close(void)
{
	char byte = 0;

	if (lifeline < 0)
		return;
	(void)!write(lifeline, &byte, 1); /* a byte: all is well */
	ch_io_close(&lifeline);
	if (guard > 0)
		waitpid(guard, NULL, 0);
	munmap(groups, PLACES * sizeof(*groups));
	groups = NULL;
	guard = 0;
}
