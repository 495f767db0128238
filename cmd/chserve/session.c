/* Whose requests and WebSockets these are, by a cookie. */
#include "chserve/session.h"

#include "chserve/bridge.h"
#include "chserve/cookie.h"
#include "chserve/loop.h"

#include "base/clock.h"
#include "base/err.h"
#include "common/put.h"
#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 1000 /* for others who change a session */
#define USE_MS 60000     /* use is noted once in so long */
#define LEAVE_MS 5000    /* data of a connection outlive it by this */
#define SWEEP_MS 60000

#define COOKIE "session"
#define COOKIE_TLS "__Host-session" /* none but this host can set it */

/* A connection that is over, but for its data. */
struct leaving {
	struct due due; /* first: a due is its connection */
	char channel[];
};

static void forget(struct due *due);
static void sweep(struct due *due);

static const struct session_settings none, *settings = &none;
static struct ch_sessions *sessions;
static struct due_queue leavings = { .expired = forget };
static struct due_queue sweeps = { .expired = sweep };
static struct due next_sweep;

int
session_open(const struct session_settings *with, const char *state,
    struct ch_err *err)
{
	int rc = ch_sessions_open(&sessions, state, PATIENCE_MS, err);

	settings = with;
	if (rc == CH_OK)
		due_set(&sweeps, &next_sweep, 0);
	if (rc == CH_OK || settings->on)
		return rc;
	say_more("%s: no data of connections are kept", err->text);
	return CH_OK;
}

void
session_close(void)
{
	due_clear(&next_sweep);
	while (leavings.first)
		forget(leavings.first);
	ch_sessions_close(sessions);
	sessions = NULL;
	settings = &none;
}

/* --- the cookie ----------------------------------------------------------- */

static int
is_secure(const struct request *request)
{
	return strcmp(request->scheme, "https") == 0;
}

static const char *
cookie_of(const struct request *request)
{
	return settings->cookie ? settings->cookie
	    : is_secure(request) ? COOKIE_TLS : COOKIE;
}

/* The first cookie that could name a session; 0: there is none. */
static int
find_cookie(const struct request *request, char id[CH_SESSION_ID + 1])
{
	const struct head *head = &request->head;
	const char *at, *value;
	size_t i, len;

	for (i = 0; i < head->n_fields; i++) {
		if (strcmp(head->fields[i].name, "cookie") != 0)
			continue;
		at = head->fields[i].value;
		while ((value = cookie_next(&at, cookie_of(request), &len))) {
			if (len != CH_SESSION_ID)
				continue;
			memcpy(id, value, len);
			id[len] = '\0';
			return 1;
		}
	}
	return 0;
}

static void
put_cookie(const struct request *request, struct ch_buf *fields,
    const struct ch_session *session)
{
	int64_t left = session
	    ? session->created + session->max_age - ch_clock_real() : 0;

	cookie_put(fields, cookie_of(request), session ? session->id : "",
	    left / 1000, is_secure(request));
}

/* --- requests ------------------------------------------------------------- */

int
session_is_shown(const struct request *request)
{
	char id[CH_SESSION_ID + 1];

	return settings->on && find_cookie(request, id);
}

/* From now on it is of that session. */
static void
become(struct who *who, const struct ch_session *session)
{
	snprintf(who->session, sizeof(who->session), "%s", session->id);
	who_name(who, session->user);
}

/* A session is used: a moment ago, or so that it is to be noted. */
static void
note_use(struct who *who, const struct ch_session *session)
{
	who->used = ch_clock();
	if (session->seen + USE_MS <= ch_clock_real())
		ch_session_touch(sessions, session->id, NULL);
}

void
session_find(struct request *request)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_session session;
	char id[CH_SESSION_ID + 1];
	int rc;

	if (!settings->on || !find_cookie(request, id))
		return;
	rc = ch_session_get(sessions, id, &session, &err);
	if (rc == CH_OK) {
		become(&request->who, &session);
		note_use(&request->who, &session);
	} else if (rc != CH_NONE && rc != CH_REFUSED) {
		say_status(rc, &err);
	}
}

int
session_lets_in(const struct request *request)
{
	return !settings->need_login || request->who.user;
}

/* --- what an answer makes of it ------------------------------------------- */

/* Close the WebSockets of a session that is no more. */
static void
close_all(const char *id)
{
	char group[CH_NAME_MAX + 1];

	ch_session_group(id, group);
	bridge_tell_group(group, CH_SESSION_CLOSE);
}

static int
end_session(struct request *request, struct ch_buf *fields, struct ch_err *err)
{
	struct who *who = &request->who;
	int rc = CH_OK;

	if (*who->session) {
		rc = ch_session_end(sessions, who->session, err);
		if (rc != CH_OK && rc != CH_NONE)
			return rc;
		close_all(who->session);
	}
	who_forget(who);
	put_cookie(request, fields, NULL);
	return CH_OK;
}

/* One that the consumer has made, or wants the visitor to have. */
static int
give_session(struct who *who, const struct reply_wish *wish,
    struct ch_session *session, struct ch_err *err)
{
	int rc = ch_session_get(sessions, wish->session.data, session, err);

