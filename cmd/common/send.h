/*
 * send.h - messages into channels and groups: what chsend does, and chgroup
 * send.
 *
 *     operands or standard input  (feed.c: cut, checked, with their places)
 *       -> send_message            (one message, to every target)
 *       -> send_flush              (what is gathered, in few calls)
 *
 * The run ends with the status of its first error. A message that is refused
 * is passed over; most other failures end the run.
 */
#ifndef CMD_COMMON_SEND_H
#define CMD_COMMON_SEND_H

#include "channel.h"
#include "common/json.h"
#include "common/opt.h"

/* The choices of --full, in this order. */
enum send_full { SEND_FAIL, SEND_WAIT, SEND_DROP_OLDEST };

struct send;

/* Makes one delivery, and counts it in `sent`; the status. */
typedef int send_deliver(struct send *send, const char *target,
    const char *text, size_t len, struct ch_err *err);

struct send {
	/* what the options said */
	int group;     /* targets are groups */
	int envelopes; /* standard input is envelopes; no targets */
	int raw;       /* it is lines of text */
	int bytes;     /* it is bytes */
	int null;      /* it has NULs, not newlines */
	int full;      /* enum send_full */
	int64_t delay; /* ms; these three are -1 when not given */
	int64_t at;
	int64_t expiry;
	const char *exclude;
	const char *stream; /* messages travel in frames of it; NULL: bare */

	/* what the operands are; send_operands */
	char **targets;
	size_t ntargets;
	char **messages; /* ended by NULL */
	int input;       /* standard input is read */

	/* the run */
	struct ch_layer *layer;
	int64_t deadline; /* of the whole run; CH_NEVER */
	send_deliver *deliver; /* in the place of ch_send, or NULL */
	/* In the place of a wait for standard input, until it has something */
	int (*wait)(struct send *send, struct ch_err *err);
	struct json id; /* of the envelope being delivered; calls have one */
	const char *source; /* begins places: "stdin:"; NULL: only one */
	uint64_t place;     /* line or number of the present message; 0: none */
	uint64_t sent;      /* deliveries made */
	int rc;             /* the first error */
	int stopped;        /* nothing more is to be sent */

	struct ch_send_opts opts;
};

#define SEND_INIT { .delay = -1, .at = -1, .expiry = -1 }

/* The options that chsend and chgroup send share. */
#define SEND_OPTIONS(send) \
	OPT_FLAG(0, "raw", &(send)->raw, \
	    "read lines, send {\"text\": LINE}"), \
	OPT_FLAG(0, "bytes", &(send)->bytes, \
	    "read all of it, send one {\"bytes\": ...}"), \
	OPT_FLAG('0', "null", &(send)->null, \
	    "read messages or lines that end with NUL"), \
	OPT_DURATION(0, "delay", &(send)->delay, "D", "deliver after D"), \
	OPT_TIME(0, "at", &(send)->at, "TIME", "deliver at TIME"), \
	OPT_DURATION(0, "expiry", &(send)->expiry, "D", \
	    "not received for D, it is dropped"), \
	OPT_STRING(0, "stream", &(send)->stream, "NAME", \
	    "to browsers: in frames of this stream"), \
	OPT_STRING(0, "exclude", &(send)->exclude, "CHANNEL", \
	    "leave this member of the groups out"), \
	OPT_CHOICE(0, "full", &(send)->full, "MODE", "fail|wait|drop-oldest", \
	    "a full channel: fail, wait or drop-oldest")

/*
 * Sort the operands into targets and messages, see that they and the options
 * agree (else 64), and that the names are such (CH_REFUSED).
 */
int send_operands(struct send *send, char **operands,
    const struct opt_program *program, struct ch_err *err);

/* Send all there is; the status. Says its errors itself. */
int send_run(struct send *send);

/* For feed.c: one checked message, valid until the next send_flush. */
void send_message(struct send *send, const char *text, size_t len);
void send_flush(struct send *send);
/*
 * An error at the present place. Refused: at a column of it; or by a sentence
 * that says the place itself (column 0).
 */
void send_failed(struct send *send, int rc, const struct ch_err *err);
void send_refused(struct send *send, size_t column, const struct ch_err *err);
/* What the operands, or standard input, hold. */
void feed_operands(struct send *send);
void feed_input(struct send *send);

#endif
