/*
 * scan.h - what stands in a group's lists: one walk checks, counts and finds.
 *
 * An owner's list is of local parts, as queue.h defines them. The list of the
 * other members is a *roll*: each entry has the time of its last add.
 *
 * Pure: bytes in, answers out.
 */
#ifndef CH_FILE_SCAN_H
#define CH_FILE_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* What a scan found. */
struct ch_scan {
	uint64_t living; /* entries that count */
	size_t waste;    /* bytes of the others */
	int found;       /* the name asked for: CH_SCAN_* */
	size_t at;       /* where its entry begins */
};

enum { CH_SCAN_ABSENT, CH_SCAN_LIVING, CH_SCAN_DEAD };

/* An entry of a roll, with the NUL that `len` leaves out, padded to 8 bytes. */
struct ch_roll_entry {
	int64_t time; /* of its last add, by the list's clock; 0: has left */
	unsigned char len;
	char name[];
};

/* The hash by which a name counts in a list's sum. */
uint64_t ch_scan_hash(const char *name, size_t len);

/*
 * Scan a list of parts, looking for name[0..len) (NULL: for none). 0, or -1
 * when it is damaged: *sum is not the entries' (NULL: known to be right, which
 * saves most of the work).
 */
int ch_scan_parts(const char *bytes, size_t n, const uint64_t *sum,
    const char *name, size_t len, struct ch_scan *scan);
/*
 * The same for a roll, which lies aligned to 8 bytes; only entries added after
 * `since` count. Every name in it is one to send to.
 */
int ch_scan_roll(const char *bytes, size_t n, const uint64_t *sum,
    int64_t since, const char *name, size_t len, struct ch_scan *scan);

/* Make an entry; its size. `room` holds CH_ROLL_ENTRY_MAX bytes, aligned. */
#define CH_ROLL_ENTRY_MAX 120
size_t ch_roll_entry_make(void *room, const char *name, size_t len,
    int64_t time);
/* The next entry that counts, at or after *at; NULL at the end. */
const struct ch_roll_entry *ch_roll_next(const char *bytes, size_t n,
    size_t *at, int64_t since);

#endif
