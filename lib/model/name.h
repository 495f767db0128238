/*
 * name.h - the rules of names, beyond what channel.h shows.
 *
 * Pure: no files, no clock.
 */
#ifndef CH_MODEL_NAME_H
#define CH_MODEL_NAME_H

#include <stddef.h>

/* Random characters that ch_new_channel adds to a pattern: 71 bits. */
#define CH_NAME_RANDOM 12

/* What sort of channel an accepted name means. */
enum ch_sort {
	CH_SORT_NORMAL,  /* "jobs" */
	CH_SORT_PROCESS, /* "p!local", or "p!" where one receives */
	CH_SORT_SINGLE   /* "p?random" */
};

enum ch_sort ch_name_sort(const char *name);

/*
 * The length of the part that names the queue: of "p!local" it is 2 ("p!"),
 * of every other name all of it.
 */
size_t ch_name_queue_len(const char *name);

/*
 * Whether a receiver on `wanted`, a name or a glob, hears the queue `name`. A
 * glob hears ordinary channels: what is one process's own is heard only by a
 * glob that ends in its mark, and a single reader's by none.
 */
int ch_name_hears(const char *wanted, const char *name);

/*
 * Whether `pattern`, a name or a glob, is meant to include `name`: the ? of a
 * name is a mark, not a wildcard.
 */
int ch_name_matches(const char *pattern, const char *name);

/* Whether expiry defaults to 60 s: http.*, websocket.*, and all with a mark. */
int ch_name_is_protocol(const char *name);

#endif
