/* gone.c - the clients that have left before their answer was whole. */
#include "chwork/gone.h"

#include "base/hash.h"
#include "chwork/exec.h"
#include "chwork/job.h"
#include "common/json.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define CHANNEL "http.disconnect"
#define KEPT    1024 /* that are remembered */
#define BATCH   64

struct gone {
	struct worker *worker;
	struct ch_receiver *receiver;
	struct source source;
	uint64_t hashes[KEPT]; /* of reply channels, in a ring */
	size_t next;
};

static uint64_t
hash_of(const char *reply_channel)
{
	return ch_hash(reply_channel, strlen(reply_channel), 0);
}

static void
leave(struct gone *gone, const char *reply_channel)
{
	struct job *job = gone->worker->all;

	gone->hashes[gone->next++ % KEPT] = hash_of(reply_channel);
	for (; job; job = job->older)
		if (job->run && job->reply_channel &&
		    !strcmp(job->reply_channel, reply_channel))
			exec_leave(job);
}

static void
see(struct gone *gone, const struct ch_message *message)
{
	struct json object = { message->text, message->len };
	struct json value = json_get(object, "reply_channel", 13);
	struct ch_buf name = CH_BUF_INIT;

	if (json_kind(value) == '"')
		json_bare(&name, value);
	if (name.len)
		leave(gone, name.data);
	ch_buf_release(&name);
}

static void
on_ready(void *arg)
{
	struct ch_message messages[BATCH];
	struct ch_err err = CH_ERR_INIT;
	struct gone *gone = arg;
	size_t got;
	int rc;

	while ((rc = ch_receive_many(gone->receiver, messages, BATCH, &got,
	    CH_NOW, &err)) == CH_OK)
		for (size_t i = 0; i < got; i++)
			see(gone, &messages[i]);
	if (rc == CH_TIMEOUT)
		return;
	say_error("%s: %s", CHANNEL, err.text);
	loop_watch(&gone->worker->loop, &gone->source, 0);
}

void
gone_watch(struct worker *worker)
{
	static const char *const name = CHANNEL;
	struct ch_err err = CH_ERR_INIT;
	struct gone *gone;

	if (worker->gone)
		return;
	gone = worker->gone = calloc(1, sizeof(*gone));
	if (!gone)
		say_memory();
	gone->worker = worker;
	if (ch_receiver_new(&gone->receiver, worker->layer, &name, 1, CH_WATCH,
		&err) != CH_OK) {
		say_error("%s: %s", CHANNEL, err.text);
		return;
	}
	gone->source = (struct source) {
		.fd = ch_receiver_fd(gone->receiver),
		.ready = on_ready,
		.arg = gone,
	};
	loop_watch(&worker->loop, &gone->source, EPOLLIN);
	on_ready(gone);
}

int
gone_has(const struct worker *worker, const char *reply_channel)
{
	uint64_t hash = hash_of(reply_channel);

	for (size_t i = 0; worker->gone && i < KEPT; i++)
		if (worker->gone->hashes[i] == hash)
			return 1;
	return 0;
}

void
gone_release(struct worker *worker)
{
	struct gone *gone = worker->gone;

	if (gone && gone->receiver)
		loop_watch(&worker->loop, &gone->source, 0);
	if (gone)
		ch_receiver_free(gone->receiver);
	free(gone);
	worker->gone = NULL;
}
