/*
 * front.h - what the files of the front share: the way into a backend.
 *
 * Every public function checks what it was given, enters the layer, calls the
 * backend and leaves.
 */
#ifndef CH_LAYER_FRONT_H
#define CH_LAYER_FRONT_H

#include "layer/backend.h"

/* Make a layer that `backend` just opened ready for use. */
void ch_front_adopt(struct ch_layer *layer, const struct ch_backend *backend);

/*
 * Take the mutex; in a forked child, reopen the layer first. Only after CH_OK
 * it is to be left.
 */
int ch_front_enter(struct ch_layer *layer, struct ch_err *err);
void ch_front_leave(struct ch_layer *layer);

/* Whether a text may be sent: its size, and unless CH_CHECKED what it says. */
int ch_front_check_text(const struct ch_layer *layer, const char *text,
    size_t len, unsigned flags, struct ch_err *err);

/* Whether the options make sense. */
int ch_front_check_opts(const struct ch_send_opts *opts, struct ch_err *err);

#endif
