/*
 * environ.h - what a command meets in its environment.
 *
 * Every one has PATH, HOME, LANG and CHANNELS_URL; one that is run for a
 * message also has the parts of it as CH_*.
 */
#ifndef CHWORK_ENVIRON_H
#define CHWORK_ENVIRON_H

#include "base/buf.h"
#include "chwork/pattern.h"
#include "common/json.h"

#define ENVIRON_VALUE 65536 /* the longest value, in bytes */

struct environment {
	struct ch_buf frame; /* what the text of a message is, if it is one */
	struct ch_buf text; /* NAME=VALUE, each with its NUL */
	size_t base;        /* bytes of text that hold for all */
	char **list;        /* of them, ended by NULL */
	size_t size;
};

/* `url` is the store's, NULL if it is not known; `path` the PATH for all. */
void environ_init(struct environment *environment, const char *url,
    const char *path);

/*
 * The environment without a message; valid until the next call. `settings` are
 * the route's, NAME=VALUE each, ended by NULL (NULL: none): they come before
 * what all have.
 */
char *const *environ_plain(struct environment *environment,
    char *const *settings);

/* The environment for a message; valid until the next call. */
char *const *environ_for(struct environment *environment,
    char *const *settings, const char *channel, struct json message,
    const struct captures *captures, unsigned retries);

/*
 * The same again with what was added to `text` since: NAME=VALUE, each with
 * its NUL.
 */
char *const *environ_list(struct environment *environment,
    char *const *settings);

void environ_release(struct environment *environment);

#endif
