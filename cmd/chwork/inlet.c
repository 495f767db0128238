/* inlet.c - the pipe that is the standard input of a command. */
#include "chwork/inlet.h"

#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void
look(struct inlet *inlet)
{
	inlet->read = inlet->written - inlet_unread(inlet);
	loop_set(inlet->loop, &inlet->timer, inlet->timeout);
}

static void
on_timer(void *arg)
{
	struct inlet *inlet = arg;
	size_t unread = inlet_unread(inlet);

	if (unread && inlet->written - unread == inlet->read)
		inlet->stuck(inlet->arg);
	else if (unread)
		look(inlet);
}

int
inlet_open(struct inlet *inlet)
{
	int fds[2];

	inlet->source = (struct source) { .fd = -1, .ready = inlet->writable,
		.arg = inlet->arg };
	inlet->timer = (struct timer) { .fire = on_timer, .arg = inlet };
	inlet->written = 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	inlet->source.fd = fds[1];
	return fds[0];
}

ssize_t
inlet_write(struct inlet *inlet, const void *bytes, size_t n)
{
	ssize_t w = write(inlet->source.fd, bytes, n);

	if (w > 0)
		inlet->written += (uint64_t)w;
	if (w > 0 && inlet->timeout && !inlet->timer.when)
		look(inlet);
	return w;
}

size_t
inlet_unread(const struct inlet *inlet)
{
	int n = 0;

	if (inlet->source.fd < 0 ||
	    ioctl(inlet->source.fd, FIONREAD, &n) < 0)
		return 0;
	return (size_t)n;
}

void
inlet_wait(struct inlet *inlet, int wanted)
{
	loop_watch(inlet->loop, &inlet->source, wanted ? EPOLLOUT : 0);
}

/* Our end becomes one for reading, which keeps the pipe. */
void
inlet_end(struct inlet *inlet)
{
	char path[32];
	int fd;

	if (inlet->source.fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", inlet->source.fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	loop_forget(inlet->loop, &inlet->source);
	inlet->source.fd = fd;
}

void
inlet_close(struct inlet *inlet)
{
	loop_unset(inlet->loop, &inlet->timer);
	loop_forget(inlet->loop, &inlet->source);
}
