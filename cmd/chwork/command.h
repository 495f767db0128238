/* command.h - finding the commands of routes. */
#ifndef CHWORK_COMMAND_H
#define CHWORK_COMMAND_H

#include "chwork/routes.h"

/*
 * Find the commands of all routes: those without a slash in `path`, or in a
 * setting of that name; and the scripts that they are or that are among their
 * arguments. What is wrong is told and counted.
 */
void commands_find(struct routes *routes, const char *path);

/*
 * The PATH for commands: ours, with the directory of our own programs in
 * front. To be freed.
 */
char *command_path(void);

#endif
