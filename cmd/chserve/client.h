/*
 * client.h - one WebSocket connection, as the bridge sees it.
 *
 * A client is born when its request head is read (WAITING for the consumer's
 * answer), is OPEN after the handshake, CLOSING once either side wants to end
 * it, and OVER when nobody on the network is behind it any more. What carries
 * its bytes is its wire: http.c while it waits, ws.c afterwards. Neither the
 * client nor the bridge knows what a wire is made of.
 */
#ifndef CHSERVE_CLIENT_H
#define CHSERVE_CLIENT_H

#include "chserve/event.h"
#include "chserve/frame.h"
#include "chserve/loop.h"
#include "chserve/mailbox.h"

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes that may wait for a client before it counts as too slow. */
#define CLIENT_QUEUE_MAX 1048576
/* Memory for incoming messages that is kept for the next one. */
#define CLIENT_KEEP_MAX 1024

/* Close codes of our own making (RFC 6455, section 7.4.1). */
enum client_code {
	CODE_GOING_AWAY = 1001,
	CODE_PROTOCOL = 1002,
	CODE_NO_STATUS = 1005, /* never on the wire */
	CODE_LOST = 1006,      /* never on the wire */
	CODE_BAD_TEXT = 1007,
	CODE_TOO_SLOW = 1008,
	CODE_TOO_BIG = 1009,
	CODE_INTERNAL = 1011,
	CODE_TRY_LATER = 1013
};

enum client_state {
	CLIENT_WAITING,
	CLIENT_OPEN,
	CLIENT_CLOSING,
	CLIENT_OVER
};

struct client;

/*
 * None of these ends the client's life: that is client_over's, called by the
 * wire when its connection is gone, from the event loop.
 */
struct client_wire {
	/* Complete the handshake; 0, or -1 if the connection was lost. */
	int (*accept)(struct client *client);
	/* Refuse it: 403. The wire forgets the client. */
	void (*reject)(struct client *client);
	/* There is something in the queue, or the client is CLOSING. */
	void (*flush)(struct client *client);
	/* Stop reading from it, or go on. */
	void (*pause)(struct client *client, int paused);
	/* Drop the connection at once. */
	void (*kill)(struct client *client);
};

struct client {
	struct mailbox box; /* first: a client is its mailbox */
	const struct client_wire *wire;
	void *end; /* the wire's own: its connection */
	enum client_state state;

	char *path;
	uint64_t order; /* of the next message from it */
	unsigned code;  /* CLOSING, OVER: why; what its peer sees or said */

	/* Going out: frames in a ring, whole ones only. */
	struct frame **queue;
	size_t queue_at, queue_n, queue_size; /* queue_size: a power of two */
	size_t queue_bytes;
	struct client *next_touched;
	int touched; /* to be flushed */

	/* Coming in: the message being gathered, or one that found no room. */
	struct ch_buf message;
	int binary;
	int paused;
	int64_t paused_since;
	struct due retry;

	struct due keep; /* when it is asked, or given up */
};

/* Largest message it may send, in bytes. */
extern size_t client_message_max;

/* The consumer's answer; `frame` is made of the reply's data. */
void client_do(struct client *client, const struct event_reply *reply,
    struct frame *frame);

/* Let the wires write what has been put into queues since the last time. */
void clients_flush(void);

/* A piece of a message came in. 0, or the code to close it with. */
unsigned client_data(struct client *client, const char *data, size_t len,
    int binary, int final);

/* A sign of life. */
void client_heard(struct client *client);

/* Close it with this code, after what is in its queue. */
void client_close(struct client *client, unsigned code);

/* Close it with this code; what waits for it is dropped. */
void client_cut(struct client *client, unsigned code);

/* The peer closes, with this code. */
void client_closed_by_peer(struct client *client, unsigned code);

/*
 * Nobody is there any more: the consumers are told, the groups left, and the
 * client is freed.
 */
void client_over(struct client *client);

/* Take the first frame off the queue; its reference passes to the caller. */
struct frame *client_next(struct client *client);

#endif
