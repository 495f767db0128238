/*
 * say.h - how a program speaks: its name, its sentences, its exit status.
 *
 * Errors, notes and questions go to standard error as "chsend: what: why", one
 * write(2) a line, control bytes made harmless. Where standard error goes to
 * systemd's journal ($JOURNAL_STREAM says so), a line begins with its priority:
 * <3> an error, <5> a note, <6> what only -v says. Nothing here touches
 * standard output; that is out.h.
 */
#ifndef CMD_COMMON_SAY_H
#define CMD_COMMON_SAY_H

#include "channel.h"

extern int say_quiet;   /* -q: no notes */
extern int say_verbose; /* -v: notes on what usually goes without saying */

/*
 * Lines are objects instead: {"time", "level": "error", "note" or "info",
 * "program", "pid", "text"}.
 */
extern int say_json;

/*
 * The first thing a program does (opt_parse does it): takes the name, opens
 * what is closed of descriptors 0 to 2 (so that no file of the store gets such
 * a number; using them still fails with EBADF), and has a SIGBUS inside a
 * mapping end the program with a sentence and status 74.
 */
void say_start(const char *name);

/* Raise the soft limit of open files to the hard one. */
void say_files(void);

/* "NAME: sentence": always; as a note, unless -q; only with -v. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_more(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The exit status for rc, after saying err's sentence. CH_NONE and CH_TIMEOUT
 * are answers, not errors: their sentences are said only with -v.
 */
int say_status(int rc, const struct ch_err *err);

/* End the program: out of memory (74); or quietly, as by SIGPIPE. */
_Noreturn void say_memory(void);
_Noreturn void say_pipe(void);

#endif
