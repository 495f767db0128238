/*
 * body.h - a request's body on its way into a message.
 *
 * Small bodies go into the message, larger ones where --body says: to a file
 * whose path is in the message, or in pieces to a channel that the message
 * names. An urlencoded form is parsed as well; a multipart one is parsed
 * instead, and its uploads become files.
 *
 * Calling sequence
 * ----------------
 *     body_init(&body, settings, &head, length)   0, or a status
 *     body_add(&body, bytes, n) …          0, a status, or BODY_FULL
 *     body_end(&body)                      the same
 *     body_put(&body, &message)            its keys, once it is_ready
 *     body_release(&body)                  removes its files
 *
 * A body that is streamed is ready as soon as it turns out to be large; from
 * then on BODY_FULL says that its channel has no room: body_flush tries again,
 * and nothing may be added before that is 0.
 */
#ifndef CHSERVE_BODY_H
#define CHSERVE_BODY_H

#include "chserve/form.h"
#include "chserve/head.h"
#include "chserve/spool.h"

#include "base/buf.h"
#include "channel.h"

#define BODY_FULL (-1)

/*
 * All bodies together may have so much memory; beyond it, 503 for those that
 * have more than the small share which nobody is denied.
 */
#define BODY_MEMORY ((size_t)64 << 20)
#define BODY_SMALL ((size_t)4 << 10)

enum body_mode { BODY_INLINE, BODY_STREAM, BODY_SPOOL };

struct body_settings {
	int mode;            /* enum body_mode */
	uint64_t inline_max; /* bytes that go into the message */
	uint64_t max;        /* bytes in all */
	int no_forms;
	struct form_limits form;
};

struct body {
	const struct body_settings *settings;
	uint64_t size;          /* bytes so far */
	struct ch_buf text;     /* inline; or of a stream what is not sent */
	struct spool spool;     /* in a file */
	struct form *form;      /* parsed */
	int parts;              /* it is multipart: parsed only */
	char channel[CH_NAME_MAX + 1]; /* in pieces, to this one */
	int sending; /* pieces may be sent: the message was */
	int ended;
	size_t held; /* bytes of memory, as counted */
};

/* `length` is what the head says of it, -1 if nothing. */
int body_init(struct body *body, const struct body_settings *settings,
    const struct head *head, off_t length);
int body_add(struct body *body, const char *bytes, size_t n);
int body_end(struct body *body);

/* Whether the message can be sent: all that belongs in it is there. */
int body_is_ready(const struct body *body);

/* Append `,"body":…` and what else there is of it. */
void body_put(struct body *body, struct ch_buf *message);

/* The message was sent: a stream may begin. Then, or when there is room. */
int body_flush(struct body *body);

/* Before a stream's end its reader is told that no more comes. */
void body_release(struct body *body);

#endif
