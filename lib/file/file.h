/*
 * file.h - the file backend's layer: directories open, what is cached, what is
 * owned. Every file of this room works on a struct ch_file.
 *
 * Rooms within the room, lowest first: lock, bell, dir, queue (a mapped ring,
 * knows nothing of names), chan (a channel's folder: lock, queue, bells),
 * delay, live (owners), group, then send, receive, room (senders that wait),
 * sweep.
 * Lock order: live, group, queue; never two of a kind.
 */
#ifndef CH_FILE_FILE_H
#define CH_FILE_FILE_H

#include "layer/backend.h"

#include <sys/stat.h>
#include <sys/types.h>

struct ch_chan;
struct ch_chans;  /* chan.c: the open channels, by name */
struct ch_groups; /* groups.c: the open groups, by name */
struct ch_owned;  /* live.c: the prefixes this process owns */

struct ch_file {
	struct ch_layer base;
	int root;     /* STORE, a directory descriptor; the others below it */
	int channels; /* STORE/channels */
	int groups;   /* STORE/groups */
	int live;     /* STORE/live */
	mode_t mode;  /* of files: 0600, or 0660 in a shared store */
	gid_t gid;    /* the shared store's group, else (gid_t)-1 */
	uint64_t boot; /* ch_clock_boot() */
	struct ch_chans *chans;
	struct ch_groups *grouped;
	struct ch_owned *owned;
};

/* The file layer behind a layer. */
static inline struct ch_file *
ch_file(struct ch_layer *layer)
{
	return (struct ch_file *)layer;
}

#endif
