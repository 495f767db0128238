/* lock.c - flock with a deadline, and locks held for life. */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/err.h"

/* How long a change may be held up by another, in ms. */
#define LOCK_PATIENCE 5000
/* A holder is nearly always gone after a turn or two on the processor. */
#define LOCK_YIELDS 50

/*
 * The pid that /proc/locks names as the holder of this file's flock, 0 when it
 * says none (the holder is in another pid namespace, or has let go).
 */
static int
holder(int fd)
{
	char line[256], kind[16], access[16], way[16];
	unsigned major, minor;
	unsigned long inode;
	int pid, found = 0;
	struct stat st;
	FILE *locks;

	if (fstat(fd, &st) < 0)
		return 0;
	locks = fopen("/proc/locks", "re");
	if (!locks)
		return 0;
	while (!found && fgets(line, sizeof(line), locks)) {
		if (sscanf(line, "%*s %15s %15s %15s %d %x:%x:%lu", kind,
		        access, way, &pid, &major, &minor, &inode) != 7)
			continue;
		if (!strcmp(kind, "FLOCK") && inode == st.st_ino &&
		    makedev(major, minor) == st.st_dev)
			found = pid;
	}
	fclose(locks);
	return found > 0 ? found : 0;
}

static int
busy(int fd, const char *what, struct ch_err *err)
{
	int pid = holder(fd);

	if (pid)
		return ch_err_set(err, CH_UNAVAILABLE,
		    "%s is locked by process %d, which does not let go", what,
		    pid);
	return ch_err_set(err, CH_UNAVAILABLE,
	    "%s is locked by an unknown process, which does not let go", what);
}

int
ch_lock_take(int fd, int64_t patience, const char *what, struct ch_err *err)
{
	struct timespec nap = { 0, 20000 };
	int64_t end = 0;
	unsigned turn;

	for (turn = 0;; turn++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return CH_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return ch_err_os(err, errno, "lock %s", what);
		if (turn < LOCK_YIELDS) {
			sched_yield();
			continue;
		}
		if (!end) {
			end = ch_clock() + LOCK_PATIENCE;
			if (patience < end)
				end = patience;
		}
		if (ch_clock() >= end)
			return busy(fd, what, err);
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < 2000000)
			nap.tv_nsec *= 2;
	}
}

void
ch_lock_drop(int fd)
{
	flock(fd, LOCK_UN);
}

int
ch_lock_own(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
		return 1;
	return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

int
ch_lock_is_owned(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_GETLK, &whole) < 0)
		return -1;
	return whole.l_type != F_UNLCK;
}
