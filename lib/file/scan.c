/* scan.c - what stands in a group's lists. */
#include "file/scan.h"

#include <string.h>

#include "base/hash.h"
#include "file/queue.h"

uint64_t
ch_scan_hash(const char *name, size_t len)
{
	return ch_hash(name, len, 0);
}

static void
count(struct ch_scan *scan, int counts, size_t size)
{
	if (counts)
		scan->living++;
	else
		scan->waste += size;
}

static void
compare(struct ch_scan *scan, int counts, size_t at, const char *entry,
    const char *name, size_t len)
{
	if (memcmp(entry, name, len))
		return;
	scan->found = counts ? CH_SCAN_LIVING : CH_SCAN_DEAD;
	scan->at = at;
}

int
ch_scan_parts(const char *bytes, size_t n, const uint64_t *sum,
    const char *name, size_t len, struct ch_scan *scan)
{
	size_t at, part;
	uint64_t found = 0;
	int counts;

	*scan = (struct ch_scan){ 0 };
	for (at = 0; at < n; at += part + 1) {
		part = (unsigned char)bytes[at] & ~CH_PART_DEAD;
		counts = !((unsigned char)bytes[at] & CH_PART_DEAD);
		if (!part || part >= CH_NAME_MAX || part >= n - at)
			return -1;
		if (sum)
			found += ch_scan_hash(bytes + at + 1, part);
		count(scan, counts, part + 1);
		if (name && part == len)
			compare(scan, counts, at, bytes + at + 1, name, len);
	}
	return sum && *sum != found ? -1 : 0;
}

static size_t
entry_size(size_t len)
{
	return (offsetof(struct ch_roll_entry, name) + len + 1 + 7) &
	    ~(size_t)7;
}

/* The entry at bytes[at], or NULL when the bytes do not hold one. */
static const struct ch_roll_entry *
entry_at(const char *bytes, size_t n, size_t at)
{
	const struct ch_roll_entry *entry = (const void *)(bytes + at);

	if (n - at < sizeof(*entry) || entry_size(entry->len) > n - at ||
	    entry->name[entry->len])
		return NULL;
	return entry;
}

int
ch_scan_roll(const char *bytes, size_t n, const uint64_t *sum, int64_t since,
    const char *name, size_t len, struct ch_scan *scan)
{
	const struct ch_roll_entry *entry;
	uint64_t found = 0;
	size_t at;

	*scan = (struct ch_scan){ 0 };
	for (at = 0; at < n; at += entry_size(entry->len)) {
		entry = entry_at(bytes, n, at);
		if (!entry)
			return -1;
		if (sum && ch_name_check(entry->name, CH_TO_SEND, NULL))
			return -1;
		if (sum)
			found += ch_scan_hash(entry->name, entry->len);
		count(scan, entry->time > since, entry_size(entry->len));
		if (name && entry->len == len)
			compare(scan, entry->time > since, at, entry->name,
			    name, len);
	}
	return sum && *sum != found ? -1 : 0;
}

size_t
ch_roll_entry_make(void *room, const char *name, size_t len, int64_t time)
{
	struct ch_roll_entry *entry = room;

	memset(room, 0, CH_ROLL_ENTRY_MAX);
	entry->time = time;
	entry->len = (unsigned char)len;
	memcpy(entry->name, name, len);
	return entry_size(len);
}

const struct ch_roll_entry *
ch_roll_next(const char *bytes, size_t n, size_t *at, int64_t since)
{
	const struct ch_roll_entry *entry;

	while (*at < n) {
		entry = entry_at(bytes, n, *at);
		if (!entry)
			return NULL;
		*at += entry_size(entry->len);
		if (entry->time > since)
			return entry;
	}
	return NULL;
}
