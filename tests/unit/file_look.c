/* file_look.c - the sleeper's look: a wake-up that got lost is made good. */
#include "file/chan.h"
#include "file/file.h"
#include "store.h"

#define LOOK 30000
#define LATEST (3 * LOOK)

/* A sender that was killed between its commit and the byte for the bell. */
static void
append_silently(struct ch_layer *layer, const char *channel)
{
	struct ch_entry entry = { .kind = CH_MESSAGE, .text = "{}",
		.text_len = 2, .deadline = CH_NEVER };
	struct ch_chan *chan;

	ch_chan_get(&chan, ch_file(layer), channel, strlen(channel),
	    CH_CHAN_MAKE, NULL);
	ok(ch_chan_lock(chan, NULL) == CH_OK &&
	    ch_chan_append(chan, &entry, NULL) == CH_OK &&
	    ch_queue_commit(&chan->queue, NULL) == CH_OK,
	    "a message without a bell");
	ch_chan_unlock(chan);
}

int
main(void)
{
	struct ch_receiver *receiver;
	struct ch_layer *layer, *other;
	int64_t start;

	store_new();
	layer = store_open();
	other = store_open();
	receiver = listen_to(layer, "jobs", 0);
	is_str(next_of(receiver, CH_NOW), "", "the receiver falls asleep");
	start = ch_clock();
	append_silently(other, "jobs");
	is_str(next_of(receiver, start + LATEST), "jobs {}",
	    "rule 16: the sleeper's look finds it");
	ok(ch_clock() - start > LOOK / 2, "and nothing woke it before");
	ch_receiver_free(receiver);
	ch_close(other);
	ch_close(layer);
	return done_testing();
}
