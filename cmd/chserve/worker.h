/*
 * worker.h - the chwork that runs beside us.
 *
 * It is found where we are, or in PATH; it ends with us, however we end, and
 * is started again when it ends by itself.
 */
#ifndef CHSERVE_WORKER_H
#define CHSERVE_WORKER_H

#include "channel.h"

/*
 * Run `chwork --takes http.request ROUTES`; its exit status, 0: the routes are
 * sound.
 */
int worker_check(const char *routes);

/* Whether there are routes, and none of them is for HTTP requests. */
int worker_leaves_http(void);

/* Run chwork on that store, with `jobs` jobs ("": as many as it likes). */
void worker_start(const char *routes, const char *store, const char *jobs);

/* Have it read its routes again. */
void worker_reload(void);

/* A child has ended (SIGCHLD). */
void worker_child_ended(void);

/* Have it finish its work and end. Whether there is one that runs. */
void worker_stop(void);
int worker_runs(void);

/* In a child of ours: it is the parent's. */
void worker_forget(void);

#endif
