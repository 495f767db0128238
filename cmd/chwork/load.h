/* load.h - routes from files and the command line, and their commands. */
#ifndef CHWORK_LOAD_H
#define CHWORK_LOAD_H

#include "chwork/routes.h"

/*
 * Add the routes of a file, or of the number-th -r. Errors are told and
 * counted as by routes_parse.
 */
void load_file(struct routes *routes, const char *file);
void load_option(struct routes *routes, const char *route, size_t number);

/*
 * Find the commands of all routes: those without a slash in `path`, or in a
 * setting of that name.
 */
void load_commands(struct routes *routes, const char *path);

/*
 * The PATH for commands: ours, with the directory of our own programs in
 * front. To be freed.
 */
char *load_path(void);

#endif
