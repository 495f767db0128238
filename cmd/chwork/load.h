/* load.h - routes from files and the command line, with their commands. */
#ifndef CHWORK_LOAD_H
#define CHWORK_LOAD_H

#include "chwork/routes.h"
#include "common/opt.h"

/* What the command line says of the routes. */
struct sources {
	struct opt_list options; /* -r */
	char *const *files;      /* ended by NULL */
	struct opt_list only, exclude;
	const char *path; /* where commands without a slash are looked for */
};

/*
 * All of the routes, and their commands. 0; or -1, after telling what is wrong
 * (routes->errors), or with what is wrong with only or exclude in wrong[size].
 */
int load(struct routes *routes, const struct sources *sources, char *wrong,
    size_t size);

#endif
