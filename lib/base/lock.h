/*
 * lock.h - the two kinds of lock.
 *
 * flock(2) guards a change: short, exclusive, waited for with a back-off,
 * 5 s at most. A lock of the open file description (F_OFD_SETLK) says that an
 * owner lives: held to the end, and asked about without taking it.
 */
#ifndef CH_BASE_LOCK_H
#define CH_BASE_LOCK_H

#include "channel.h"

/*
 * Take fd's flock, exclusive, before `patience` (a deadline) and within 5 s.
 * CH_UNAVAILABLE with the holder's pid otherwise; `what` names it for people.
 */
int ch_lock_take(int fd, int64_t patience, const char *what,
    struct ch_err *err);
void ch_lock_drop(int fd);

/* 1: we have now locked it for life, 0: another holds it, -1: errno. */
int ch_lock_own(int fd);
/* 1: somebody holds it for life, 0: nobody, -1: errno. Not for one's own fd. */
int ch_lock_is_owned(int fd);

#endif
