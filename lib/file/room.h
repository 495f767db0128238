/* room.h - senders that wait for room have a bell of their own. */
#ifndef CH_FILE_ROOM_H
#define CH_FILE_ROOM_H

#include "file/file.h"

/* As backend.h's wait_room: called without the layer's mutex. */
int ch_room_wait(struct ch_layer *layer, const char *channel,
    int64_t deadline, struct ch_err *err);

#endif
