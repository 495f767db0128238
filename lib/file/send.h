/* send.h - putting messages into channels. */
#ifndef CH_FILE_SEND_H
#define CH_FILE_SEND_H

#include "file/file.h"
#include "file/queue.h"

int ch_send_file(struct ch_layer *layer, const struct ch_message *messages,
    size_t n, const struct ch_send_opts *opts, size_t *sent,
    struct ch_err *err);

/*
 * Append one entry to the queue name[0..len) ("jobs", "p!"), waking who waits.
 * entry->deadline is filled in from opts or the channel's expiry. CH_FULL: at
 * capacity (notices never are), CH_NONE: "p!" whose owner is gone (cleaned up
 * here) or, without `make`, no such channel. What group sends, notices and
 * wills go through.
 */
int ch_send_entry(struct ch_file *file, const char *name, size_t len,
    struct ch_entry *entry, const struct ch_send_opts *opts, int make,
    struct ch_err *err);

/*
 * The same for n entries in one commit: all or, when they do not all fit,
 * CH_FULL and none.
 */
int ch_send_all(struct ch_file *file, const char *name, size_t len,
    struct ch_entry *entries, size_t n, struct ch_err *err);

#endif
