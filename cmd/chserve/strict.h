/*
 * strict.h - what RFC 6455 asks of a client's frames, where libwebsockets does
 * not look, and control frames, of which it loses some.
 *
 * Up to 4.1 it takes frames that are not masked (section 5.1: the server must
 * close), answers a close frame of one byte or a code beyond 4999 with the
 * same, drops the connection without a close frame where a control frame is
 * too long, and keeps one pong while others wait. It has no callback ahead of
 * its parser; but it reads with recv(2), a name that a program may define for
 * its libraries. Ours calls the kernel and follows the frames on the sockets
 * given to it: pings and pongs are taken out, and from a wrong frame on nothing
 * is passed.
 */
#ifndef CHSERVE_STRICT_H
#define CHSERVE_STRICT_H

#include <stddef.h>
#include <stdint.h>

#define STRICT_HEAD 14 /* a frame's, with its mask */
#define STRICT_CONTROL 125

struct strict_calls {
	/* A frame is wrong: the code to close with. What was before it is
	 * passed on after this. */
	void (*wrong)(void *arg, unsigned code);
	void (*ping)(void *arg, const char *payload, size_t n);
	void (*pong)(void *arg);
};

struct strict {
	int fd;
	const struct strict_calls *calls;
	void *arg;
	unsigned wrong;  /* the code; nothing more is passed on */
	unsigned closed; /* the code of the peer's close frame, if there was */
	int deaf;        /* nothing is looked at any more */
	int deflates;    /* RSV1 may be set */
	int fragments;   /* a message has begun */
	unsigned have;   /* bytes of the head */
	unsigned n;      /* of a control frame's payload */
	uint64_t at, length; /* in the payload */
	unsigned char head[STRICT_HEAD];
	char control[STRICT_CONTROL];
};

/*
 * Follow frames. What is to be passed on stays at the start of bytes; returned
 * is how much that is.
 */
size_t strict_follow(struct strict *strict, char *bytes, size_t n);

/* Look at all that recv(2) takes off the socket, until strict_end. */
void strict_begin(struct strict *strict, int fd,
    const struct strict_calls *calls, void *arg);
void strict_end(struct strict *strict);

#endif
