/*
 * reports.h - what the workers on a store say of themselves.
 *
 * Each has a file, workers/ID in the state's directory, that it locks as long
 * as it lives and writes anew when something has changed: a JSON object a line
 * for each of its routes.
 *
 *     {"worker":PID,"route":PLACE,"takes":NAME,…,"jobs":[
 *      {"pid":PID,"since":MS,"progress":TEXT},…]}
 */
#ifndef CMD_COMMON_REPORTS_H
#define CMD_COMMON_REPORTS_H

#include "channel.h"

#include <limits.h>

struct report {
	int fd; /* -1: none */
	char path[PATH_MAX];
};

/* Begin a report of our own. `location` is the store's. */
int report_open(struct report *report, const char *location,
    struct ch_err *err);

/*
 * Say this from now on. CH_UNAVAILABLE: somebody is just reading; again a
 * little later.
 */
int report_write(const struct report *report, const char *text, size_t len,
    struct ch_err *err);

/* It is no more. */
void report_close(struct report *report);

/*
 * Call each(arg, text, len) for what every living worker says; the files of
 * the dead are removed. `each` may be NULL.
 */
int reports_read(const char *location,
    void (*each)(void *arg, const char *text, size_t len), void *arg,
    struct ch_err *err);

#endif
