/* Telling the service manager how we are, as sd_notify(3) does. */
#include "chserve/notify.h"

#include "chserve/loop.h"

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

static void alive(struct due *due);

static int fd = -1;
static struct sockaddr_un manager;
static socklen_t manager_len;
static int64_t alive_ms; /* between two signs of life; 0: none wanted */
static struct due_queue signs = { .expired = alive };
static struct due next_sign;

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
notify_open(void)
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
notify_close(void)
{
	due_clear(&next_sign);
	ch_io_close(&fd);
}

void
notify_ready(const char *status)
{
	char text[256];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	tell(text);
}

void
notify_reloading(int number)
{
	struct timespec now;
	char text[64];

	(void)number;
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	tell(text);
}

void
notify_reloaded(int number)
{
	(void)number;
	tell("READY=1");
}

void
notify_stopping(void)
{
	tell("STOPPING=1\nSTATUS=finishing what is in hand");
}

static void
alive(struct due *due)
{
	tell("WATCHDOG=1");
	due_set(&signs, due, alive_ms);
}

void
notify_watchdog(void)
{
	if (alive_ms > 0)
		alive(&next_sign);
}
