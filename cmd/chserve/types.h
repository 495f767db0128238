/* types.h - what kind of file a name's suffix tells. Pure. */
#ifndef CHSERVE_TYPES_H
#define CHSERVE_TYPES_H

struct type {
	const char *suffix; /* lower case, without the dot */
	const char *name;   /* for Content-Type */
	int packs;          /* becomes much smaller when it is compressed */
};

/* The type of a path; application/octet-stream where nothing is known. */
const struct type *type_of(const char *path);

#endif
