/*
 * watch.h - hearing of changed files, by inotify(7).
 *
 * Their directories are watched, because editors put a new file in the place
 * of the old one. What was once watched stays so.
 */
#ifndef CHWORK_WATCH_H
#define CHWORK_WATCH_H

#include <stddef.h>

struct ch_err;

struct watched {
	int directory; /* its descriptor for inotify */
	char *name;    /* in there */
};

struct watch {
	int fd; /* becomes readable; -1: nothing is watched */
	struct watched *list;
	size_t n;
};

/* CH_OK, or CH_IO. */
int watch_open(struct watch *watch, struct ch_err *err);

/* Watch this file as well; 1 if it was not watched before. */
int watch_file(struct watch *watch, const char *path);

/* Read what fd has to say; 1 if one of the files has changed. */
int watch_changed(struct watch *watch);

void watch_release(struct watch *watch);

#endif
