/* range.h - which bytes of a file a request wants. Pure. */
#ifndef CHSERVE_RANGE_H
#define CHSERVE_RANGE_H

#include <sys/types.h>

/*
 * Read a Range field (RFC 9110, section 14) for a file of `size` bytes: 206
 * with the piece in *at and *len, which lies inside the file and is not empty;
 * 416 where it begins beyond the end. 200, the whole file, where one may ignore
 * the field: a unit that is not bytes, something that is no range, several
 * ranges, an empty file.
 */
int range_read(const char *field, off_t size, off_t *at, off_t *len);

#endif