	if (rc == CH_OK)
		become(who, session);
	return rc;
}

static int
change_data(struct who *who, const struct reply_wish *wish,
    struct ch_session *session, struct ch_err *err)
{
	const struct ch_session with = {
		.data = wish->session.data, .len = wish->session.len,
		.idle = settings->idle, .max_age = settings->max_age,
	};
	int rc;

	if (*who->session)
		return ch_session_merge(sessions, who->session, with.data,
		    with.len, session, err);
	rc = ch_session_new(sessions, &with, session, err);
	if (rc == CH_OK)
		become(who, session);
	return rc;
}

/* Log in, or out: the id that was known before is of no use to anybody. */
static int
change_user(struct who *who, const char *user, struct ch_session *session,
    struct ch_err *err)
{
	const struct ch_session with = {
		.user = user,
		.idle = settings->idle, .max_age = settings->max_age,
	};
	char before[CH_SESSION_ID + 1];
	int rc;

	memcpy(before, who->session, sizeof(before));
	rc = *before ? ch_session_rotate(sessions, before, user, session, err)
	    : ch_session_new(sessions, &with, session, err);
	if (rc != CH_OK)
		return rc;
	if (*before)
		close_all(before);
	become(who, session);
	return CH_OK;
}

static int
obey(struct request *request, const struct reply_wish *wish,
    struct ch_buf *fields, struct ch_err *err)
{
	struct who *who = &request->who;
	struct ch_session session = { .id = NULL };
	int rc = CH_OK;

	if (!settings->on)
		return ch_err_set(err, CH_USAGE, "there are none without "
		    "--sessions");
	if (wish->what == REPLY_SESSION_ENDS)
		return end_session(request, fields, err);
	if (wish->what == REPLY_SESSION_GIVEN)
		rc = give_session(who, wish, &session, err);
	else if (wish->what == REPLY_SESSION_DATA)
		rc = change_data(who, wish, &session, err);
	if (rc == CH_OK && wish->logs_in)
		rc = change_user(who, wish->user.data, &session, err);
	else if (rc == CH_OK && wish->logs_out && who->user)
		rc = change_user(who, NULL, &session, err);
	if (rc == CH_OK && session.id)
		put_cookie(request, fields, &session);
	return rc;
}

int
session_answer(struct request *request, const struct reply_wish *wish,
    struct ch_buf *fields)
{
	struct ch_err err = CH_ERR_INIT;

	if (wish->what == REPLY_SESSION_STAYS && !wish->logs_in &&
	    !wish->logs_out)
		return 0;
	if (obey(request, wish, fields, &err) == CH_OK)
		return 0;
	say_error("session of an answer to %s: %s", request->head.path,
	    err.text);
	return -1;
}

/* --- WebSockets and event streams ----------------------------------------- */

/* Only who is in the group may be sure that nobody ends it unnoticed. */
int
session_join(struct mailbox *box, const struct who *who, struct ch_err *err)
{
	char group[CH_NAME_MAX + 1];
	struct ch_session session;
	int rc;

	if (!*who->session)
		return CH_OK;
	ch_session_group(who->session, group);
	rc = bridge_join(box, group, err);
	return rc == CH_OK ? ch_session_get(sessions, who->session, &session,
	    err) : rc;
}

void
session_used(struct client *client)
{
	struct who *who = &client->who;
	struct ch_session session;
	int rc;

	if (!*who->session || who->used + USE_MS > ch_clock())
		return;
	rc = ch_session_get(sessions, who->session, &session, NULL);
	if (rc == CH_OK)
		note_use(who, &session);
	else if (rc == CH_NONE)
		client_close(client, CH_SESSION_OVER);
}

/* --- data of connections -------------------------------------------------- */

static void
forget(struct due *due)
{
	struct leaving *leaving = (struct leaving *)due;

	due_clear(due);
	ch_session_end(sessions, leaving->channel, NULL);
	free(leaving);
}

void
session_leave(const struct client *client)
{
	const char *channel = client->box.channel;
	struct leaving *leaving;
	struct ch_session session;
	size_t size = strlen(channel) + 1;

	if (!sessions ||
	    ch_session_get(sessions, channel, &session, NULL) != CH_OK)
		return;
	leaving = calloc(1, sizeof(*leaving) + size);
	if (!leaving)
		say_memory();
	memcpy(leaving->channel, channel, size);
	due_set(&leavings, &leaving->due, LEAVE_MS);
}

/* Whether that connection is there, or was until just now. */
static int
lives(void *arg, const char *channel)
{
	struct due *due;

	(void)arg;
	for (due = leavings.first; due; due = due->next)
		if (strcmp(((struct leaving *)due)->channel, channel) == 0)
			return 1;
	return bridge_lives(channel);
}

static void
sweep(struct due *due)
{
	due_set(&sweeps, due, SWEEP_MS);
	ch_session_sweep(sessions, lives, NULL, NULL, NULL);
}
