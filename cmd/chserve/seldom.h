/*
 * seldom.h - what may happen a thousand times a second, said once a minute.
 *
 * Define one statically with what is to be counted:
 *
 *     static struct seldom full = { .what = "connections refused" };
 *
 * The first time its sentence is said, as a note. For the minute that follows
 * it is counted only, and at its end that is said: "connections refused: 12
 * more". So it goes on until a minute passes without.
 */
#ifndef CHSERVE_SELDOM_H
#define CHSERVE_SELDOM_H

#include "chserve/loop.h"

struct seldom {
	struct due due; /* the end of the minute */
	uint64_t more;
	const char *what;
};

/* It happened. */
void seldom_say(struct seldom *seldom, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
