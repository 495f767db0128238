/* receive.c - receiving: take what is there, else sleep and look again. */
#include "layer/front.h"

#include "base/err.h"

#include <string.h>

int
ch_receiver_new(struct ch_receiver **receiver, struct ch_layer *layer,
    const char *const names[], size_t n, unsigned flags, struct ch_err *err)
{
	size_t i;
	int rc;

	*receiver = NULL;
	if (!n)
		return ch_err_set(err, CH_USAGE, "no channel to receive on");
	for (i = 0; i < n; i++) {
		rc = ch_name_check(names[i], CH_TO_RECEIVE, err);
		if (rc != CH_OK)
			return rc;
	}
	rc = ch_front_enter(layer, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->new_receiver(receiver, layer, names, n, flags,
	    err);
	if (rc == CH_OK) {
		(*receiver)->layer = layer;
		(*receiver)->flags = flags;
		(*receiver)->fork = layer->fork;
	}
	ch_front_leave(layer);
	return rc;
}

void
ch_receiver_free(struct ch_receiver *receiver)
{
	struct ch_layer *layer;

	if (!receiver)
		return;
	layer = receiver->layer;
	if (ch_front_enter(layer, NULL) != CH_OK)
		return;
	layer->backend->free_receiver(receiver);
	ch_front_leave(layer);
}

static int
take(struct ch_receiver *receiver, struct ch_message *messages, size_t max,
    size_t *got, struct ch_err *err)
{
	struct ch_layer *layer = receiver->layer;
	int rc;

	rc = ch_front_enter(layer, err);
	if (rc != CH_OK)
		return rc;
	if (receiver->fork != layer->fork)
		rc = ch_err_set(err, CH_USAGE,
		    "a receiver cannot be used after fork");
	else
		rc = layer->backend->take(receiver, messages, max, got, err);
	ch_front_leave(layer);
	return rc;
}

int
ch_receive_many(struct ch_receiver *receiver, struct ch_message *messages,
    size_t max, size_t *got, int64_t deadline, struct ch_err *err)
{
	int rc;

	*got = 0;
	if (!max)
		return ch_err_set(err, CH_USAGE, "no room for a message");
	for (;;) {
		rc = take(receiver, messages, max, got, err);
		if (rc != CH_TIMEOUT)
			return rc;
		if (deadline != CH_NEVER && ch_clock() >= deadline)
			return ch_err_set(err, CH_TIMEOUT, "nothing came");
		/* also at the deadline: look once more */
		rc = receiver->layer->backend->wait(receiver, deadline, err);
		if (rc != CH_OK && rc != CH_TIMEOUT)
			return rc;
	}
}

int
ch_receive(struct ch_receiver *receiver, struct ch_message *message,
    int64_t deadline, struct ch_err *err)
{
	size_t got;

	return ch_receive_many(receiver, message, 1, &got, deadline, err);
}

int
ch_receiver_fd(const struct ch_receiver *receiver)
{
	return receiver->layer->backend->fd(receiver);
}

int
ch_receiver_until(struct ch_receiver *receiver, int fd, struct ch_err *err)
{
	struct ch_layer *layer = receiver->layer;
	int rc;

	rc = ch_front_enter(layer, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->until(receiver, fd, err);
	ch_front_leave(layer);
	return rc;
}

uint64_t
ch_receiver_missed(const struct ch_receiver *receiver)
{
	return receiver->missed;
}
