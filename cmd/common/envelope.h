/*
 * envelope.h - {"channel"|"group": NAME, "message": {...}, "delay": SECS,
 * "id": ANY}: a message on its way, with where it goes.
 */
#ifndef CMD_COMMON_ENVELOPE_H
#define CMD_COMMON_ENVELOPE_H

#include "channel.h"
#include "common/json.h"

struct envelope {
	char name[CH_NAME_MAX + 1];
	const char *named; /* where the text says it */
	int group;         /* the name is a group's */
	struct json message;
	int64_t delay;     /* ms, 0: none */
	struct json id;    /* of a call; none */
};

/*
 * Read the envelope that `text`, a checked message, is. CH_REFUSED with what
 * is wrong; *column is then the character, from 1, where it is.
 */
int envelope_read(struct envelope *envelope, const char *text, size_t len,
    size_t *column, struct ch_err *err);

#endif
