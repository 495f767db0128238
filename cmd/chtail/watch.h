/*
 * watch.h - what is watched: groups, which are joined, or channels, of which
 * nothing is taken.
 *
 *     struct watch watch = { .channels = … };
 *
 *     rc = watch_open(&watch, layer, operands, 0, &err);
 *     … ch_receive_many(watch.receiver, …), watch_name(&watch, message) …
 *     watch_close(&watch);
 *
 * A group is joined as a channel behind our prefix that is its number, so that
 * a message tells which group it came by.
 */
#ifndef CHTAIL_WATCH_H
#define CHTAIL_WATCH_H

#include "channel.h"

struct watched {
	char *name; /* a group, or a channel as a receiver names it */
	int here;   /* it is watched; 0: it was left */
	struct ch_receiver *receiver; /* of a channel, when each has its own */
};

struct watch {
	int channels; /* not groups */
	int each;     /* every channel has its own receiver: they come and go */
	struct ch_layer *layer;
	struct watched *list; /* in the order of the command line */
	size_t n;
	char prefix[CH_NAME_MAX + 1]; /* "chtail.RANDOM!", ours: "0" behind */
	                              /* it is in the first group, and so on */
	struct ch_receiver *receiver; /* of the groups, or of all channels */
	uint64_t said; /* messages missed, as far as said, */
	int64_t when;  /* and when that was */
};

/* Whether the operands may be watched: CH_REFUSED. */
int watch_check(const struct watch *watch, char *const *operands,
    struct ch_err *err);

/*
 * Watch what the operands name, and say so; globs over groups mean those there
 * are. CH_NONE: there is none.
 */
int watch_open(struct watch *watch, struct ch_layer *layer,
    char *const *operands, struct ch_err *err);

/*
 * Watch one more, which has nothing to say if it is watched already, and stop
 * watching one (CH_NONE: it is not). Channels need `each`.
 */
int watch_join(struct watch *watch, const char *name, struct ch_err *err);
int watch_leave(struct watch *watch, const char *name, struct ch_err *err);

/* The one of that name that is watched, or NULL. */
struct watched *watch_find(const struct watch *watch, const char *name);

/* Whether it is more than one; a glob over channels may be many. */
int watch_is_many(const struct watch *watch);

/* The group that was sent to; NULL for messages of channels. */
const char *watch_group(const struct watch *watch,
    const struct ch_message *message);

/* Say how many messages came too fast, at most once a second unless `now`. */
void watch_missed(struct watch *watch, int now);

void watch_close(struct watch *watch);

#endif
