/*
 * condition.h - conditional requests (RFC 9110, section 13). Pure.
 *
 * `etag` is what the file has now, a strong one with its quotes; `modified` the
 * time of its last change.
 */
#ifndef CHSERVE_CONDITION_H
#define CHSERVE_CONDITION_H

#include "chserve/head.h"

#include <time.h>

/*
 * Whether a GET or HEAD is to be answered with the file: 0; else 304, the
 * client has it already, or 412, it wants it only as it was.
 */
int condition_check(const struct head *head, const char *etag,
    time_t modified);

/*
 * The Range field to heed: NULL if there is none, or several, or If-Range says
 * that the pieces the client has are of another file.
 */
const char *condition_range(const struct head *head, const char *etag,
    time_t modified);

#endif
