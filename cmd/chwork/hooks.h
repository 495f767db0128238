/*
 * hooks.h - commands of the worker's own, around that of a message.
 *
 * They are read as the commands of routes are, from the command line.
 */
#ifndef CHWORK_HOOKS_H
#define CHWORK_HOOKS_H

#include "chwork/routes.h"

struct hooks {
	const char *before_text, *after_text; /* as given, or NULL */
	struct routes routes;
	const struct route *before, *after; /* NULL: none */
};

/* Read them; `path` is where commands are looked for. 0, or -1: told. */
int hooks_load(struct hooks *hooks, const char *path);

void hooks_release(struct hooks *hooks);

#endif
