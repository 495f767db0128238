/* actions.h - the actions of routes, and their options. */
#ifndef CHWORK_ACTIONS_H
#define CHWORK_ACTIONS_H

#include "chwork/line.h"

/* Read the action that is next, to the end of the line, into its route. */
void action_read(struct line *line);

#endif
