/* consumer.c - a command whose output goes into the layer. */
#include "chwork/consumer.h"

#include "base/io.h"

#include <errno.h>
#include <sys/epoll.h>

#define CHUNK 65536 /* bytes, what a pipe holds */

static void
finish(struct consumer *consumer)
{
	child_hear(&consumer->child);
	consumer->ended(consumer->arg, consumer->status);
}

/* Send what there is; 0 if some of it has to wait. */
static int
flush(struct consumer *consumer)
{
	struct child *child = &consumer->child;
	int64_t wait = outlet_flush(&consumer->outlet);

	if (wait)
		loop_set(child->crew->loop, &consumer->room, wait);
	if (child->out.fd >= 0)
		loop_watch(child->crew->loop, &child->out,
		    wait ? 0 : EPOLLIN);
	return !wait;
}

/* Read and send some of the output; 0 when nothing is there, or must wait. */
static int
pass_some(struct consumer *consumer)
{
	struct child *child = &consumer->child;
	static char bytes[CHUNK];
	ssize_t n;

	if (child->out.fd < 0)
		return 0;
	n = ch_io_read(child->out.fd, bytes, sizeof(bytes));
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0) {
		loop_forget(child->crew->loop, &child->out);
		return 0;
	}
	outlet_feed(&consumer->outlet, bytes, (size_t)n);
	return flush(consumer);
}

/*
 * After the end: all that was written, then the end. A pipe holds a chunk; a
 * descendant that goes on writing is not followed further.
 */
static void
pass_rest(struct consumer *consumer)
{
	for (int i = 0; i < 4 && pass_some(consumer); i++)
		;
	if (consumer->room.when)
		return;
	loop_forget(consumer->child.crew->loop, &consumer->child.out);
	outlet_end(&consumer->outlet,
	    consumer->status == 0 && !consumer->child.ending);
	consumer->passed = 1;
	if (flush(consumer))
		finish(consumer);
}

static void
on_readable(void *arg)
{
	pass_some(arg);
}

static void
on_room(void *arg)
{
	struct consumer *consumer = arg;

	if (!flush(consumer))
		return;
	if (consumer->passed)
		finish(consumer);
	else if (consumer->has_ended)
		pass_rest(consumer);
}

static void
on_ended(void *arg, int status)
{
	struct consumer *consumer = arg;

	consumer->has_ended = 1;
	consumer->status = status;
	if (!consumer->child.readable)
		finish(consumer);
	else if (!consumer->room.when)
		pass_rest(consumer);
}

int
consumer_start(struct consumer *consumer, struct worker *worker,
    const struct route *route, enum reply how, const char *reply_channel,
    char *const *envp, int in)
{
	consumer->child = (struct child) {
		.route = route,
		.readable = how == REPLY_NONE ? NULL : on_readable,
		.ended = on_ended,
		.arg = consumer,
	};
	consumer->room = (struct timer) { .fire = on_room, .arg = consumer };
	consumer->has_ended = consumer->passed = 0;
	if (child_start(&consumer->child, &worker->crew, envp, in) < 0)
		return -1;
	if (how != REPLY_NONE)
		outlet_init(&consumer->outlet, worker->layer, route, how,
		    reply_channel);
	return 0;
}

void
consumer_release(struct consumer *consumer)
{
	loop_unset(consumer->child.crew->loop, &consumer->room);
	if (consumer->child.readable)
		outlet_release(&consumer->outlet);
	child_release(&consumer->child);
}
