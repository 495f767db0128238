/*
 * child.h - a command that runs: its standard error, its end.
 *
 * The owner embeds a struct child, sets what is marked so, and starts it. The
 * crew is all that run; when one ends, its owner hears of it.
 */
#ifndef CHWORK_CHILD_H
#define CHWORK_CHILD_H

#include "base/buf.h"
#include "chwork/loop.h"
#include "chwork/routes.h"

#include <sys/types.h>

struct child {
	/* Set by the owner: */
	const struct route *route;
	void (*readable)(void *arg); /* its output is; NULL: it is logged */
	void (*ended)(void *arg, int status); /* as waitpid(2) says */
	void *arg;
	/* Ours: */
	struct crew *crew;
	struct child *next;
	pid_t pid;         /* and process group; 0: none */
	struct source out; /* what it writes */
	struct source err;
	struct ch_buf line; /* of standard error, not complete */
	struct ch_buf last; /* lines of standard error, few and short */
	struct timer timer; /* until it is made to end */
	int ending;         /* it was told to */
	int64_t since;      /* ms since the epoch */
	struct ch_buf progress; /* its last line of that */
	int64_t second;     /* of standard error, and lines that were logged */
	unsigned logged;    /* in it; those beyond are counted, not logged */
	uint64_t unlogged;
};

struct crew {
	struct loop *loop;
	void (*changed)(void *arg); /* one began, ended or went on; NULL */
	void *arg;
	struct child *first;
	int ending; /* all were told to end */
};

/*
 * Start the route's command; `in` becomes its standard input, and is closed
 * here whatever happens. 0, or -1 after saying why not.
 */
int child_start(struct child *child, struct crew *crew, char *const *envp,
    int in);

/* Make it end after `delay` ms, its process group with it. */
void child_end(struct child *child, int64_t delay);

/* Hear of those that ended: on SIGCHLD. */
void crew_reap(struct crew *crew);

/* Make all end: SIGTERM or SIGKILL to their process groups. */
void crew_end(struct crew *crew, int number);

/* Log what is left of standard error. */
void child_hear(struct child *child);

/* Append how it ended. */
void child_put_status(struct ch_buf *out, const struct child *child,
    int status);

/* Say how it ended, at which place, and its last words. */
void child_complain(const struct child *child, const char *channel,
    int status);

void child_release(struct child *child);

#endif
