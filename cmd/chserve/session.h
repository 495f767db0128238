/*
 * session.h - whose requests and WebSockets these are, by a cookie.
 *
 * The sessions themselves are chsession.h's. Calling sequence: session_open
 * once; session_find for a request before anybody is told of it, from then on
 * request->who is known; session_answer when a consumer answers it. A
 * WebSocket, or an event stream, is in its session's group until it is closed
 * (session_join), so that whoever ends the session closes it.
 *
 * Data of connections are kept in the same folder, also without --sessions.
 */
#ifndef CHSERVE_SESSION_H
#define CHSERVE_SESSION_H

#include "chserve/client.h"
#include "chserve/reply.h"
#include "chserve/request.h"

struct session_settings {
	int on;
	int need_login;     /* of WebSockets and event streams */
	const char *cookie; /* its name; NULL: the usual ones */
	int64_t idle, max_age; /* ms, of new sessions; 0: chsession.h's */
};

/*
 * The settings stay the caller's. From now on, what has expired is removed
 * each minute, and the data of connections that are gone.
 */
int session_open(const struct session_settings *settings, const char *state,
    struct ch_err *err);
void session_close(void);

/* Whether a cookie came that may be a session's. */
int session_is_shown(const struct request *request);

/* Find who it is of. */
void session_find(struct request *request);

/* Whether its sender may follow what happens. */
int session_lets_in(const struct request *request);

/*
 * Do what the answer wants: append the cookie. -1: it could not be done, and
 * was said; then the answer would not be true.
 */
int session_answer(struct request *request, const struct reply_wish *wish,
    struct ch_buf *fields);

/*
 * From now on the mailbox is told when that session ends. CH_NONE: it has
 * ended meanwhile.
 */
int session_join(struct mailbox *box, const struct who *who,
    struct ch_err *err);

/* It is in use, and so is its session; if that has ended, it is closed. */
void session_used(struct client *client);

/* It is over: its data go, once its consumers had time to look at them. */
void session_leave(const struct client *client);

#endif
