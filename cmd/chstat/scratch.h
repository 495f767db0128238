/* scratch.h - a command on a store of its own that is gone afterwards. */
#ifndef CMD_CHSTAT_SCRATCH_H
#define CMD_CHSTAT_SCRATCH_H

#include "channel.h"

/*
 * Run the command (ended by NULL) with $CHANNELS_URL naming a new store under
 * $TMPDIR, and the directory of this program first in $PATH; wait for it,
 * remove the store. *status is its exit status (126: it cannot be run, 127:
 * there is no such command). If a signal killed it, this process ends so too.
 * CH_IO, CH_DENIED: no store could be made.
 */
int scratch_run(char *const command[], int *status, struct ch_err *err);

#endif
