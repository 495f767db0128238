/* describe.h - the fields that tell about a file. */
#ifndef CHSERVE_DESCRIBE_H
#define CHSERVE_DESCRIBE_H

#include "chserve/head.h"
#include "chserve/types.h"

#include "base/buf.h"

#include <sys/stat.h>

/* A file that is open: the one asked for, or a compressed sibling of it. */
struct found {
	int fd;
	struct stat st;
	const struct type *type; /* without the compression */
	const char *coding;      /* of a sibling: "gzip"; else NULL */
	int varies;              /* there is a sibling */
};

/*
 * Append the fields that answer a GET or HEAD: type, validators, what piece of
 * it. Returns the status: 200, 206, 304, 412 or 416; *len bytes at *at belong
 * to the answer, none of them with the last three.
 */
int describe_file(struct ch_buf *out, const struct head *head,
    const struct found *found, off_t *at, off_t *len);

#endif
