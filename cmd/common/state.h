/*
 * state.h - the directory for what lies beside the channels: sessions, logins,
 * spooled bodies. --state names it.
 */
#ifndef CMD_COMMON_STATE_H
#define CMD_COMMON_STATE_H

#include "channel.h"

#include <limits.h>
#include <sys/types.h>

/*
 * Where it is: `given`; else the store's `location` if that is a directory;
 * else $XDG_STATE_HOME/chutils, below ~/.local/state without that. `location`
 * may be NULL where `given` is not.
 */
void state_path(const char *given, const char *location, char path[PATH_MAX]);

/* Make it, and the directories above it, mode 0700. */
int state_make(const char *path, struct ch_err *err);

/*
 * Make it, and the directory `name` in it for all who may use it: path[] says
 * where that is, *mode what its files are made with.
 */
int state_folder(const char *state, const char *name, char path[PATH_MAX],
    mode_t *mode, struct ch_err *err);

#endif
