/*
 * record.h - a session as the text of its file, and out of it. Pure.
 *
 *     {"user":"ana","created":1764047000123,"idle":604800000,
 *      "max_age":2592000000,"data":{"cart":3}}
 *
 * on one line with a newline; times in ms. "user" is absent where nobody is
 * logged in. Start with CH_RECORD_INIT, end with ch_record_release.
 */
#ifndef CH_SESSION_RECORD_H
#define CH_SESSION_RECORD_H

#include "channel.h"

#include "base/buf.h"

struct ch_record {
	char *user; /* NULL: nobody */
	int64_t created, idle, max_age;
	struct ch_buf data; /* a JSON object */
};
#define CH_RECORD_INIT { .data = CH_BUF_INIT }

/* Read a file's text; CH_REFUSED if it is damaged, CH_IO: out of memory. */
int ch_record_parse(struct ch_record *record, const char *text, size_t len,
    struct ch_err *err);

/* Append the text. CH_IO: out of memory. */
int ch_record_format(const struct ch_record *record, struct ch_buf *text,
    struct ch_err *err);

/* Put patch into data, see ch_session_merge. */
int ch_record_merge(struct ch_record *record, const char *patch, size_t len,
    struct ch_err *err);

/* Have another user, or with NULL none. */
int ch_record_set_user(struct ch_record *record, const char *user,
    struct ch_err *err);

/* When it expires, last used at `seen`. */
int64_t ch_record_expires(const struct ch_record *record, int64_t seen);

void ch_record_release(struct ch_record *record);

#endif
