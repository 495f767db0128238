/*
 * local.h - listening on a unix socket that has a path.
 *
 * Where a socket is already, we see whether somebody answers there: a dead
 * one, left by a program that was killed, is replaced; a living one never is,
 * nor is a file that is no socket. Two programs that start at once exclude
 * each other by a lock on the directory.
 */
#ifndef CHSERVE_LOCAL_H
#define CHSERVE_LOCAL_H

#include "channel.h"

#include <sys/stat.h>

/* Who may connect: its mode, and its owner where not -1. */
struct local_how {
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

/* The file that we made, to be known again. Zeroed: none. */
struct local_file {
	dev_t dev;
	ino_t ino;
};

/*
 * Listen at path. The file is never more open than `how` says, not even for a
 * moment. CH_UNAVAILABLE: another program listens there, or there is no such
 * directory. CH_CONFIG: what is there is no socket. CH_DENIED: not permitted.
 */
int local_open(int *fd, struct local_file *made, const char *path,
    const struct local_how *how, struct ch_err *err);

/* What is at path, as a file to be removed. */
void local_look(struct local_file *file, const char *path);

/* Remove it, if it is still that file. */
void local_remove(const struct local_file *made, const char *path);

/* Read "USER", "USER:GROUP" or ":GROUP", names or numbers. CH_USAGE. */
int local_owner(struct local_how *how, const char *text, struct ch_err *err);

#endif
