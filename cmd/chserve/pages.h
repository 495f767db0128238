/* pages.h - the pages of our own: the console, the metrics, the health. */
#ifndef CHSERVE_PAGES_H
#define CHSERVE_PAGES_H

#include "chserve/request.h"

struct pages_settings {
	int console;         /* there is one, at CONSOLE_PATH */
	const char *metrics; /* the paths of the others; NULL: not there */
	const char *health;
};

/* Answer, if it is for one of them; 0 if it is for none. */
int pages_begin(
    struct request *request, const struct pages_settings *settings);

#endif
