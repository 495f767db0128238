/* login.c - who knows a password, and what it is. */
#include "chsession/attempts.h"
#include "chsession/secret.h"
#include "chsession/users.h"
#include "chsession/verbs.h"

#include "base/err.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Nobody's, so that a name that nobody has takes as long as any. */
static void
nobodys_hash(const char *text, size_t len, char hash[SECRET_HASH_MAX])
{
	struct users_hash first = users_first(text, len);

	if (first.text && first.len < SECRET_HASH_MAX)
		snprintf(hash, SECRET_HASH_MAX, "%.*s", (int)first.len,
		    first.text);
	if (!secret_is_hash(hash))
		secret_hash("nobody", hash, NULL);
}

/* NAME's hash, or one that no password has; whether it is NAME's. */
static int
find_hash(const struct context *context, const char *name,
    char hash[SECRET_HASH_MAX], int *known, struct ch_err *err)
{
	struct ch_buf text = CH_BUF_INIT;
	struct users_hash found = { NULL, 0 };
	int rc = users_read(&text, context->file, err);

	*hash = '\0';
	if (rc == CH_OK && text.len)
		found = users_find(text.data, text.len, name);
	if (found.text && found.len < SECRET_HASH_MAX)
		snprintf(hash, SECRET_HASH_MAX, "%.*s", (int)found.len,
		    found.text);
	*known = secret_is_hash(hash);
	if (found.len && !*known && *hash != '!' && *hash != '*')
		say_error("%s: the hash of %s is none that crypt(3) takes for "
		    "safe", context->file, name);
	if (rc == CH_OK && !*known)
		nobodys_hash(text.data ? text.data : "", text.len, hash);
	ch_buf_release(&text);
	return rc;
}

/* CH_NONE: it is not the password, or there is no such user. */
static int
check(const struct context *context, const char *name, struct ch_err *err)
{
	char password[SECRET_MAX], hash[SECRET_HASH_MAX];
	int known = 0, rc = secret_read("Password: ", password, err);

	if (rc == CH_OK)
		rc = find_hash(context, name, hash, &known, err);
	if (rc == CH_OK)
		rc = attempts_take(context->state, name, err);
	if (rc == CH_OK && !(secret_matches(password, hash) & known)) {
		say_note("wrong name or password");
		rc = CH_NONE;
	}
	secret_clear(password);
	return rc == CH_OK ? attempts_forget(context->state, name, err) : rc;
}

/* Another id for the session that there is, or a new one. */
static int
begin(struct context *context, const char *name, struct ch_session *session,
    struct ch_err *err)
{
	const struct ch_session with = { .user = name,
		.idle = context->idle, .max_age = context->max_age };
	const char *before = context->session ? context->session
	    : getenv("CH_SESSION");
	int rc = CH_NONE;

	if (before && *before)
		rc = ch_session_rotate(context->sessions, before, name,
		    session, err);
	if (rc == CH_OK)
		return verbs_close(context, before, err);
	return rc == CH_NONE ? ch_session_new(context->sessions, &with,
	    session, err) : rc;
}

int
verb_login(struct context *context, char **operands, struct ch_err *err)
{
	struct ch_session session;
	int rc = ch_session_user_check(*operands, err);

	if (rc == CH_OK)
		rc = check(context, *operands, err);
	if (rc == CH_OK)
		rc = begin(context, *operands, &session, err);
	if (rc == CH_OK)
		put_format(&out, "%s\n", session.id);
	return rc;
}

/* From a terminal twice, for nobody sees what is typed. */
static int
read_new(char password[SECRET_MAX], struct ch_err *err)
{
	char again[SECRET_MAX];
	int rc = secret_read("New password: ", password, err);

	if (rc != CH_OK || !isatty(STDIN_FILENO))
		return rc;
	rc = secret_read("Again: ", again, err);
	if (rc == CH_OK && strcmp(password, again) != 0)
		rc = ch_err_set(err, CH_REFUSED, "they are not the same");
	secret_clear(again);
	return rc;
}

int
verb_passwd(struct context *context, char **operands, struct ch_err *err)
{
	char password[SECRET_MAX] = "", hash[SECRET_HASH_MAX];
	int rc = ch_session_user_check(*operands, err);

	if (rc == CH_OK && **operands == '#')
		rc = ch_err_set(err, CH_REFUSED, "a name that begins with # "
		    "would be a comment");
	if (rc == CH_OK)
		rc = read_new(password, err);
	if (rc == CH_OK)
		rc = secret_hash(password, hash, err);
	secret_clear(password);
	return rc == CH_OK ? users_set(context->file, *operands, hash, err)
	    : rc;
}
