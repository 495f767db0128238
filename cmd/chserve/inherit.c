/* Listening sockets that whoever started us opened. */
#include "chserve/inherit.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 1024 /* descriptors that anybody passes on */

static int
number_of(const char *text, long most)
{
	char *end;
	long n;

	if (!text || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return *end || errno || n > most ? -1 : (int)n;
}

static void
forget(void)
{
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("LISTEN_PIDFDID");
}

int
inherit_count(int *n, struct ch_err *err)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int ours = pid && number_of(pid, 0x7fffffff) == getpid(), i;

	*n = ours ? number_of(fds, MOST) : 0;
	if (*n < 0)
		return ch_err_set(err, CH_CONFIG,
		    "LISTEN_FDS is no number of descriptors");
	for (i = 0; i < *n; i++)
		fcntl(INHERIT_FIRST + i, F_SETFD, FD_CLOEXEC);
	forget();
	return CH_OK;
}

static int
option_of(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &len))
		return -1;
	return value;
}

int
inherit_check(int fd, struct ch_err *err)
{
	int flags = fcntl(fd, F_GETFL), type = option_of(fd, SO_TYPE);

	if (flags < 0)
		return ch_err_set(err, CH_CONFIG, "listen on fd:%d: %s", fd,
		    strerror(errno));
	if (type < 0)
		return ch_err_set(err, CH_CONFIG,
		    "listen on fd:%d: it is no socket", fd);
	if (type != SOCK_STREAM)
		return ch_err_set(err, CH_CONFIG,
		    "listen on fd:%d: it is no stream socket", fd);
	if (option_of(fd, SO_ACCEPTCONN) != 1)
		return ch_err_set(err, CH_CONFIG,
		    "listen on fd:%d: it is a socket that does not listen",
		    fd);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return CH_OK;
}
