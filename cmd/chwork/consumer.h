/*
 * consumer.h - a command whose output goes into the layer.
 *
 * While a channel is full no more is read from it. Its owner hears of its end
 * when all that it wrote has been passed on.
 */
#ifndef CHWORK_CONSUMER_H
#define CHWORK_CONSUMER_H

#include "chwork/child.h"
#include "chwork/outlet.h"
#include "chwork/worker.h"

struct consumer {
	struct child child;
	/* Set by the owner: */
	void (*ended)(void *arg, int status); /* as waitpid(2) says */
	void *arg;
	/* Ours: */
	struct outlet outlet;
	struct timer room; /* until there may be room in the layer */
	int has_ended;     /* the command; `status` is how */
	int status;
	int passed;        /* all of its output has gone into the outlet */
};

/*
 * Start the route's command with its output used as `how`; `in` becomes its
 * standard input, and is closed here whatever happens. 0, or -1 after saying
 * why not, with nothing to release.
 */
int consumer_start(struct consumer *consumer, struct worker *worker,
    const struct route *route, enum reply how, const char *reply_channel,
    char *const *envp, int in);

void consumer_release(struct consumer *consumer);

#endif
