/* bell.c - named pipes that ring. */
#include "file/bell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "file/dir.h"

int
ch_bell_listen(const struct ch_file *file, int dir, const char *name)
{
	return ch_dir_file(file, dir, name, O_RDWR | O_NONBLOCK, S_IFIFO);
}

static int
open_to_ring(int dir, const char *path)
{
	return openat(dir, path,
	    O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

/*
 * write(2) of one byte without the SIGPIPE that a pipe cannot be told not to
 * send: it is blocked in this thread, and the one we caused is eaten.
 */
static ssize_t
write_quietly(int fd)
{
	const struct timespec at_once = { 0, 0 };
	sigset_t pipe_only, before, waiting;
	ssize_t n;
	int saved;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	n = write(fd, "", 1);
	saved = errno;
	if (n < 0 && saved == EPIPE && !sigismember(&before, SIGPIPE)) {
		sigpending(&waiting);
		if (sigismember(&waiting, SIGPIPE))
			sigtimedwait(&pipe_only, NULL, &at_once);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return n;
}

int
ch_bell_ring(int dir, const char *path, int *keep)
{
	int fd = keep ? *keep : -1, rung = 1;

	if (fd < 0)
		fd = open_to_ring(dir, path);
	if (fd < 0)
		return errno == ENXIO || errno == ENOENT ? 0 : -1;
	if (write_quietly(fd) < 0 && errno != EAGAIN)
		rung = errno == EPIPE ? 0 : -1;
	if (keep)
		*keep = fd;
	if (!keep || rung != 1)
		ch_io_close(keep ? keep : &fd);
	return rung;
}

int
ch_bell_heard(int dir, const char *path)
{
	int fd = open_to_ring(dir, path);

	if (fd < 0)
		return errno == ENXIO || errno == ENOENT ? 0 : -1;
	ch_io_close(&fd);
	return 1;
}

void
ch_bell_drain(int fd)
{
	char bytes[512];
	ssize_t n;

	do
		n = read(fd, bytes, sizeof(bytes));
	while (n == (ssize_t)sizeof(bytes) || (n < 0 && errno == EINTR));
}
