/*
 * receive.h - taking messages out of channels, and watching them.
 *
 * A receiver holds a subscription for each channel. One that it found empty is
 * *armed*: the receiver is counted in its header as waiting and sleeps on its
 * bell, until the bell rings or a delayed message is due. The others stand in
 * line, and are looked at in turn. So the cost of a message does not grow with
 * the number of channels, and none of them is starved.
 */
#ifndef CH_FILE_RECEIVE_H
#define CH_FILE_RECEIVE_H

#include "file/file.h"

int ch_receive_file_new(struct ch_receiver **receiver, struct ch_layer *layer,
    const char *const names[], size_t n, unsigned flags, struct ch_err *err);
void ch_receive_file_free(struct ch_receiver *receiver);
int ch_receive_file_take(struct ch_receiver *receiver,
    struct ch_message *messages, size_t max, size_t *got, struct ch_err *err);
int ch_receive_file_wait(struct ch_receiver *receiver, int64_t deadline,
    struct ch_err *err);
int ch_receive_file_fd(const struct ch_receiver *receiver);
int ch_receive_file_until(struct ch_receiver *receiver, int fd,
    struct ch_err *err);

#endif
