/*
 * strict.h - what RFC 6455 asks of a client's frames, where libwebsockets does
 * not look.
 *
 * Up to 4.1 it takes frames that are not masked (section 5.1: the server must
 * close), answers a close frame of one byte or a code beyond 4999 with the
 * same, and drops the connection without a close frame where a control frame
 * is too long. It has no callback ahead of its parser; but it reads with
 * recv(2), a name that a program may define for its libraries. Ours calls the
 * kernel and follows the frames on the sockets given to it.
 */
#ifndef CHSERVE_STRICT_H
#define CHSERVE_STRICT_H

#include <stddef.h>
#include <stdint.h>

#define STRICT_HEAD 16 /* a frame's, with its mask and a close frame's code */

struct strict {
	int fd;
	int wrong; /* a frame was: nothing more is passed on */
	void (*tell)(void *arg);
	void *arg;
	unsigned char head[STRICT_HEAD];
	unsigned have; /* bytes of the head */
	uint64_t left; /* bytes of the payload still to come */
};

/* Follow frames; 0, or -1 from the first wrong one on. Pure. */
int strict_follow(struct strict *strict, const char *bytes, size_t n);

/*
 * Look at all that recv(2) takes off the socket; `tell` is called when a frame
 * is wrong: it and what came with it are not passed on.
 */
void strict_begin(
    struct strict *strict, int fd, void (*tell)(void *arg), void *arg);
void strict_end(struct strict *strict);

#endif
