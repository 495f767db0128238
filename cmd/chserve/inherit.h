/*
 * inherit.h - listening sockets that whoever started us opened.
 *
 * The protocol of systemd's socket activation: LISTEN_PID says whom they are
 * for, LISTEN_FDS how many there are, from descriptor 3 on.
 */
#ifndef CHSERVE_INHERIT_H
#define CHSERVE_INHERIT_H

#include "channel.h"

#define INHERIT_FIRST 3

/*
 * How many there are for us, 0 if none. Our children will not see them, nor
 * the variables. CH_CONFIG: LISTEN_FDS is no sensible number.
 */
int inherit_count(int *n, struct ch_err *err);

/*
 * See that fd is a listening stream socket, and make it like our own: closed
 * on exec, never waited on. CH_CONFIG: it is none.
 */
int inherit_check(int fd, struct ch_err *err);

#endif
