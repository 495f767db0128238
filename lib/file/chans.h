/*
 * chans.h - the open channels: what chan.c needs beyond chan.h.
 */
#ifndef CH_FILE_CHANS_H
#define CH_FILE_CHANS_H

#include "file/chan.h"

/* Close the one that was not used for longest; 0 when all are in use. */
int ch_chans_evict(struct ch_file *file, const struct ch_chan *keep);
/* Close it, and take it out of the cache. */
void ch_chans_forget(struct ch_chan *chan);

/* A bell of it was opened to ring and stays open, in the place of another's. */
void ch_chans_keep_ringing(struct ch_chan *chan);
void ch_chans_stop_ringing(struct ch_chan *chan);

/* chan.c's: close all that it has open. */
void ch_chan_shut(struct ch_chan *chan);

#endif
