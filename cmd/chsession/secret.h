/* secret.h - passwords: read, hashed, compared. */
#ifndef CHSESSION_SECRET_H
#define CHSESSION_SECRET_H

#include "channel.h"

#define SECRET_MAX 512     /* bytes of a password, with its NUL */
#define SECRET_HASH_MAX 384 /* bytes of a hash, with its NUL */

/*
 * Read a password: a line of standard input. A terminal is asked with `prompt`
 * and does not show what is typed. CH_REFUSED: there is none, it is too long,
 * or has a NUL. Clear it after use.
 */
int secret_read(const char *prompt, char password[SECRET_MAX],
    struct ch_err *err);
void secret_clear(char password[SECRET_MAX]);

/* Hash it, with salt, by crypt(3)'s best method (yescrypt). */
int secret_hash(const char *password, char hash[SECRET_HASH_MAX],
    struct ch_err *err);

/* Whether crypt(3) can tell if a password is that. Others are not matched. */
int secret_is_hash(const char *hash);

/* Whether it is that password's; takes the same time where it is not. */
int secret_matches(const char *password, const char *hash);

#endif
