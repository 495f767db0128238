/*
 * backend.h - what a store must do.
 *
 * A backend is a struct ch_backend filled by designated initialisers at the
 * end of its main file. It embeds struct ch_layer as the first member of its
 * own layer struct, and struct ch_receiver as the first of its receiver.
 *
 * Who does what
 * -------------
 * The front (layer.c) has checked every name and, unless CH_CHECKED, every
 * text, before a backend sees it; opts is never NULL; err may be NULL. The
 * front holds layer->mutex around every call but `open`, `wait`, `wait_room`
 * and `fd`, so a backend needs no locks between threads, and it never sleeps
 * inside a call (a busy lock apart, see patience): waiting is `wait` and
 * `wait_room`, which touch only what belongs to their one caller.
 *
 * Capacity and expiry by pattern: the backend fills layer->limits in open and
 * asks ch_limits_for.
 *
 * A new backend is done when tests/contract passes over it.
 */
#ifndef CH_LAYER_BACKEND_H
#define CH_LAYER_BACKEND_H

#include "channel.h"
#include "model/limits.h"

#include <pthread.h>

#define CH_BACKEND_ABI 1

struct ch_backend;

struct ch_layer {
	const struct ch_backend *backend;
	struct ch_limits limits;
	char *location;        /* set by open, freed by the front */
	int64_t patience;      /* wait for a lock until then, at most 5 s */
	pthread_mutex_t mutex; /* the front's */
	unsigned fork;         /* the front's: in which process it was opened */
};

struct ch_receiver {
	struct ch_layer *layer;
	unsigned flags; /* enum ch_receiver_flag */
	uint64_t missed;
	unsigned fork; /* the front's: if not its layer's, a parent made it */
};

struct ch_backend {
	int abi;          /* CH_BACKEND_ABI */
	const char *name; /* "file" */

	/*
	 * Open `url` (with its scheme; the file backend is given a path) into
	 * *layer, new, with limits and location set. The front sets
	 * backend, patience, mutex and fork. close frees it (not location,
	 * limits).
	 */
	int (*open)(struct ch_layer **layer, const char *url,
	    struct ch_err *err);
	void (*close)(struct ch_layer *layer);
	/* In a forked child, before anything else: drop and reopen all. */
	int (*reopen)(struct ch_layer *layer, struct ch_err *err);

	/*
	 * Send n messages, all for the same queue (the same channel, or
	 * channels behind the same "p!"), at once or none... as far as there
	 * is room: *sent counts. CH_FULL at the first that does not fit.
	 */
	int (*send)(struct ch_layer *layer, const struct ch_message *messages,
	    size_t n, const struct ch_send_opts *opts, size_t *sent,
	    struct ch_err *err);
	/*
	 * Sleep until `channel` may have room, or the deadline (CH_TIMEOUT).
	 * Called without the mutex.
	 */
	int (*wait_room)(struct ch_layer *layer, const char *channel,
	    int64_t deadline, struct ch_err *err);

	int (*new_receiver)(struct ch_receiver **receiver,
	    struct ch_layer *layer, const char *const names[], size_t n,
	    unsigned flags, struct ch_err *err);
	/*
	 * Of a receiver that a parent made only memory and descriptors go:
	 * what it counts in the store is the parent's.
	 */
	void (*free_receiver)(struct ch_receiver *receiver);
	/*
	 * Take up to max messages that are there: CH_OK with *got > 0, or
	 * CH_TIMEOUT when there is none; then, and only then, `fd` (and wait)
	 * will tell of the next.
	 */
	int (*take)(struct ch_receiver *receiver, struct ch_message *messages,
	    size_t max, size_t *got, struct ch_err *err);
	/*
	 * Sleep until `take` may have something (CH_OK), the deadline
	 * (CH_TIMEOUT) or the end of the `until` fd (CH_NONE). May return
	 * CH_OK early. Called without the mutex.
	 */
	int (*wait)(struct ch_receiver *receiver, int64_t deadline,
	    struct ch_err *err);
	int (*fd)(const struct ch_receiver *receiver);
	int (*until)(struct ch_receiver *receiver, int fd,
	    struct ch_err *err);

	/*
	 * Own "p!", given with its mark. CH_OK again if this layer does;
	 * CH_FULL if a living process, or another layer of this one, does.
	 */
	int (*own)(struct ch_layer *layer, const char *prefix,
	    struct ch_err *err);
	int (*will)(struct ch_layer *layer, const char *channel,
	    const char *to, const char *text, size_t len, struct ch_err *err);

	int (*group_add)(struct ch_layer *layer, const char *group,
	    const char *channel, struct ch_err *err);
	int (*group_discard)(struct ch_layer *layer, const char *group,
	    const char *channel, struct ch_err *err);
	int (*group_has)(struct ch_layer *layer, const char *group,
	    const char *channel, struct ch_err *err);
	int (*group_send)(struct ch_layer *layer, const char *group,
	    const char *text, size_t len, const struct ch_send_opts *opts,
	    struct ch_group_sent *result, struct ch_err *err);
	int (*group_drop)(struct ch_layer *layer, const char *group,
	    struct ch_err *err);
	/*
	 * The walks. glob may be NULL. The front passes callbacks that only
	 * collect, and calls the user's after letting the mutex go.
	 */
	int (*group_members)(struct ch_layer *layer, const char *group,
	    const char *glob, int (*each)(void *arg, const char *channel),
	    void *arg, struct ch_err *err);
	int (*stat_channels)(struct ch_layer *layer, const char *glob,
	    int (*each)(void *arg, const struct ch_channel_stat *stat),
	    void *arg, struct ch_err *err);
	int (*stat_groups)(struct ch_layer *layer, const char *glob,
	    int (*each)(void *arg, const struct ch_group_stat *stat),
	    void *arg, struct ch_err *err);
	int (*peek)(struct ch_layer *layer, const char *channel, size_t max,
	    int (*each)(void *arg, const struct ch_message *message),
	    void *arg, struct ch_err *err);
	int (*flush)(struct ch_layer *layer, const char *glob,
	    uint64_t *flushed, struct ch_err *err);
	int (*sweep)(struct ch_layer *layer, int64_t idle, uint64_t *removed,
	    struct ch_err *err);
};

extern const struct ch_backend ch_backend_file; /* lib/file/file.c */
extern const struct ch_backend ch_backend_mem;  /* lib/mem/mem.c */

#endif
