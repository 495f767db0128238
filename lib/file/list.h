/*
 * list.h - a group's list on disk: a header, and behind it the entries.
 *
 * It is read whole and written in place, with pread and pwrite and never
 * mapped: a full disk is an error, and a file cut short by somebody else is
 * one too. All of it happens under the group's lock. An append writes behind
 * what is used, then the header; a change inside is one byte or one aligned
 * word. So whoever is killed leaves the old list or the new one.
 *
 * `sum` adds up the hashes of all entries' names, those that have left
 * included: scan.h checks it, so a damaged list is refused, not believed.
 */
#ifndef CH_FILE_LIST_H
#define CH_FILE_LIST_H

#include "base/buf.h"
#include "file/file.h"

struct ch_list_head {
	char magic[8];
	uint32_t version;
	uint32_t unused;
	uint64_t used;  /* bytes of entries */
	uint64_t sum;
	uint64_t boot;  /* under which boot `base` was written */
	int64_t base;   /* the list's clock minus CLOCK_BOOTTIME, in ms */
	int64_t at;     /* that clock at the last write of the header */
	int64_t real;   /* CLOCK_REALTIME then */
};

struct ch_list {
	int fd;
	const char *group, *name; /* for people */
	struct ch_list_head head;
	int is_moved; /* the clock was put right: the header is to be written */
};

/*
 * Read the header of the list behind `fd` and append its entries to `bytes`.
 * An empty file, or header, is an empty list. CH_REFUSED: damaged, or a newer
 * version.
 */
int ch_list_load(struct ch_list *list, int fd, const char *group,
    const char *name, uint64_t boot, struct ch_buf *bytes,
    struct ch_err *err);

/* The list's clock: CLOCK_BOOTTIME put right after reboots, never 0. */
int64_t ch_list_clock(const struct ch_list *list);

/* Append an entry whose name has this hash. */
int ch_list_append(struct ch_list *list, const void *entry, size_t n,
    uint64_t hash, struct ch_err *err);
/* Overwrite n bytes of the entries. */
int ch_list_poke(struct ch_list *list, size_t at, const void *bytes, size_t n,
    struct ch_err *err);
/* Put a file with these entries in the list's place, in the folder `dir`. */
int ch_list_replace(const struct ch_list *list, const struct ch_file *file,
    int dir, const void *entries, size_t n, uint64_t sum,
    struct ch_err *err);

/*
 * Write all n bytes, or -1 with errno: a short write means ENOSPC, and a
 * descriptor that could only be opened for reading EROFS.
 */
int ch_list_write(int fd, const void *bytes, size_t n, off_t at);

#endif
