/* record.c - a session as the text of its file. */
#include "session/record.h"

#include "base/err.h"
#include "chsession.h"
#include "session/members.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Nested values cost nothing here, but whoever reads them may be less able. */
static int
check_data(const char *text, size_t len, struct ch_err *err)
{
	struct ch_err why = CH_ERR_INIT;

	if (len > CH_SESSION_DATA_MAX)
		return ch_err_set(err, CH_REFUSED,
		    "a session's data would have %zu bytes, and may have %d",
		    len, CH_SESSION_DATA_MAX);
	if (ch_message_check(text, len, &why) != CH_OK)
		return ch_err_set(err, CH_REFUSED, "a session's data: %s",
		    why.text);
	return CH_OK;
}

int
ch_session_user_check(const char *user, struct ch_err *err)
{
	struct ch_buf quoted = CH_BUF_INIT;
	const unsigned char *p;
	int rc;

	for (p = (const unsigned char *)user; *p; p++)
		if (*p < ' ' || *p == 0x7f || *p == ':')
			return ch_err_set(err, CH_REFUSED, "a user's name "
			    "has a control character or a colon");
	if (!*user || p - (const unsigned char *)user > CH_SESSION_USER_MAX)
		return ch_err_set(err, CH_REFUSED,
		    "a user's name has 1 to %d bytes", CH_SESSION_USER_MAX);
	rc = ch_members_quote(&quoted, user);
	ch_buf_release(&quoted);
	if (rc < 0)
		return ch_err_set(err, CH_REFUSED,
		    "a user's name is not UTF-8");
	return CH_OK;
}

/* --- reading ------------------------------------------------------------ */

static int
is_key(struct ch_piece key, const char *name)
{
	return key.len == strlen(name) + 2 &&
	    !memcmp(key.text + 1, name, key.len - 2);
}

/* -1 if it is no whole number. */
static int64_t
number(struct ch_piece value)
{
	int64_t n = 0;
	size_t i;

	if (!value.len || value.len > 18)
		return -1;
	for (i = 0; i < value.len; i++) {
		if (value.text[i] < '0' || value.text[i] > '9')
			return -1;
		n = n * 10 + (value.text[i] - '0');
	}
	return n;
}

static int
read_member(struct ch_record *record, const struct ch_members *member,
    struct ch_err *err)
{
	if (is_key(member->key, "created")) {
		record->created = number(member->value);
	} else if (is_key(member->key, "idle")) {
		record->idle = number(member->value);
	} else if (is_key(member->key, "max_age")) {
		record->max_age = number(member->value);
	} else if (is_key(member->key, "user")) {
		free(record->user);
		record->user = ch_members_string(member->value);
		if (!record->user)
			return ch_err_set(err, CH_REFUSED, "no user's name");
	} else if (is_key(member->key, "data")) {
		ch_buf_clear(&record->data);
		if (member->value.text[0] != '{')
			return ch_err_set(err, CH_REFUSED, "no object");
		if (ch_buf_add(&record->data, member->value.text,
		        member->value.len) < 0)
			return ch_err_memory(err);
	}
	return CH_OK;
}

int
ch_record_parse(struct ch_record *record, const char *text, size_t len,
    struct ch_err *err)
{
	struct ch_members walk;
	int rc;

	ch_record_release(record);
	if (len && text[len - 1] == '\n')
		len--;
	rc = ch_message_check(text, len, err);
	record->created = record->idle = record->max_age = -1;
	walk = ch_members(text, len);
	while (rc == CH_OK && ch_members_next(&walk))
		rc = read_member(record, &walk, err);
	if (rc == CH_OK && record->user)
		rc = ch_session_user_check(record->user, err);
	if (rc == CH_OK && (record->created < 0 || record->idle < 0 ||
	    record->max_age < 0 || !record->data.len))
		rc = ch_err_set(err, CH_REFUSED, "something is missing");
	return rc;
}

/* --- writing ------------------------------------------------------------ */

int
ch_record_format(const struct ch_record *record, struct ch_buf *text,
    struct ch_err *err)
{
	if (ch_buf_addc(text, '{') < 0)
		return ch_err_memory(err);
	if (record->user && (ch_buf_adds(text, "\"user\":") < 0 ||
	    ch_members_quote(text, record->user) < 0 ||
	    ch_buf_addc(text, ',') < 0))
		return ch_err_memory(err);
	if (ch_buf_addf(text, "\"created\":%" PRId64 ",\"idle\":%" PRId64
	        ",\"max_age\":%" PRId64 ",\"data\":", record->created,
	        record->idle, record->max_age) < 0 ||
	    ch_buf_add(text, record->data.data, record->data.len) < 0 ||
	    ch_buf_adds(text, "}\n") < 0)
		return ch_err_memory(err);
	return CH_OK;
}

int
ch_record_merge(struct ch_record *record, const char *patch, size_t len,
    struct ch_err *err)
{
	struct ch_buf data = CH_BUF_INIT;
	int rc = check_data(patch, len, err);

	if (rc == CH_OK && ch_members_merge(&data,
	        (struct ch_piece){ record->data.data, record->data.len },
	        (struct ch_piece){ patch, len }) < 0)
		rc = ch_err_memory(err);
	if (rc == CH_OK)
		rc = check_data(data.data, data.len, err);
	if (rc != CH_OK) {
		ch_buf_release(&data);
		return rc;
	}
	ch_buf_release(&record->data);
	record->data = data;
	return CH_OK;
}

int
ch_record_set_user(struct ch_record *record, const char *user,
    struct ch_err *err)
{
	int rc = user ? ch_session_user_check(user, err) : CH_OK;

	if (rc != CH_OK)
		return rc;
	free(record->user);
	record->user = user ? strdup(user) : NULL;
	return user && !record->user ? ch_err_memory(err) : CH_OK;
}

int64_t
ch_record_expires(const struct ch_record *record, int64_t seen)
{
	int64_t aged = record->created + record->max_age;

	return seen < aged - record->idle ? seen + record->idle : aged;
}

void
ch_record_release(struct ch_record *record)
{
	free(record->user);
	ch_buf_release(&record->data);
	*record = (struct ch_record)CH_RECORD_INIT;
}
