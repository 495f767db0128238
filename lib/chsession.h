/*
 * chsession.h - sessions: who a visitor is and what is known of him, kept
 * between requests in files that only their owner reads.
 *
 * The second public header of libchannel. A session has an id, which is a
 * secret: whoever shows it is that visitor. It has data, one JSON object, and,
 * once somebody has logged in, the name of a user. It ends after a time
 * without use (idle), at a certain age, or when it is told to. Each is a file
 * in STATE/sessions/, laid out as channels-store(5) says.
 *
 * Connections have data as well: where an id is wanted, the reply channel of a
 * connection ("websocket.send.RANDOM!ID") may stand. Such data are there from
 * the first ch_session_merge on, and have no user and no age; the server takes
 * them away when the connection is closed.
 *
 * Calling sequence
 * ----------------
 *     struct ch_sessions *sessions = NULL;
 *     struct ch_session session;
 *     struct ch_err err = CH_ERR_INIT;
 *
 *     rc = ch_sessions_open(&sessions, "/var/lib/chutils", 1000, &err);
 *     if (rc == CH_OK)
 *         rc = ch_session_get(sessions, id, &session, &err);
 *     if (rc == CH_OK)
 *         rc = ch_session_merge(sessions, id, "{\"n\":1}", 7, &session, &err);
 *     ch_sessions_close(sessions);
 *
 * A struct ch_sessions belongs to one thread at a time, and to the process
 * that opened it: a child opens its own. Any number of processes may have the
 * same directory open. What changes a session waits for the others that do;
 * who reads never waits, and sees the session before or after, whole.
 *
 * Errors are those of channel.h: CH_NONE, there is no such session (never
 * was, ended, expired, or its file is damaged); CH_REFUSED, the id, the user's
 * name or the data are not acceptable; CH_UNAVAILABLE, the lock could not be
 * had; CH_IO, the system failed, and the session is as it was.
 */
#ifndef CHSESSION_H
#define CHSESSION_H

#include "channel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Characters of an id, of [A-Za-z0-9]: 190 random bits. */
#define CH_SESSION_ID 32
/* Longest name of a user, in bytes. */
#define CH_SESSION_USER_MAX 255
/* Most data that a session holds, in bytes of JSON. */
#define CH_SESSION_DATA_MAX 65536
/* The close code of a WebSocket whose session has ended, and its message. */
#define CH_SESSION_OVER 4401
#define CH_SESSION_CLOSE "{\"close\":4401}"
/* How long sessions live, in ms, unless told: unused, and in all. */
#define CH_SESSION_IDLE ((int64_t)7 * 86400000)
#define CH_SESSION_MAX_AGE ((int64_t)30 * 86400000)

struct ch_sessions; /* a directory of sessions, open */

/*
 * A session, as it is. The texts are valid until the next call with the same
 * struct ch_sessions, which may be given the id, but none of the others. Times
 * are ms since the epoch.
 */
struct ch_session {
	const char *id;
	const char *user; /* NULL: nobody is logged in */
	const char *data; /* a JSON object on one line, ended by a NUL */
	size_t len;       /* bytes of data */
	int64_t created;
	int64_t seen;     /* last use */
	int64_t expires;  /* if not used again; CH_NEVER: of a connection */
	int64_t idle;     /* ms without use until it expires */
	int64_t max_age;  /* ms after `created` until it does in any case */
};

/*
 * ch_sessions_open opens STATE/sessions, made with mode 0700 where it is not
 * there; `state` itself must be there. A call that changes something waits at
 * most `patience` ms for others, and never more than 5 s. On CH_OK *sessions
 * is new, to be closed with ch_sessions_close(). CH_DENIED: it belongs to
 * another user, or others may look into it.
 */
CH_API int ch_sessions_open(struct ch_sessions **sessions, const char *state,
    int64_t patience, struct ch_err *err);

/* NULL is fine. */
CH_API void ch_sessions_close(struct ch_sessions *sessions);

/*
 * ch_session_new makes a session: of `with` count the user, the data (NULL:
 * {}), idle and max_age (0: as above). *session (may be NULL) is what it
 * became, with its id.
 */
CH_API int ch_session_new(struct ch_sessions *sessions,
    const struct ch_session *with, struct ch_session *session,
    struct ch_err *err);

/* ch_session_get looks at a session, which does not count as a use of it. */
CH_API int ch_session_get(struct ch_sessions *sessions, const char *id,
    struct ch_session *session, struct ch_err *err);

/* ch_session_touch says that it is used, now. CH_NONE: it is not there. */
CH_API int ch_session_touch(struct ch_sessions *sessions, const char *id,
    struct ch_err *err);

/*
 * ch_session_merge changes data: each member of the object `patch` replaces
 * the one of its name; null removes it. *session (may be NULL) is what it
 * became.
 */
CH_API int ch_session_merge(struct ch_sessions *sessions, const char *id,
    const char *patch, size_t len, struct ch_session *session,
    struct ch_err *err);

/*
 * ch_session_rotate gives the session another id and `user` (NULL: nobody),
 * and it is as young as a new one; its data stay. The old id is gone when the
 * call returns, and nobody ever knew both. To be called when a user logs in:
 * whoever planted the old id in a browser has nothing of it.
 */
CH_API int ch_session_rotate(struct ch_sessions *sessions, const char *id,
    const char *user, struct ch_session *session, struct ch_err *err);

/* ch_session_end removes it. */
CH_API int ch_session_end(struct ch_sessions *sessions, const char *id,
    struct ch_err *err);

/*
 * ch_session_each calls each(arg, session) for every session that is good, in
 * no order. A return other than 0 ends the walk and is returned. The callback
 * may call the library, but then *session is gone.
 */
CH_API int ch_session_each(struct ch_sessions *sessions,
    int (*each)(void *arg, const struct ch_session *session), void *arg,
    struct ch_err *err);

/*
 * ch_session_sweep removes the files of sessions that have expired or are
 * damaged, and the data of connections of which lives(arg, channel) says 0
 * (`lives` NULL: it leaves them all). *removed (may be NULL) counts both.
 */
CH_API int ch_session_sweep(struct ch_sessions *sessions,
    int (*lives)(void *arg, const char *channel), void *arg,
    uint64_t *removed, struct ch_err *err);

/*
 * ch_session_group names the group that a session's connections are members
 * of, "session.HASH", from which nobody learns the id: who ends a session
 * sends CH_SESSION_CLOSE there.
 */
CH_API void ch_session_group(const char *id, char group[CH_NAME_MAX + 1]);

/*
 * ch_session_user_check says whether `user` may be a user's name: 1 to
 * CH_SESSION_USER_MAX bytes of UTF-8, without control characters and colons.
 * CH_REFUSED otherwise.
 */
CH_API int ch_session_user_check(const char *user, struct ch_err *err);

#ifdef __cplusplus
}
#endif

#endif
