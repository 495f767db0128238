/*
 * signals.h - what is done when a signal comes.
 *
 * Signals are read by the loop, so a hook may do what it likes. Those that
 * somebody is interested in are blocked until signals_close.
 *
 *     SIGTERM, SIGINT   end (stop.h)
 *     SIGHUP            read certificates and the like again; from a terminal
 *                       that we were started from and that has gone: SIGTERM
 *     SIGUSR1           open the access log again
 *     SIGCHLD           a child has ended
 */
#ifndef CHSERVE_SIGNALS_H
#define CHSERVE_SIGNALS_H

#include "channel.h"

/* Call hook(number) for that signal, after those that were added before. */
void signals_on(int number, void (*hook)(int number));

/*
 * Watch for all that has a hook, and for SIGHUP and SIGUSR1 in any case; after
 * loop_open, and after ws_open: libev unblocks SIGINT.
 */
int signals_open(struct ch_err *err);

/* Forget the hooks. What is blocked stays so, for a child to take over. */
void signals_close(void);

#endif
