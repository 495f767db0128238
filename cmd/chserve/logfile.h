/*
 * logfile.h - lines into a file that other processes write to as well.
 *
 * Lines are gathered for the rest of a loop turn, then written with O_APPEND,
 * so that they are whole among those of others. Nothing here waits: what a
 * full disk or a slow reader does not take is tried again, up to 1 MiB of it;
 * lines beyond are lost and counted. That is said once.
 *
 * Calling sequence: logfile_open, logfile_add, logfile_close; one file a
 * process.
 */
#ifndef CHSERVE_LOGFILE_H
#define CHSERVE_LOGFILE_H

#include "channel.h"

#include <stddef.h>

/* "-": standard output. CH_IO, CH_DENIED: it cannot be opened. */
int logfile_open(const char *name, struct ch_err *err);

/* Open it again under its name; the old one stays if that fails. */
int logfile_reopen(struct ch_err *err);

/* The longest line that stays whole, its line feed included. */
size_t logfile_line_max(void);

/* Take a line, which ends with a line feed. */
void logfile_add(const char *line, size_t len);

/* Write what is there, as far as that goes now. */
void logfile_flush(void);

void logfile_close(void);

#endif
