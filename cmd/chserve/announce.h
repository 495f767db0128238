/* announce.h - saying where we listen. */
#ifndef CHSERVE_ANNOUNCE_H
#define CHSERVE_ANNOUNCE_H

#include "chserve/places.h"

/* Print "listening on http://ADDR:PORT/" and the like to standard output. */
int announce(struct ch_err *err);

/* "listening on 127.0.0.1:8000, unix:/path", cut short where it is long. */
void announce_line(char *text, size_t size);

/* A note of where the console is: the first address of the network. */
void announce_console(const struct places_use *use);

#endif
