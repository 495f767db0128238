/*
 * static.h - files under the root: finding one and describing it.
 */
#ifndef CHSERVE_STATIC_H
#define CHSERVE_STATIC_H

#include "chserve/head.h"

#include "base/buf.h"
#include "channel.h"

#include <sys/types.h>

/* What to answer: a status, fields for the answer, and a piece of a file. */
struct static_answer {
	int status;
	struct ch_buf fields; /* "Name: value\r\n" each */
	int fd;               /* -1: nothing of a file is to be sent */
	off_t at;
	off_t len; /* bytes of it to send */
};

/* Open the root directory; CH_CONFIG if it cannot be one. */
int static_open(const char *root, struct ch_err *err);
void static_close(void);

/* Whether `path`, an existing file or directory, lies in the root. */
int static_has(const char *root, const char *path);

/*
 * What a request comes to whose path, or what of it lies below where we are
 * mounted ("" for that place itself), is `path`: 200, 206, 301, 304, 403, 405,
 * 412, 416 or 503; 404 only where no file is there that may be shown. Nothing
 * but regular files may. The caller releases answer->fields and closes
 * answer->fd.
 */
void static_find(struct static_answer *answer, const struct head *head,
    const char *path);

#endif
