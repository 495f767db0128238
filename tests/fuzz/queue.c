/*
 * queue.c - a queue file found on disk is refused or used, never believed.
 *
 * The input is a byte of FIX_* flags, the header (page 0 without what follows
 * it there), and the ring. The flags put checksums right, so that what lies
 * behind them is reached as well. The file is put into a store, and everything
 * that opens, reads and changes a queue is called on it.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "channel.h"
#include "file/queue.h"

#define RING ((size_t)3 * CH_QUEUE_PAGE) /* the least a file may have */
#define RING_INPUT ((size_t)16 * CH_QUEUE_PAGE)
#define RECORDS 1000

enum {
	FIX_FILE = 1,    /* magic, version, page, name */
	FIX_SLOTS = 2,   /* the slots' checksums */
	FIX_RECORDS = 4, /* the records' */
	FIX_BOOT = 8,    /* written under this boot */
	PROCESS = 16,    /* the queue is "p!", not "jobs" */
	CUT = 32         /* the file ends where the input does */
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char store[64] = "/tmp/queue-fuzz.XXXXXX";

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
remove_store(void)
{
	nftw(store, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(store))
		abort();
	atexit(remove_store);
	return 0;
}

/* What has to work whatever the input was. */
static void
must(int rc, const struct ch_err *err)
{
	if (rc == CH_OK)
		return;
	fprintf(stderr, "%d: %s\n", rc, err->text);
	abort();
}

/* --- the file ------------------------------------------------------------ */

static void
fix_slots(struct ch_header *header, int flags)
{
	struct ch_slot *slot;
	int i;

	for (i = 0; i < 2; i++) {
		slot = &header->slot[i];
		if (flags & FIX_BOOT)
			slot->boot = ch_clock_boot();
		if (flags & FIX_SLOTS)
			slot->sum = ch_hash(slot, offsetof(struct ch_slot, sum),
			    CH_QUEUE_VERSION);
	}
}

/* Along the records of the slot that counts, as far as they make sense. */
static void
fix_records(struct ch_header *header, char *ring, size_t size)
{
	const size_t skip = offsetof(struct ch_record, seq);
	uint64_t generation = atomic_load(&header->generation);
	uint64_t at = header->slot[generation & 1].head;
	struct ch_record record;
	int i;

	for (i = 0; i < RECORDS && at % 8 == 0; i++) {
		if (at >= size || size - at < sizeof(record))
			return;
		memcpy(&record, ring + at, sizeof(record));
		if (record.size < 8 || record.size % 8 ||
		    record.size > size - at)
			return;
		if (record.kind <= CH_LEFT && (uint64_t)record.list +
		        record.text + sizeof(record) <= record.size) {
			record.sum = ch_hash(ring + at + skip,
			    sizeof(record) - skip + record.list + record.text,
			    record.size ^ ((uint64_t)record.kind << 32));
			memcpy(ring + at, &record, sizeof(record));
		}
		at += record.size;
	}
}

/* Make the queue file's bytes of the input; their number. */
static size_t
assemble(char *file, const uint8_t *data, size_t size)
{
	struct ch_header *header = (void *)file;
	int flags = data[0];
	size_t n;

	memset(file, 0, CH_QUEUE_PAGE + RING_INPUT);
	n = size - 1 < sizeof(*header) ? size - 1 : sizeof(*header);
	memcpy(file, data + 1, n);
	size -= 1 + n;
	data += 1 + n;
	if (size > RING_INPUT)
		size = RING_INPUT;
	memcpy(file + CH_QUEUE_PAGE, data, size);
	if (flags & FIX_FILE) {
		memset(header, 0, offsetof(struct ch_header, generation));
		memcpy(header->magic, "chqueue", 8);
		header->version = CH_QUEUE_VERSION;
		header->page = CH_QUEUE_PAGE;
		strcpy(header->name, flags & PROCESS ? "p!" : "jobs");
		atomic_store(&header->removed, 0);
	}
	if (size < RING && !(flags & CUT))
		size = RING;
	if (flags & FIX_RECORDS)
		fix_records(header, file + CH_QUEUE_PAGE, size);
	fix_slots(header, flags);
	return CH_QUEUE_PAGE + size;
}

static void
write_file(const char *channel, const void *bytes, size_t n)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/channels/%s/queue", store, channel);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	close(fd);
}

/* --- everything that meets it -------------------------------------------- */

static int
look(void *arg, const struct ch_message *message)
{
	size_t *sum = arg;

	*sum += strlen(message->channel) + strlen(message->text);
	return 0;
}

static int
look_at_stat(void *arg, const struct ch_channel_stat *stat)
{
	*(uint64_t *)arg += stat->pending;
	return 0;
}

static void
take(struct ch_layer *layer, const char *channel, size_t max, unsigned flags)
{
	struct ch_receiver *receiver;
	struct ch_message messages[16];
	size_t got, sum = 0, i;
	int n = 0;

	if (ch_receiver_new(&receiver, layer, &channel, 1, flags, NULL))
		return;
	while (n++ < RECORDS && ch_receive_many(receiver, messages, max, &got,
	        CH_NOW, NULL) == CH_OK)
		for (i = 0; i < got; i++)
			look(&sum, &messages[i]);
	ch_receiver_free(receiver);
}

static void
use(const char *channel, const char *local)
{
	struct ch_send_opts drop = { .flags = CH_DROP_OLDEST };
	struct ch_err err = CH_ERR_INIT;
	struct ch_layer *layer;
	uint64_t n = 0;
	size_t sum = 0;

	must(ch_open(&layer, store, &err), &err);
	ch_stat_channels(layer, NULL, look_at_stat, &n, NULL);
	ch_peek(layer, channel, RECORDS, look, &sum, NULL);
	ch_send(layer, local, "{}", 2, NULL, NULL);
	ch_send(layer, local, "{}", 2, &drop, NULL);
	take(layer, channel, 1, CH_WATCH);
	take(layer, channel, 1, 0);
	ch_close(layer);
}

static void
use_again(const char *channel, const char *local)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_layer *layer;

	must(ch_open(&layer, store, &err), &err);
	ch_sweep(layer, CH_NEVER, NULL, NULL);
	ch_send(layer, local, "{\"a\":1}", 7, NULL, NULL);
	take(layer, channel, 16, CH_NOTICES);
	must(ch_flush(layer, NULL, NULL, &err), &err);
	must(ch_send(layer, local, "{}", 2, NULL, &err), &err);
	ch_sweep(layer, 0, NULL, NULL);
	ch_flush(layer, NULL, NULL, NULL);
	ch_close(layer);
}

/* The channel's folder, furnished. */
static void
make_channel(const char *local)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_layer *layer;

	must(ch_open(&layer, store, &err), &err);
	must(ch_send(layer, local, "{}", 2, NULL, &err), &err);
	ch_close(layer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char file[CH_QUEUE_PAGE + RING_INPUT]
	    __attribute__((aligned(64)));
	const char *channel, *local;
	size_t n;

	if (!size)
		return 0;
	channel = data[0] & PROCESS ? "p!" : "jobs";
	local = data[0] & PROCESS ? "p!a" : "jobs";
	make_channel(local);
	n = assemble(file, data, size);
	write_file(channel, file, n);
	use(channel, local);
	n = assemble(file, data, size);
	write_file(channel, file, n);
	use_again(channel, local);
	return 0;
}
