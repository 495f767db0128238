/* pump.c - receiving and printing until something says to end. */
#include "common/pump.h"

#include "base/err.h"
#include "common/out.h"
#include "common/say.h"

#include <stdlib.h>
#include <unistd.h>

struct run {
	const struct pump *pump;
	struct ch_message *messages; /* room for a batch */
	uint64_t shown;
	size_t damaged; /* queues */
};

/* Add n messages to `out`, which is written whenever it is large. */
static int
print(struct run *run, size_t n, struct ch_err *err)
{
	const struct pump *pump = run->pump;
	int rc = CH_OK;

	for (size_t i = 0; rc == CH_OK && i < n; i++) {
		if (pump->count && run->shown == pump->count)
			break;
		run->shown += pump->show(pump->arg, &run->messages[i]) != 0;
		if (out.len >= OUT_PLENTY)
			rc = out_flush(pump->deadline, err);
	}
	if (rc == CH_OK)
		rc = out_flush(pump->deadline, err);
	return rc;
}

/* CH_OK to go on, though a queue is damaged and others are not. */
static int
leave_out(struct run *run, const struct ch_err *err)
{
	if (++run->damaged == run->pump->names)
		return CH_REFUSED;
	say_error("%s", err->text);
	return CH_OK;
}

static int
step(struct run *run, struct ch_err *err)
{
	const struct pump *pump = run->pump;
	size_t want = pump->batch, got = 0;
	int rc;

	if (pump->count && pump->count - run->shown < want)
		want = pump->count - run->shown;
	rc = ch_receive_many(pump->receiver, run->messages, want, &got,
	    pump->no_wait ? CH_NOW : pump->deadline, err);
	if (rc == CH_OK)
		return print(run, got, err);
	if (rc == CH_REFUSED)
		return leave_out(run, err);
	if (rc == CH_NONE)
		say_pipe();
	return rc;
}

static int
is_done(const struct run *run)
{
	return run->pump->count && run->shown == run->pump->count;
}

int
pump_run(const struct pump *pump, struct ch_err *err)
{
	struct run run = { .pump = pump };
	int rc;

	run.messages = calloc(pump->batch, sizeof(*run.messages));
	if (!run.messages)
		say_memory();
	rc = ch_receiver_until(pump->receiver, STDOUT_FILENO, err);
	while (rc == CH_OK && !is_done(&run))
		rc = step(&run, err);
	free(run.messages);
	if (rc == CH_TIMEOUT && pump->no_wait)
		rc = run.shown ? CH_OK
			       : ch_err_set(err, CH_NONE, "nothing is waiting");
	if (rc == CH_OK && run.damaged)
		rc = CH_REFUSED;
	return rc;
}
