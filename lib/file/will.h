/*
 * will.h - the wills in a live file: messages to be sent should its owner die.
 *
 * Each is a record in a slot of the file whose size is a power of two. A will
 * is set by writing its whole record, then taking back the one it replaces,
 * and taken back by writing the record's state. A record that was being
 * written when its owner was killed has a bad checksum and does not count; of
 * two for the same channel the younger counts.
 */
#ifndef CH_FILE_WILL_H
#define CH_FILE_WILL_H

#include "file/file.h"

#define CH_WILLS_AT 64 /* where in the live file they begin */
#define CH_WILLS_CLASSES 32

struct ch_will; /* where a channel's will lies */

struct ch_wills {
	int fd; /* the live file; the owner's */
	uint64_t end; /* of the slots in the file */
	uint64_t seq;
	struct ch_will **table; /* by local part */
	size_t size, count;
	struct ch_will *free[CH_WILLS_CLASSES]; /* slots, by size */
};

void ch_wills_init(struct ch_wills *wills, int fd);
void ch_wills_release(struct ch_wills *wills);
int ch_wills_set(struct ch_wills *wills, const char *local, const char *to,
    const char *text, size_t len, struct ch_err *err);
int ch_wills_clear(struct ch_wills *wills, const char *local,
    struct ch_err *err);

/*
 * Send all wills that the live file holds, those for one channel in one
 * commit, and take each back once sent. CH_FULL: some are still to be sent. A
 * will whose own channel is gone is dropped.
 */
int ch_wills_send(struct ch_file *file, int fd, struct ch_err *err);

#endif
