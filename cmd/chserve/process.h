/* process.h - one process that serves: all of it, or one of those of -j. */
#ifndef CHSERVE_PROCESS_H
#define CHSERVE_PROCESS_H

#include "chserve/places.h"
#include "chserve/settings.h"

/* What a place is for: what is served, and --admin. */
extern struct places_use process_site, process_admin;

/*
 * Serve at the places that are open, until told to end. `ready` is called once
 * connections are accepted; its failure ends us. Whatever comes of it,
 * process_close closes what was opened, but for the places.
 */
int process_serve(struct settings *settings, struct ch_layer *layer,
    int (*ready)(struct ch_err *err), struct ch_err *err);
void process_close(void);

/*
 * Read certificates again; -1 if they are no good, which was said: we keep
 * what we have.
 */
int process_reload(void);

#endif
