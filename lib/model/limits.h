/*
 * limits.h - what the store's config says: capacity, expiry and sizes, by
 * pattern. Pure: the caller reads the file.
 */
#ifndef CH_MODEL_LIMITS_H
#define CH_MODEL_LIMITS_H

#include "channel.h"

struct ch_limits_rule; /* one entry of "channels", in its order */

struct ch_limits {
	uint64_t capacity;    /* messages a channel, 1000 */
	int64_t expiry;       /* ms; CH_NEVER: null; -1: key absent */
	int64_t group_expiry; /* ms, 86400000; CH_NEVER: null */
	size_t max_size;      /* bytes, CH_MESSAGE_MAX */
	int durable;
	struct ch_limits_rule *rules; /* owned */
	size_t nrules;
};

/* The defaults of DESIGN; nothing allocated. */
void ch_limits_init(struct ch_limits *limits);

/*
 * Parse config text (JSON, RFC 8259) over the defaults. CH_CONFIG with
 * "LINE:COLUMN: what" or the offending key's name. On failure *limits is as
 * after ch_limits_init.
 */
int ch_limits_parse(struct ch_limits *limits, const char *text, size_t len,
    struct ch_err *err);

/* The capacity and expiry (ms, CH_NEVER) that hold for this full name. */
void ch_limits_for(const struct ch_limits *limits, const char *channel,
    uint64_t *capacity, int64_t *expiry);

void ch_limits_release(struct ch_limits *limits);

#endif
