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

#include "chserve/budget.h"
#include "chserve/event.h"
#include "chserve/frame.h"
#include "chserve/loop.h"
#include "chserve/mailbox.h"
#include "chserve/offer.h"

#include "base/buf.h"
#include "common/opt.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes that may wait for a client before it counts as too slow. */
#define CLIENT_QUEUE_MAX 1048576
/* Memory for incoming messages that is kept for the next one. */
#define CLIENT_KEEP_MAX 1024
/* Pongs that may wait for a client. */
#define CLIENT_PONGS_MAX 64
/* Pings that may come at once; then one each so many ms. */
#define CLIENT_PINGS_MAX 2000
#define CLIENT_PING_MS 10

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

/* Why nothing is read from it, as bits. */
enum client_pause {
	PAUSE_FULL = 1, /* a message found no room */
	PAUSE_RATE = 2  /* it sent too many */
};

struct client;
struct seen;

/*
 * None of these ends the client's life: that is client_over's, called by the
 * wire when its connection is gone, from the event loop.
 */
struct client_wire {
	/* Complete the handshake as `agreed` says; 0, or -1 if the connection
	 * was lost. */
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

struct caps_seat;

struct client {
	struct mailbox box; /* first: a client is its mailbox */
	const struct client_wire *wire;
	void *end; /* the wire's own: its connection */
	enum client_state state;

	char *path;
	struct who who;
	uint64_t order; /* of the next message from it */
	unsigned code;  /* CLOSING, OVER: why; what its peer sees or said */
	int cut;        /* CLOSING: it is not waited for its close frame */
	int said;       /* CLOSING, cut: the close frame is sent */

	struct offer offer;     /* WAITING: what it can do */
	struct ws_offer agreed; /* while it is accepted: what it will do */
	unsigned window;        /* for deflating what goes out; 0: not */

	/* For the log and the counts. */
	int counted;    /* as one that is open */
	uint64_t sent;  /* bytes of frames */
	struct caps_seat *seat; /* its address's; NULL: not counted here */
	struct seen *seen;

	/* Going out: frames in a ring, whole ones only. */
	struct frame **queue;
	size_t queue_at, queue_n, queue_size; /* queue_size: a power of two */
	size_t queue_bytes;
	size_t n_pongs; /* among them */
	int64_t pings_due; /* when its last ping may have come */
	size_t below; /* bytes that its wire holds, at most */
	struct client *next_touched;
	int touched; /* to be flushed */

	/* Coming in: the message being gathered, or one that found no room. */
	struct ch_buf message;
	struct due gather; /* when there has to be more of it */
	size_t n_pieces; /* it came in */
	size_t sound; /* bytes of it that are UTF-8 */
	int binary, deflated;
	unsigned paused; /* enum client_pause */
	int64_t paused_since; /* FULL */
	struct due retry;
	uint64_t spent; /* of its message rate, see client_in.c */
	struct due rest;

	struct budget_share share; /* of what waits, either way */

	struct due keep; /* when it is asked, or given up */
	struct due life; /* when its time is over */
};

/* For all of them. */
extern struct client_settings {
	struct opt_list subprotocols; /* chosen from, if no reply does */
	int no_deflate;
	int64_t lifetime;      /* ms until it is closed; 0: for ever */
	uint64_t message_rate; /* a second, no more are read; 0: any */
	int64_t ping_interval; /* ms of silence until it is asked; 0: never */
	int64_t ping_timeout;  /* ms more until it is given up; 0: never */
	int64_t gather_timeout; /* ms for 8 KiB more of a message */
} client_settings;

/* Largest message it may send, in bytes. */
extern size_t client_message_max;

/* The consumer's answer; `frame` is made of the reply's data. */
void client_do(struct client *client, const struct event_reply *reply,
    struct frame *frame);

/* Let the wires write what has been put into queues since the last time. */
void clients_flush(void);

/* The same for so many, who have waited longest; 1 if others still wait. */
int clients_flush_some(size_t max);

enum client_piece {
	PIECE_FIRST = 1,
	PIECE_LAST = 2,
	PIECE_BINARY = 4,  /* of the first one */
	PIECE_DEFLATED = 8 /* of the first one */
};

/* A piece of a message came in. 0, or the code to close it with. */
unsigned client_data(struct client *client, const char *data, size_t len,
    unsigned piece);

/* A ping came: answer it. */
void client_ping(struct client *client, const char *payload, size_t n);

/* A sign of life. */
void client_heard(struct client *client);

/* Close it with this code, after what is in its queue. */
void client_close(struct client *client, unsigned code);

/*
 * Fail it (RFC 6455, section 7.1.7) with this code: what waits for it is
 * dropped, and what comes from it is not looked at.
 */
void client_cut(struct client *client, unsigned code);

/* The same, but what came before is still to be passed on. */
void client_wrong(struct client *client, unsigned code);

/* The peer closes, with this code. */
void client_closed_by_peer(struct client *client, unsigned code);

/*
 * Nobody is there any more: the consumers are told, the groups left, and the
 * client is freed.
 */
void client_over(struct client *client);

/* What waits for it, or was gathered of it, has become more or less. */
void client_weigh(struct client *client);

/* Drop one that was cut, and is waited for; 0 if there is none. */
int client_spare(void);

/* What it holds is too much. */
void client_weighs_much(struct budget_share *share);

/* Forget what waits for it. */
void client_forget(struct client *client);

/* Take the first frame off the queue; its reference passes to the caller. */
struct frame *client_next(struct client *client);

#endif
