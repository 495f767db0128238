/*
 * users.h - a file of names and hashed passwords.
 *
 * A line each, "NAME:HASH", as htpasswd(1) writes them; what is behind another
 * colon is somebody else's, as in /etc/shadow. Empty lines and those that
 * begin with # say nothing.
 */
#ifndef CHSESSION_USERS_H
#define CHSESSION_USERS_H

#include "base/buf.h"
#include "channel.h"

/* A hash in a text; NULL: none. */
struct users_hash {
	const char *text; /* not ended by a NUL */
	size_t len;
};

/* NAME's hash, and the first that there is of anybody. Pure. */
struct users_hash users_find(const char *text, size_t len, const char *name);
struct users_hash users_first(const char *text, size_t len);

/* Append the text with NAME's hash changed, or with a line for it. Pure. */
void users_change(struct ch_buf *to, const char *text, size_t len,
    const char *name, const char *hash);

/* Append what is in the file. */
int users_read(struct ch_buf *text, const char *file, struct ch_err *err);

/*
 * Set NAME's hash. Others see the file before or after, whole; its mode and
 * owner stay, a new one has mode 0600. A link is followed.
 */
int users_set(const char *file, const char *name, const char *hash,
    struct ch_err *err);

#endif
