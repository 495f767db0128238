/*
 * peers.h - many hostile clients at once, each a socket that does as its mode
 * says. They connect to loopback addresses only.
 */
#ifndef TESTS_HOSTILE_PEERS_H
#define TESTS_HOSTILE_PEERS_H

#include <stddef.h>
#include <stdint.h>

#define PEERS_MAX 20000

struct peer {
	int fd; /* -1: not connected */
	unsigned n;
	int up;       /* it is connected */
	int spoke;    /* the server has answered it */
	unsigned step; /* the mode's own */
	size_t at;    /* the same: bytes of something sent */
};

struct mode {
	const char *name;
	int buffer;    /* bytes to be received, 0: as the system likes */
	int one;       /* all from one address */
	int reads;     /* what is sent to it */
	/* It is connected; a tenth of a second has passed. */
	void (*begin)(struct peer *peer);
	void (*tick)(struct peer *peer);
};

/* What happened. */
struct peers_counts {
	size_t opened, failed; /* connects, and those that were not taken */
	size_t refused; /* answers of 503 and 429 */
	size_t closed;  /* by the server */
	size_t most;    /* connected at the same time */
	uint64_t sent;  /* bytes */
};

extern struct peers_counts peers_counts;

/* Let n of them be at it for so many seconds; what they are is in host:port. */
void peers_run(const struct mode *mode, const char *host, unsigned port,
    size_t n, double seconds, void (*each_tick)(void));

/* Send what the system takes of it; how much that was. */
size_t peers_send(struct peer *peer, const void *bytes, size_t n);

const struct mode *modes_find(const char *name);
void modes_list(void);

#endif
