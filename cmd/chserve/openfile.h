/*
 * openfile.h - files that are being sent, each open once.
 *
 * However many clients get a file, or are slow to take it, it costs one
 * descriptor: who reads has a place in it of his own (pread, sendfile).
 */
#ifndef CHSERVE_OPENFILE_H
#define CHSERVE_OPENFILE_H

#include <sys/types.h>

struct openfile {
	int fd;
	dev_t device;
	ino_t inode;
	size_t n; /* who has it */
	struct openfile *next;
};

/*
 * The file that fd is open for reading on; fd is taken. To be given back with
 * openfile_put, to which NULL is nothing.
 */
struct openfile *openfile_take(int fd);
void openfile_put(struct openfile *file);

#endif
