/* owner.h - whether there is somebody behind a reply channel. */
#ifndef CMD_COMMON_OWNER_H
#define CMD_COMMON_OWNER_H

#include "channel.h"

/*
 * Whether the owner of "p!" in "p!local" lives; also where that cannot be
 * found out, so that nobody takes away what may be in use.
 */
int owner_lives(struct ch_layer *layer, const char *channel);

#endif
