/*
 * view.h - how a message is shown: which ones, with what before them.
 *
 * Its options are in `view`; view_start looks at them once they are all there.
 */
#ifndef CHTAIL_VIEW_H
#define CHTAIL_VIEW_H

#include "chtail/watch.h"
#include "common/opt.h"
#include "common/show.h"

struct view {
	struct show show;
	const char *stamp;   /* -T: as strftime(3), "" for the usual; NULL */
	const char *pattern; /* --grep, or NULL */
	const char *field;   /* --field, or NULL */
	int color;           /* enum term_when */
	int people;          /* times and names have a reader */
};

extern struct view view;

/* Whether the options agree; else exit 64. */
void view_start(const struct opt_program *program);

/* Add the message to `out` if it is to be seen; whether it is. */
int view_message(const struct watch *watch, const struct ch_message *message);

#endif
