/* session.c - one session: made, looked at, changed, ended. */
#include "chsession.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"
#include "session/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Times stay far from where sums of them overflow. */
#define LONGEST ((int64_t)1000000000000000)

static int
is_connection(const char *id)
{
	return ch_folder_kind(id) == CH_FOLDER_CONNECTION;
}

static int
check_id(const char *id, struct ch_err *err)
{
	enum ch_folder_kind kind = ch_folder_kind(id);

	if (kind == CH_FOLDER_SESSION || kind == CH_FOLDER_CONNECTION)
		return CH_OK;
	return ch_err_set(err, CH_REFUSED,
	    "no id of a session, and no reply channel");
}

static int
no_such(struct ch_err *err)
{
	return ch_err_set(err, CH_NONE, "no such session");
}

/* What sessions->record is, for the caller. */
static void
show(const struct ch_sessions *sessions, int64_t seen,
    struct ch_session *session)
{
	const struct ch_record *record = &sessions->record;

	if (!session)
		return;
	*session = (struct ch_session){
		.id = sessions->id,
		.user = record->user,
		.data = record->data.data,
		.len = record->data.len,
		.created = record->created,
		.seen = seen,
		.expires = is_connection(sessions->id) ? CH_NEVER :
		    ch_record_expires(record, seen),
		.idle = record->idle,
		.max_age = record->max_age,
	};
}

/* Read it, if it has not expired. */
static int
read_good(struct ch_sessions *sessions, const char *id, int64_t *seen,
    struct ch_err *err)
{
	int rc = ch_folder_read(sessions, id, seen, err);

	if (rc == CH_OK && !is_connection(id) &&
	    ch_record_expires(&sessions->record, *seen) <= ch_clock_real())
		rc = CH_NONE;
	return rc == CH_NONE ? no_such(err) : rc;
}

static int64_t
time_or(int64_t given, int64_t usual)
{
	if (given <= 0)
		return usual;
	return given < LONGEST ? given : LONGEST;
}

/* Have the record of a session that is as young as can be. */
static void
begin(struct ch_sessions *sessions)
{
	ch_id_random(sessions->id, CH_SESSION_ID);
	sessions->record.created = ch_clock_real();
}

int
ch_session_new(struct ch_sessions *sessions, const struct ch_session *with,
    struct ch_session *session, struct ch_err *err)
{
	struct ch_record *record = &sessions->record;
	int rc;

	ch_record_release(record);
	rc = ch_buf_adds(&record->data, "{}") < 0 ? ch_err_memory(err) :
	    ch_record_set_user(record, with->user, err);
	if (rc == CH_OK && with->data)
		rc = ch_record_merge(record, with->data, with->len, err);
	if (rc == CH_OK)
		rc = ch_folder_lock(sessions, err);
	if (rc != CH_OK)
		return rc;
	record->idle = time_or(with->idle, CH_SESSION_IDLE);
	record->max_age = time_or(with->max_age, CH_SESSION_MAX_AGE);
	begin(sessions);
	rc = ch_folder_write(sessions, sessions->id, err);
	ch_folder_unlock(sessions);
	if (rc == CH_OK)
		show(sessions, record->created, session);
	return rc;
}

int
ch_session_get(struct ch_sessions *sessions, const char *id,
    struct ch_session *session, struct ch_err *err)
{
	int64_t seen;
	int rc = check_id(id, err);

	if (rc == CH_OK)
		rc = read_good(sessions, id, &seen, err);
	if (rc == CH_OK)
		show(sessions, seen, session);
	return rc;
}

int
ch_session_touch(struct ch_sessions *sessions, const char *id,
    struct ch_err *err)
{
	int rc = check_id(id, err);

	if (rc != CH_OK)
		return rc;
	if (utimensat(sessions->dir, id, NULL, AT_SYMLINK_NOFOLLOW) == 0)
		return CH_OK;
	return errno == ENOENT ? no_such(err) :
	    ch_err_os(err, errno, "touch a session");
}

/* --- changes ------------------------------------------------------------ */

/* With the lock held: the record as it is, of a connection a new one. */
static int
read_to_change(struct ch_sessions *sessions, const char *id,
    struct ch_err *err)
{
	struct ch_record *record = &sessions->record;
	int64_t seen;
	int rc = read_good(sessions, id, &seen, err);

	if (rc != CH_NONE || !is_connection(id))
		return rc;
	ch_record_release(record);
	snprintf(sessions->id, sizeof(sessions->id), "%s", id);
	record->created = ch_clock_real();
	return ch_buf_adds(&record->data, "{}") < 0 ? ch_err_memory(err) :
	    CH_OK;
}

int
ch_session_merge(struct ch_sessions *sessions, const char *id,
    const char *patch, size_t len, struct ch_session *session,
    struct ch_err *err)
{
	int rc = check_id(id, err);

