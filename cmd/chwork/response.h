/*
 * response.h - what a command prints, as the answer to a request. Pure.
 *
 * Header lines, an empty line and a body, as RFC 3875 has them, become the
 * messages of an answer, as channels-messages(7) has them.
 *
 * Calling sequence
 * ----------------
 *     response_init(&response, cgi, most);
 *     … response_feed(&response, bytes, n);
 *         while (response_put(&response, &message)) … send it …
 *     response_end(&response, whole);
 *         while (response_put(&response, &message)) … send it …
 *     response_release(&response);
 *
 * A head that makes no sense becomes an answer of status 502, and what follows
 * it is passed over; `wrong` says what was wrong with `line`. The first message
 * waits for the first byte of the body, so that a command that fails before has
 * answered nothing; that of an event stream does not.
 *
 * The fields CH-Session and CH-User are for the server only: they become the
 * keys `session` and `user`, null where they are empty.
 */
#ifndef CHWORK_RESPONSE_H
#define CHWORK_RESPONSE_H

#include "base/buf.h"

#define RESPONSE_HEAD_MOST 65536  /* bytes of header lines */
#define RESPONSE_PART_MOST 524288 /* bytes of body in a message */

enum response_state {
	RESPONSE_HEAD,  /* is being read */
	RESPONSE_BODY,  /* follows */
	RESPONSE_ENDED, /* after response_end */
	RESPONSE_DONE   /* there is nothing more to put */
};

struct response {
	enum response_state state;
	int begun;         /* its first message was put */
	const char *wrong; /* with the head; NULL: nothing */
	unsigned line;     /* of the head: the one being read */
	/* Ours: */
	int cgi;    /* as in RFC 3875: no status line */
	size_t most; /* bytes of body in a message */
	int status; /* 0: none was said */
	int moved;  /* it has a Location */
	int events; /* it is a stream of events */
	int broken; /* the command failed after it had begun */
	size_t read; /* bytes of head */
	struct ch_buf headers; /* elements of a JSON array */
	struct ch_buf asks;    /* members of an object, a comma behind each */
	struct ch_buf in;      /* an incomplete line, or the body not put */
};

/*
 * `cgi`: as RFC 3875 says, else the first line may be a status ("HTTP/1.1 200
 * OK", "200 OK", "200"), and no output at all is no answer.
 */
void response_init(struct response *response, int cgi, size_t most);

/* The next bytes of the output. */
void response_feed(struct response *response, const char *bytes, size_t n);

/*
 * That was all; `whole` if the command succeeded. Otherwise an answer that has
 * not begun stays unsaid, and one that has is said to be broken off.
 */
void response_end(struct response *response, int whole);

/* Append the next message of the answer to out; 0 if there is none. */
int response_put(struct response *response, struct ch_buf *out);

/* Append the whole answer that says no more than an error's status. */
void response_put_error(struct ch_buf *out, int status);

void response_release(struct response *response);

#endif
