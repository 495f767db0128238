/*
 * places.h - where we listen: addresses and the sockets that are open on them.
 *
 * Calling sequence: places_plan says how; places_open for every -l, or
 * places_inherit; they stay open until places_close, which takes socket files
 * away. With several processes a place of the network has a socket for each,
 * any other place one that they share; a child keeps its own by places_keep.
 */
#ifndef CHSERVE_PLACES_H
#define CHSERVE_PLACES_H

#include "chserve/event.h"
#include "chserve/local.h"
#include "chserve/loop.h"

#include "channel.h"

#include <sys/socket.h>

#define PLACES_DEFAULT "127.0.0.1:8000"
#define PLACES_JOBS_MAX 64
#define PLACES_LINES_MAX 16 /* servers that live and were taken over from */

/* What comes to a place, and how the place is announced. */
struct places_use {
	const char *words;  /* "listening" */
	const char *scheme; /* "http" */
	void (*accepted)(int fd, const struct event_peer *from,
	    const struct event_peer *to);
};

struct place {
	const struct places_use *use;
	struct event_peer at;
	struct sockaddr_storage address;
	socklen_t len;
	int fds[PLACES_JOBS_MAX]; /* -1: another process's */
	size_t n;
	int shared;             /* our processes accept from the same sockets */
	int inherited;          /* whoever opened it looks after it */
	struct local_file file; /* of a unix socket that we made */
	struct place *next;

	/* takeover.h */
	struct watch control, heir;  /* fd -1: none */
	int lines[PLACES_LINES_MAX]; /* to whom it was taken over from */
	size_t n_lines;
};

struct places_plan {
	size_t jobs; /* processes, at most PLACES_JOBS_MAX */
	struct local_how local;
	int take_over; /* from a server that listens there, see takeover.h */
};

extern struct place *places;

/* Before the first is opened. */
void places_plan(const struct places_plan *plan);

/*
 * Listen there: "ADDR:PORT" (every address of a name; port 0 takes a free one,
 * the same for all of them), "unix:PATH" or "fd:N". CH_USAGE: no such form.
 * CH_UNAVAILABLE: another program listens there, or the address is not ours.
 * CH_CONFIG: what is there cannot be listened on. CH_DENIED: not permitted.
 */
int places_open(const char *where, const struct places_use *use,
    struct ch_err *err);

/* Listen on the n sockets that whoever started us opened (inherit_count). */
int places_inherit(int n, const struct places_use *use, struct ch_err *err);

/* In a child: close what is not for process `job` of all. */
void places_keep(size_t job);

/* Close all; unless we are a child, take the socket files away. */
void places_close(void);

/* Whether those for that use are on the network and all loopback. */
int places_are_loopback(const struct places_use *use);

#endif