	if (rc == CH_OK)
		rc = ch_folder_lock(sessions, err);
	if (rc != CH_OK)
		return rc;
	rc = read_to_change(sessions, id, err);
	if (rc == CH_OK)
		rc = ch_record_merge(&sessions->record, patch, len, err);
	if (rc == CH_OK)
		rc = ch_folder_write(sessions, id, err);
	ch_folder_unlock(sessions);
	if (rc == CH_OK)
		show(sessions, ch_clock_real(), session);
	return rc;
}

/* The name first: who is killed between them leaves an id nobody knows. */
static int
move_on(struct ch_sessions *sessions, const char *old, struct ch_err *err)
{
	begin(sessions);
	if (renameat(sessions->dir, old, sessions->dir, sessions->id) < 0)
		return ch_err_os(err, errno, "rename a session");
	return ch_folder_write(sessions, sessions->id, err);
}

int
ch_session_rotate(struct ch_sessions *sessions, const char *id,
    const char *user, struct ch_session *session, struct ch_err *err)
{
	char old[CH_SESSION_ID + 1];
	int64_t seen;
	int rc = check_id(id, err);

	if (rc == CH_OK && is_connection(id))
		rc = ch_err_set(err, CH_REFUSED, "a connection's data have "
		    "no user");
	if (rc == CH_OK)
		rc = ch_folder_lock(sessions, err);
	if (rc != CH_OK)
		return rc;
	snprintf(old, sizeof(old), "%s", id);
	rc = read_good(sessions, old, &seen, err);
	if (rc == CH_OK)
		rc = ch_record_set_user(&sessions->record, user, err);
	if (rc == CH_OK)
		rc = move_on(sessions, old, err);
	ch_folder_unlock(sessions);
	if (rc == CH_OK)
		show(sessions, sessions->record.created, session);
	return rc;
}

int
ch_session_end(struct ch_sessions *sessions, const char *id,
    struct ch_err *err)
{
	int rc = check_id(id, err);

	if (rc == CH_OK)
		rc = ch_folder_lock(sessions, err);
	if (rc != CH_OK)
		return rc;
	if (unlinkat(sessions->dir, id, 0) < 0)
		rc = errno == ENOENT ? no_such(err) :
		    ch_err_os(err, errno, "remove a session");
	ch_folder_unlock(sessions);
	return rc;
}

/* --- all of them -------------------------------------------------------- */

struct walk {
	struct ch_sessions *sessions;
	int (*each)(void *arg, const struct ch_session *session);
	int (*lives)(void *arg, const char *channel);
	void *arg;
	uint64_t removed;
};

static int
each_name(void *arg, const char *name)
{
	struct walk *walk = arg;
	struct ch_session session;

	if (ch_folder_kind(name) != CH_FOLDER_SESSION ||
	    ch_session_get(walk->sessions, name, &session, NULL) != CH_OK)
		return CH_OK;
	return walk->each(walk->arg, &session);
}

int
ch_session_each(struct ch_sessions *sessions,
    int (*each)(void *arg, const struct ch_session *session), void *arg,
    struct ch_err *err)
{
	struct walk walk = { .sessions = sessions, .each = each, .arg = arg };

	return ch_folder_walk(sessions, each_name, &walk, err);
}

/* With the lock held, so that what is being written is not taken away. */
static int
sweep_name(void *arg, const char *name)
{
	struct walk *walk = arg;
	int64_t seen;
	int good;

	switch (ch_folder_kind(name)) {
	case CH_FOLDER_SESSION:
		good = read_good(walk->sessions, name, &seen, NULL) !=
		    CH_NONE;
		break;
	case CH_FOLDER_CONNECTION:
		good = !walk->lives || walk->lives(walk->arg, name);
		break;
	case CH_FOLDER_LEFT:
		good = 0;
		break;
	default:
		return CH_OK;
	}
	if (!good && unlinkat(walk->sessions->dir, name, 0) == 0)
		walk->removed++;
	return CH_OK;
}

int
ch_session_sweep(struct ch_sessions *sessions,
    int (*lives)(void *arg, const char *channel), void *arg,
    uint64_t *removed, struct ch_err *err)
{
	struct walk walk = { .sessions = sessions, .lives = lives,
		.arg = arg };
	int rc = ch_folder_lock(sessions, err);

	if (rc != CH_OK)
		return rc;
	rc = ch_folder_walk(sessions, sweep_name, &walk, err);
	ch_folder_unlock(sessions);
	if (removed)
		*removed = walk.removed;
	return rc;
}

void
ch_session_group(const char *id, char group[CH_NAME_MAX + 1])
{
	snprintf(group, CH_NAME_MAX + 1, "session.%016" PRIx64,
	    ch_hash(id, strlen(id), 0));
}
