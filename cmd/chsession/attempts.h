/*
 * attempts.h - how often somebody may try a name's password.
 *
 * STATE/logins counts failures: ten in a row, then none is tried until a
 * quarter of an hour has passed since the last. Names that nobody has are
 * counted as others are. The file never grows; where many names are tried,
 * those with the fewest failures are forgotten first.
 */
#ifndef CHSESSION_ATTEMPTS_H
#define CHSESSION_ATTEMPTS_H

#include "channel.h"

#define ATTEMPTS_MAX 10
#define ATTEMPTS_MS 900000

/*
 * Count an attempt as a failure, ahead of it, so that nobody gains by trying
 * at the same time. CH_DENIED: it is one too many.
 */
int attempts_take(const char *state, const char *name, struct ch_err *err);

/* It was none: the name's failures are forgotten. */
int attempts_forget(const char *state, const char *name, struct ch_err *err);

#endif
