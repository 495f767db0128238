/* spawn.h - starting a command, quickly and in a process group of its own. */
#ifndef CHWORK_SPAWN_H
#define CHWORK_SPAWN_H

#include <sys/types.h>

struct spawn {
	const char *program; /* a path, relative to dir or not */
	const char *dir;
	char *const *argv;
	char *const *envp;
	int fds[3]; /* what become its descriptors 0 to 2 */
};

/* Raise the limit of open files for this process, and for no other. */
void spawn_init(void);

/*
 * Start it: a new process group, default signals, none blocked, SIGTERM when
 * this process dies. The pid, or -1 with errno if it could not be executed.
 */
pid_t spawn(const struct spawn *spawn);

#endif
