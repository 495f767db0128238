/*
 * layer.c - the life of a layer, and the names it owns.
 *
 * A layer belongs to the process that opened it. A forked child shares its
 * open files, and so its locks: `generation` counts the forks that led to this
 * process, and a layer of another generation is opened anew before use.
 */
#include "layer/front.h"

#include "base/err.h"
#include "base/id.h"
#include "model/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned generation;
/* Held while a child's first caller reopens a layer. */
static pthread_mutex_t reopening = PTHREAD_MUTEX_INITIALIZER;

static void
in_child(void)
{
	generation++;
	pthread_mutex_init(&reopening, NULL);
}

static void
watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

void
ch_front_adopt(struct ch_layer *layer, const struct ch_backend *backend)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, watch_forks);
	layer->backend = backend;
	layer->patience = CH_NEVER;
	layer->fork = generation;
	pthread_mutex_init(&layer->mutex, NULL);
}

/* The mutex may be held by a thread that the child does not have: renew it. */
static int
reopen(struct ch_layer *layer, struct ch_err *err)
{
	int rc = CH_OK;

	pthread_mutex_lock(&reopening);
	if (__atomic_load_n(&layer->fork, __ATOMIC_ACQUIRE) != generation) {
		pthread_mutex_init(&layer->mutex, NULL);
		rc = layer->backend->reopen(layer, err);
		if (rc == CH_OK)
			__atomic_store_n(&layer->fork, generation,
			    __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&reopening);
	return rc;
}

int
ch_front_enter(struct ch_layer *layer, struct ch_err *err)
{
	int rc;

	if (__atomic_load_n(&layer->fork, __ATOMIC_ACQUIRE) != generation) {
		rc = reopen(layer, err);
		if (rc != CH_OK)
			return rc;
	}
	pthread_mutex_lock(&layer->mutex);
	return CH_OK;
}

void
ch_front_leave(struct ch_layer *layer)
{
	pthread_mutex_unlock(&layer->mutex);
}

void
ch_close(struct ch_layer *layer)
{
	char *location;

	if (!layer)
		return;
	/* what a parent owns is not given up by its child */
	if (layer->fork != generation)
		reopen(layer, NULL);
	location = layer->location;
	ch_limits_release(&layer->limits);
	pthread_mutex_destroy(&layer->mutex);
	layer->backend->close(layer);
	free(location);
}

const char *
ch_location(const struct ch_layer *layer)
{
	return layer->location;
}

size_t
ch_max_size(const struct ch_layer *layer)
{
	return layer->limits.max_size;
}

void
ch_patience(struct ch_layer *layer, int64_t deadline)
{
	if (ch_front_enter(layer, NULL) != CH_OK)
		return;
	layer->patience = deadline;
	ch_front_leave(layer);
}

int
ch_front_check_text(const struct ch_layer *layer, const char *text,
    size_t len, unsigned flags, struct ch_err *err)
{
	if (len > layer->limits.max_size)
		return ch_err_set(err, CH_REFUSED,
		    "message of %zu bytes is larger than %zu", len,
		    layer->limits.max_size);
	return flags & CH_CHECKED ? CH_OK : ch_message_check(text, len, err);
}

int
ch_front_check_opts(const struct ch_send_opts *opts, struct ch_err *err)
{
	if (opts->delay < 0 || opts->at < 0 || opts->expiry < 0 ||
	    opts->deadline < 0)
		return ch_err_set(err, CH_USAGE, "a time is negative");
	if (opts->delay && opts->at)
		return ch_err_set(err, CH_USAGE,
		    "a delay and a time exclude each other");
	if (opts->exclude)
		return ch_name_check(opts->exclude, CH_TO_SEND, err);
	return CH_OK;
}

/* --- names -------------------------------------------------------------- */

static int
own(struct ch_layer *layer, const char *prefix, struct ch_err *err)
{
	int rc = ch_front_enter(layer, err);

	if (rc != CH_OK)
		return rc;
	rc = layer->backend->own(layer, prefix, err);
	ch_front_leave(layer);
	return rc;
}

int
ch_new_channel(struct ch_layer *layer, const char *pattern,
    char name[CH_NAME_MAX + 1], struct ch_err *err)
{
	char random[CH_NAME_RANDOM + 1];
	int rc;

	rc = ch_name_check(pattern, CH_TO_NEW, err);
	if (rc == CH_OK && ch_name_sort(pattern) == CH_SORT_PROCESS)
		rc = own(layer, pattern, err);
	if (rc != CH_OK)
		return rc;
	ch_id_random(random, CH_NAME_RANDOM);
	snprintf(name, CH_NAME_MAX + 1, "%s%s", pattern, random);
	return CH_OK;
}

int
ch_own_random(struct ch_layer *layer, const char *stem,
    char name[CH_NAME_MAX + 1], struct ch_err *err)
{
	char random[CH_ID_UNIQUE + 1], prefix[2 * CH_NAME_MAX];
	int rc;

	rc = ch_name_check(stem, CH_TO_JOIN, err);
	if (rc != CH_OK)
		return rc;
	ch_id_random(random, CH_ID_UNIQUE);
	snprintf(prefix, sizeof(prefix), "%s.%s!", stem, random);
	rc = ch_name_check(prefix, CH_TO_NEW, err);
	if (rc == CH_OK)
		rc = own(layer, prefix, err);
	if (rc == CH_OK)
		strcpy(name, prefix);
	return rc;
}

int
ch_will(struct ch_layer *layer, const char *channel, const char *to,
    const char *text, size_t len, struct ch_err *err)
{
	int rc;

	rc = ch_name_check(channel, CH_TO_SEND, err);
	if (rc == CH_OK && ch_name_sort(channel) != CH_SORT_PROCESS)
		rc = ch_err_set(err, CH_USAGE, "%s has no owner", channel);
	if (rc == CH_OK && text)
		rc = ch_name_check(to, CH_TO_SEND, err);
	if (rc == CH_OK && text)
		rc = ch_front_check_text(layer, text, len, 0, err);
	if (rc == CH_OK)
		rc = ch_front_enter(layer, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->will(layer, channel, to, text, len, err);
	ch_front_leave(layer);
	return rc;
}

/* --- keeping house ------------------------------------------------------ */

int
ch_flush(struct ch_layer *layer, const char *glob, uint64_t *flushed,
    struct ch_err *err)
{
	uint64_t count = 0;
	int rc = CH_OK;

	if (glob)
		rc = ch_name_check(glob, CH_TO_MATCH, err);
	if (rc == CH_OK)
		rc = ch_front_enter(layer, err);
	if (rc == CH_OK) {
		rc = layer->backend->flush(layer, glob, &count, err);
		ch_front_leave(layer);
	}
	if (flushed)
		*flushed = count;
	return rc;
}

int
ch_sweep(struct ch_layer *layer, int64_t idle, uint64_t *removed,
    struct ch_err *err)
{
	uint64_t count = 0;
	int rc;

	rc = ch_front_enter(layer, err);
	if (rc == CH_OK) {
		rc = layer->backend->sweep(layer, idle, &count, err);
		ch_front_leave(layer);
	}
	if (removed)
		*removed = count;
	return rc;
}
