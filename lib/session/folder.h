/*
 * folder.h - STATE/sessions: a file each for sessions and connections, and the
 * lock that all changes happen under.
 */
#ifndef CH_SESSION_FOLDER_H
#define CH_SESSION_FOLDER_H

#include "chsession.h"

#include "base/buf.h"
#include "session/record.h"

struct ch_sessions {
	int dir;  /* STATE/sessions */
	int lock; /* its file "lock" */
	int durable;
	int64_t patience; /* ms */

	/* What the caller's struct ch_session points to. */
	struct ch_record record;
	char id[CH_NAME_MAX + 1];
};

/* What a name in the folder means. */
enum ch_folder_kind {
	CH_FOLDER_OTHER,      /* the lock, or none of ours */
	CH_FOLDER_SESSION,    /* a session's id */
	CH_FOLDER_CONNECTION, /* a reply channel */
	CH_FOLDER_LEFT        /* being written, or left by one who was killed */
};
enum ch_folder_kind ch_folder_kind(const char *name);

/* A change, begun and ended. CH_UNAVAILABLE: others do not let go. */
int ch_folder_lock(struct ch_sessions *sessions, struct ch_err *err);
void ch_folder_unlock(struct ch_sessions *sessions);

/*
 * Read a file into sessions->record and id; *seen is when it was last written
 * or touched. CH_NONE: it is not there, or damaged.
 */
int ch_folder_read(struct ch_sessions *sessions, const char *name,
    int64_t *seen, struct ch_err *err);

/* Write sessions->record; others see the old file or the new one, whole. */
int ch_folder_write(struct ch_sessions *sessions, const char *name,
    struct ch_err *err);

/* Call each(arg, name) for every entry; it may change the folder. */
int ch_folder_walk(struct ch_sessions *sessions,
    int (*each)(void *arg, const char *name), void *arg, struct ch_err *err);

#endif
