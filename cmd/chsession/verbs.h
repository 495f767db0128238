/*
 * verbs.h - what chsession does, a function each.
 *
 * They get the operands behind the verb. The context's files are open, but for
 * passwd, which needs none.
 */
#ifndef CHSESSION_VERBS_H
#define CHSESSION_VERBS_H

#include "chsession.h"
#include "common/opt.h"

struct context {
	/* What the command line says: */
	const char *file, *user, *session;
	int64_t idle, max_age; /* ms; 0: chsession.h's */
	int json, all;
	/* What is open: */
	struct ch_layer *layer;
	struct ch_sessions *sessions;
	const char *state; /* the directory */
};

extern const struct opt_program program;

int verb_new(struct context *context, char **operands, struct ch_err *err);
int verb_get(struct context *context, char **operands, struct ch_err *err);
int verb_set(struct context *context, char **operands, struct ch_err *err);
int verb_unset(struct context *context, char **operands, struct ch_err *err);
int verb_list(struct context *context, char **operands, struct ch_err *err);
int verb_end(struct context *context, char **operands, struct ch_err *err);
int verb_sweep(struct context *context, char **operands, struct ch_err *err);
int verb_login(struct context *context, char **operands, struct ch_err *err);
int verb_passwd(struct context *context, char **operands, struct ch_err *err);

/* Close the WebSockets of a session that is no more. */
int verbs_close(struct context *context, const char *id, struct ch_err *err);

#endif
