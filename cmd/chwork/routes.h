/*
 * routes.h - what a routes text says, and which route a message takes.
 *
 * Pure: reading files and finding commands is load.h.
 */
#ifndef CHWORK_ROUTES_H
#define CHWORK_ROUTES_H

#include "chwork/metrics.h"
#include "chwork/pattern.h"
#include "common/json.h"
#include "common/opt.h"

#include <stddef.h>
#include <stdint.h>

enum action { ACTION_ACCEPT, ACTION_REJECT, ACTION_CLOSE, ACTION_DROP,
	ACTION_EXEC, ACTION_CGI, ACTION_STREAM, ACTION_POST, ACTION_SEND,
	ACTION_GROUP, ACTION_DELAY };

enum reply { REPLY_NONE, REPLY_TEXT, REPLY_JSON, REPLY_ENVELOPES,
	REPLY_FRAMES, REPLY_HTTP, REPLY_BYTES };

struct filter {
	char *key;
	struct pattern pattern;
	struct regex *regex; /* NULL: it is the pattern */
	int prefix;          /* of the path, which is stripped inside */
};

struct filters {
	char *text; /* of the line that they are in */
	struct filter *list;
	size_t n;
	const struct filters *outer; /* of the include; NULL: none */
};

struct file;
struct include;
struct recur;
struct regex;
struct stream;

struct route {
	char *place; /* for people: "routes:3" */
	char *command_place; /* the same of argv[0], which a later line */
	unsigned command_column; /* may have */
	char *channel; /* a name or a glob */
	struct filters filters;
	struct recur *recur; /* NULL: it is for messages */
	int built_in; /* it is of no text */
	enum action action;
	struct pattern *groups; /* accept: to join */
	size_t ngroups;
	struct pattern subprotocol; /* accept: no parts: none */
	unsigned code;         /* close: 0: none */
	struct pattern target; /* send: a channel; group: a group */
	struct pattern url;    /* post */
	int64_t delay;         /* send: ms */
	enum reply reply;  /* exec and stream */
	int authorization; /* cgi: the program may see that field */
	int64_t timeout;   /* exec and stream: ms, 0: none */
	unsigned retries;  /* after failures, and whether it was told */
	int retries_told;
	int64_t retry_delay; /* ms before the first one; 0: the usual */
	char *dead;        /* the channel for those that failed; NULL: none */
	size_t jobs;       /* exec: at once, 0: no limit; stream: copies */
	int per_connection; /* stream: a copy for each (peer.c) */
	int text, bytes;   /* such a copy writes lines, or what it likes */
	int null;          /* stream: a NUL ends what it reads and writes */
	struct opt_list headers; /* post: "Name: value" */
	int form;          /* post: as a form, not as JSON */
	char *key_file;    /* post: to sign with; NULL: it does not */
	struct ch_buf key; /* what was in it (command.c) */
	char **settings;   /* NAME=VALUE, ended by NULL, or NULL */
	char **argv;       /* exec and stream: ended by NULL */
	char *program;     /* argv[0] as a path (command.c) */
	char *dir;         /* where it runs (load.c) */
	char **scripts;    /* files that the command is made of, and */
	size_t nscripts;
	uint64_t stamp;    /* the state they were in (command.c) */
	size_t running;    /* exec: now (exec.c); copies of peer.c */
	struct stream *stream; /* its copies (stream.c) */
	struct metrics metrics;
};

struct routes {
	struct route **list; /* in the order in which they are tried */
	size_t n;
	size_t errors;
	/* Tells of an error; `place` has no column. */
	void (*wrong)(const char *place, unsigned column, const char *what);
	/* Adds the routes of a file; -1: wrong[size] says why not. */
	int (*include)(struct routes *routes, const struct include *include,
	    char *wrong, size_t size);
	int patient; /* a file that is a pipe is waited for */
	struct filters **scopes; /* of the includes */
	size_t nscopes;
	const struct file *file; /* being read, and */
	char **files; /* those that were (load.c) */
	size_t nfiles;
	struct routes *older; /* those that were replaced (reload.c) */
};

/* A line that includes another file. */
struct include {
	const char *file; /* as it is written */
	const struct filters *filters;
	char *const *settings;
	unsigned depth; /* includes around it */
};

/*
 * Add the routes of a text. `source` names it in errors, which are counted and
 * told; with `one` set it is a single line from elsewhere, and places are the
 * source alone ("-r 1"). `in` is what includes it, or NULL.
 */
void routes_parse(struct routes *routes, const char *source, int one,
    const char *text, size_t len, const struct include *in);

/*
 * The route for what Channels' code sends to be delayed; any of the text that
 * is for the same comes before it.
 */
void routes_add_delay(struct routes *routes);

/*
 * Leave out the routes whose channel, as it is written, matches none of `only`
 * (unless that is empty) or one of `exclude`. 0, or -1: wrong[size] says which
 * glob makes no sense.
 */
int routes_select(struct routes *routes, const struct opt_list *only,
    const struct opt_list *exclude, char *wrong, size_t size);

/* How many there are that somebody wrote. */
size_t routes_count(const struct routes *routes);

/* Whether one of them is for that channel. */
int routes_take(const struct routes *routes, const char *channel);

/* Whether a command is run for each message. */
int route_runs(const struct route *route);

/* Whether something is, so that messages wait for a place. */
int route_takes_time(const struct route *route);

void route_free(struct route *route);
void routes_release(struct routes *routes);

/* What a route made of a message. */
struct match {
	struct captures captures; /* pointing into values */
	struct ch_buf values;
	size_t offset[PATTERN_CAPTURES]; /* of the captures in it */
	int gave_up; /* it took too long to find out */
	int mounted; /* there were filters on the path, and so many bytes */
	size_t mount; /* of it lead to the route (mount.h) */
	struct ch_buf frame; /* the text, when a filter looks into it */
};

/*
 * Whether the route takes the message; then match has the captures, valid
 * until the next call with the same match.
 */
int route_takes(const struct route *route, const char *channel,
    struct json message, struct match *match);

/*
 * The first route that takes it, or NULL: none does, or match->gave_up: a
 * visitor must not get past a route by making it long.
 */
struct route *routes_find(const struct routes *routes, const char *channel,
    struct json message, struct match *match);

void match_release(struct match *match);

#endif
