/* file_sub.c - what a receiver takes at once is bounded, whatever there is. */
#include "file/sub.h"
#include "store.h"

#define SIZE 1000000

static char text[SIZE + 1];

/* How many of ten large messages come at once, and that all come in the end. */
static void
take_all(struct ch_receiver *receiver, const char *what)
{
	struct ch_message in[10];
	size_t got = 0, first = 0, n;

	ok(ch_receive_many(receiver, in, 10, &first, CH_NOW, NULL) == CH_OK &&
	    first == CH_OUT_BYTES / SIZE + 1, "%s", what);
	for (n = first; ch_receive_many(receiver, in, 10, &got, CH_NOW, NULL) ==
	     CH_OK; n += got)
		;
	is_int(n, 10, "and in the end all");
}

int
main(void)
{
	struct ch_receiver *receiver, *watcher;
	struct ch_layer *layer;
	int i;

	store_new();
	layer = store_open();
	receiver = listen_to(layer, "jobs", 0);
	watcher = listen_to(layer, "jobs", CH_WATCH);
	memset(text, ' ', SIZE);
	text[0] = '{';
	text[SIZE - 1] = '}';
	for (i = 0; i < 10; i++)
		is_int(ch_send(layer, "jobs", text, SIZE, NULL, NULL), CH_OK,
		    "a large message");
	take_all(watcher, "a watcher sees some of them");
	take_all(receiver, "a receiver takes some of them");
	ch_receiver_free(watcher);
	ch_receiver_free(receiver);
	ch_close(layer);
	return done_testing();
}
