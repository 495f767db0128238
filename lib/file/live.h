/*
 * live.h - owners: who made a "prefix!" for itself, and whether it lives.
 *
 * STORE/live/PREFIX is locked for life (lock.h) by the process that owns
 * "PREFIX!". It holds the owner's pid and its wills. Whoever finds the file
 * with its lock free cleans up: queue and memberships go, wills are sent, and
 * the name stays behind as STORE/live/.gone.PREFIX for an hour, so that a late
 * sender is told rather than queued.
 */
#ifndef CH_FILE_LIVE_H
#define CH_FILE_LIVE_H

#include "file/file.h"

enum ch_life {
	CH_LIFE_NONE,  /* nobody ever owned it, or it is long gone */
	CH_LIFE_ALIVE, /* its owner lives */
	CH_LIFE_DEAD,  /* its owner has died and nobody has cleaned up yet */
	CH_LIFE_GONE   /* its owner has gone, and it was cleaned up */
};

/* Own "p!" (given with its mark); CH_FULL with the pid if somebody does. */
int ch_live_own(struct ch_layer *layer, const char *prefix,
    struct ch_err *err);
int ch_live_will(struct ch_layer *layer, const char *channel, const char *to,
    const char *text, size_t len, struct ch_err *err);
/* At close: give up all that this layer owns; wills are not sent. */
void ch_live_release(struct ch_file *file);
/* In a forked child: forget, without touching the parent's. */
void ch_live_forget(struct ch_file *file);

/*
 * Ask about the queue name "p!" in name[0..len). With `fd` not NULL and >= 0
 * its descriptor of the live file is used and kept, so that asking again is
 * one fcntl; a file that was replaced is noticed.
 */
enum ch_life ch_live_ask(struct ch_file *file, const char *name, size_t len,
    int *fd);
/* The living owner's pid, 0: none. */
pid_t ch_live_pid(struct ch_file *file, const char *name, size_t len);

/*
 * Clean up after the dead owner of "p!": queue, memberships, wills, then the
 * live file. CH_OK also when another was faster. A full channel that a will is
 * for leaves the live file to the next cleaner.
 */
int ch_live_clean(struct ch_file *file, const char *name, size_t len,
    struct ch_err *err);
/* Clean up after every dead owner, forget the long gone; *removed counts. */
int ch_live_sweep(struct ch_file *file, uint64_t *removed,
    struct ch_err *err);

#endif
