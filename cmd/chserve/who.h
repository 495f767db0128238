/* who.h - who a request or a WebSocket is of. */
#ifndef CHSERVE_WHO_H
#define CHSERVE_WHO_H

#include "chsession.h"

/* Zeroed, it is nobody that is known. */
struct who {
	char session[CH_SESSION_ID + 1]; /* its id; "": there is none */
	char *user;   /* NULL: nobody is logged in */
	int64_t used; /* ch_clock() when its use was noted last */
};

/* Known from now on as a copy of `as`; what it was is forgotten. */
void who_become(struct who *who, const struct who *as);

/* Logged in as `user`; NULL: not. */
void who_name(struct who *who, const char *user);

void who_forget(struct who *who);

#endif
