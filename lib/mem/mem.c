/*
 * mem.c - the mem backend's table, and the stores of this process.
 *
 * Clocks that are set do not move messages sent with a time (`at`): it is
 * turned into a delay when the message is sent.
 */
#include "mem/mem.h"

#include "base/err.h"
#include "model/name.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static struct ch_mem_store *named;

static void
init_sync(struct ch_mem_store *store)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&store->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&store->room, &attr);
	pthread_condattr_destroy(&attr);
	store->pid = getpid();
}

static struct ch_mem_store *
new_store(const char *name)
{
	struct ch_mem_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->name = strdup(name);
	if (!store->name) {
		free(store);
		return NULL;
	}
	init_sync(store);
	return store;
}

static void
free_store(struct ch_mem_store *store)
{
	struct ch_mem_queue *queue;
	struct ch_mem_group *group;

	while ((queue = store->queues)) {
		store->queues = queue->next;
		ch_mem_queue_free(queue);
	}
	ch_mem_groups_flush(store, NULL);
	while ((group = store->groups)) {
		store->groups = group->next;
		free(group);
	}
	pthread_cond_destroy(&store->room);
	pthread_mutex_destroy(&store->mutex);
	free(store->name);
	free(store);
}

/* The store of this name, with a reference more; NULL: no memory. */
static struct ch_mem_store *
join_store(const char *name)
{
	struct ch_mem_store *store;

	if (!*name) {
		store = new_store(name);
		if (store)
			store->refs = 1;
		return store;
	}
	pthread_mutex_lock(&registry);
	for (store = named; store; store = store->next)
		if (strcmp(store->name, name) == 0)
			break;
	if (!store) {
		store = new_store(name);
		if (store) {
			store->next = named;
			named = store;
		}
	}
	if (store)
		store->refs++;
	pthread_mutex_unlock(&registry);
	return store;
}

static void
leave_store(struct ch_mem_store *store)
{
	struct ch_mem_store **at = &named;
	int last;

	pthread_mutex_lock(&registry);
	last = --store->refs == 0;
	while (last && *at && *at != store)
		at = &(*at)->next;
	if (last && *at)
		*at = store->next;
	pthread_mutex_unlock(&registry);
	if (last)
		free_store(store);
}

static int
open_layer(struct ch_layer **layer, const char *url, struct ch_err *err)
{
	struct ch_mem_layer *new = calloc(1, sizeof(*new));

	if (!new)
		return ch_err_memory(err);
	ch_limits_init(&new->base.limits);
	new->base.location = strdup(url);
	new->store = join_store(strchr(url, ':') + 1);
	if (!new->base.location || !new->store) {
		if (new->store)
			leave_store(new->store);
		free(new->base.location);
		free(new);
		return ch_err_memory(err);
	}
	*layer = &new->base;
	return CH_OK;
}

/* What a layer owned goes with it. */
static void
disown(struct ch_layer *layer)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_queue *queue;

	ch_mem_lock(store);
	for (queue = store->queues; queue; queue = queue->next) {
		if (queue->owner != layer)
			continue;
		queue->owner = NULL;
		queue->gone = 1;
		queue->notices = 0;
		ch_mem_list_clear(&queue->ready);
		ch_mem_list_clear(&queue->delayed);
		ch_mem_groups_forget(store, queue->name);
	}
	pthread_cond_broadcast(&store->room);
	ch_mem_unlock(store, 0);
}

static void
close_layer(struct ch_layer *layer)
{
	disown(layer);
	leave_store(ch_mem_store(layer));
	free(layer);
}

/* A child has a copy of all; receivers and owners remain the parent's. */
static int
reopen(struct ch_layer *layer, struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_queue *queue;

	(void)err;
	if (store->pid == getpid())
		return CH_OK;
	init_sync(store);
	store->receivers = NULL;
	for (queue = store->queues; queue; queue = queue->next)
		queue->owner = NULL;
	return CH_OK;
}

static int
flush(struct ch_layer *layer, const char *glob, uint64_t *flushed,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_queue *queue;

	(void)err;
	ch_mem_lock(store);
	for (queue = store->queues; queue; queue = queue->next) {
		if (glob && !ch_name_matches(glob, queue->name))
			continue;
		ch_mem_queue_refresh(store, queue);
		*flushed += ch_mem_queue_pending(queue) + queue->delayed.n;
		queue->notices = 0;
		ch_mem_list_clear(&queue->ready);
		ch_mem_list_clear(&queue->delayed);
	}
	ch_mem_groups_flush(store, glob);
	pthread_cond_broadcast(&store->room);
	return ch_mem_unlock(store, CH_OK);
}

static int
is_unused(struct ch_mem_store *store, const struct ch_mem_queue *queue,
    int64_t idle)
{
	return !queue->owner && !queue->ready.n && !queue->delayed.n &&
	    ch_clock() - queue->used >= idle &&
	    !ch_mem_is_heard(store, queue, NULL);
}

static int
sweep(struct ch_layer *layer, int64_t idle, uint64_t *removed,
    struct ch_err *err)
{
	struct ch_mem_store *store = ch_mem_store(layer);
	struct ch_mem_queue **at = &store->queues, *queue;
	uint64_t expired;

	(void)err;
	ch_mem_lock(store);
	while ((queue = *at)) {
		expired = queue->expired;
		ch_mem_queue_refresh(store, queue);
		*removed += queue->expired - expired;
		if (!is_unused(store, queue, idle)) {
			at = &queue->next;
			continue;
		}
		*at = queue->next;
		ch_mem_queue_free(queue);
		++*removed;
	}
	*removed += ch_mem_groups_expire(layer);
	return ch_mem_unlock(store, CH_OK);
}

const struct ch_backend ch_backend_mem = {
	.abi = CH_BACKEND_ABI,
	.name = "mem",
	.open = open_layer,
	.close = close_layer,
	.reopen = reopen,
	.send = ch_mem_send,
	.wait_room = ch_mem_wait_room,
	.new_receiver = ch_mem_new_receiver,
	.free_receiver = ch_mem_free_receiver,
	.take = ch_mem_take,
	.wait = ch_mem_wait,
	.fd = ch_mem_fd,
	.until = ch_mem_until,
	.own = ch_mem_own,
	.will = ch_mem_will,
	.group_add = ch_mem_group_add,
	.group_discard = ch_mem_group_discard,
	.group_has = ch_mem_group_has,
	.group_send = ch_mem_group_send,
	.group_drop = ch_mem_group_drop,
	.group_members = ch_mem_group_members,
	.stat_channels = ch_mem_stat_channels,
	.stat_groups = ch_mem_stat_groups,
	.peek = ch_mem_peek,
	.flush = flush,
	.sweep = sweep,
};
