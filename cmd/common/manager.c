/* Telling the service manager how we are, as sd_notify(3) does. */
#include "common/manager.h"

#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int fd = -1;
static struct sockaddr_un manager;
static socklen_t manager_len;
static int64_t alive_ms; /* between two signs of life; 0: none wanted */

static void
tell(const char *what)
{
	if (fd < 0)
		return;
	if (sendto(fd, what, strlen(what), MSG_NOSIGNAL | MSG_DONTWAIT,
		(struct sockaddr *)&manager, manager_len) < 0)
		say_more("tell the service manager: %s", strerror(errno));
}

/* A path, or behind @ an abstract name, which begins with a NUL. */
static void
set_manager(const char *where)
{
	size_t n = strlen(where);

	if ((*where != '/' && *where != '@') || !where[1] ||
	    n >= sizeof(manager.sun_path))
		return;
	manager.sun_family = AF_UNIX;
	memcpy(manager.sun_path, where, n);
	if (*where == '@')
		manager.sun_path[0] = '\0';
	manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

void
manager_open(void)
{
	const char *where = getenv("NOTIFY_SOCKET");
	const char *pid = getenv("WATCHDOG_PID");
	const char *usec = getenv("WATCHDOG_USEC");

	if (where)
		set_manager(where);
	if (fd >= 0 && usec && (!pid || strtol(pid, NULL, 10) == getpid()))
		alive_ms = strtoll(usec, NULL, 10) / 2000;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

void
manager_close(void)
{
	ch_io_close(&fd);
}

void
manager_ready(const char *status)
{
	char text[256];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	tell(text);
}

void
manager_reloading(void)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	tell(text);
}

void
manager_reloaded(void)
{
	tell("READY=1");
}

void
manager_stopping(void)
{
	tell("STOPPING=1\nSTATUS=finishing what is in hand");
}

int64_t
manager_interval(void)
{
	return alive_ms;
}

void
manager_alive(void)
{
	tell("WATCHDOG=1");
}
