/* settings.h - NAME=VALUE in a routes text: for the commands' environment. */
#ifndef CHWORK_SETTINGS_H
#define CHWORK_SETTINGS_H

#include "chwork/line.h"

/* Whether the word is written like a setting. */
int settings_is_one(const char *word);

/*
 * Take the settings that are next in the line into a list, ended by NULL,
 * where a later one replaces one of the same name.
 */
void settings_read(struct line *line, char ***list);

/* A copy of the list; NULL of NULL. */
char **settings_copy(char *const *list);

/* The value of the setting `name`, or NULL; list may be NULL. */
const char *settings_find(char *const *list, const char *name);

void settings_free(char **list);

#endif
