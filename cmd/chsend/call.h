/*
 * call.h - calls: messages with a reply_channel, and the replies to them.
 *
 * Without envelopes each call is waited for before the next is made, and its
 * replies are printed as they are. With envelopes many are in flight, and each
 * reply is printed beside the id of its call, in the order in which they come.
 * A reply to a call that has ended is late: it is dropped, and counted.
 */
#ifndef CHSEND_CALL_H
#define CHSEND_CALL_H

#include "common/send.h"

struct call_settings {
	uint64_t replies; /* to each call */
	int more; /* one that says more_content is not counted */
};

/* All that is sent from now on is a call. */
int call_begin(struct send *send, const struct call_settings *settings,
    struct ch_err *err);

/*
 * Wait for what is in flight, if all went well so far (rc). The status; what
 * failed was said.
 */
int call_end(struct send *send, int rc);

#endif
