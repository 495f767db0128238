/* delay.c - messages that are not yet due. */
#include "file/delay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/io.h"
#include "file/dir.h"

#define FOLDER "delayed"

/* What a file holds: this, the list, the text. */
struct head {
	char magic[8];
	uint32_t version;
	uint32_t kind;
	uint32_t list;
	uint32_t text;
	int64_t expiry; /* ms after it is due, CH_NEVER: none */
	int64_t time;   /* CLOCK_REALTIME when it was sent */
	uint64_t sum;   /* of list and text */
};
#define MAGIC "chdelay"
#define VERSION 1

/* A file's name, taken apart: "b" (the queue's clock) or "r" (real time). */
struct due {
	char name[CH_DELAY_NAME];
	int64_t at; /* by the queue's clock */
	uint64_t number;
};

struct dues {
	struct ch_chan *chan;
	int64_t real; /* CLOCK_REALTIME now */
	struct due *list;
	size_t n, size;
	uint64_t later;
	int64_t next, next_real;
};

static int
open_folder(struct ch_chan *chan, int make)
{
	int dir = ch_chan_dir(chan), folder = -1;

	if (dir < 0)
		return -1;
	if (!make || ch_dir_mkdir(chan->file, dir, FOLDER) == 0 ||
	    errno == EEXIST)
		folder = openat(dir, FOLDER,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ch_io_close(&dir);
	return folder;
}

static int
cannot_open(const struct ch_chan *chan, struct ch_err *err)
{
	return ch_err_os(err, errno, "open %s/" FOLDER, chan->name);
}

int
ch_delay_prepare(struct ch_chan *chan, const struct ch_entry *entry,
    char name[CH_DELAY_NAME], struct ch_err *err)
{
	struct head head = { .version = VERSION };
	struct ch_buf bytes = CH_BUF_INIT;
	int dir, fd, rc = CH_OK;

	memcpy(head.magic, MAGIC, sizeof(MAGIC));
	head.kind = (uint32_t)entry->kind;
	head.list = (uint32_t)entry->list_len;
	head.text = (uint32_t)entry->text_len;
	head.expiry = entry->deadline;
	head.time = entry->time;
	if (ch_buf_add(&bytes, &head, sizeof(head)) < 0 ||
	    ch_buf_add(&bytes, entry->list, entry->list_len) < 0 ||
	    ch_buf_add(&bytes, entry->text, entry->text_len) < 0) {
		ch_buf_release(&bytes);
		return ch_err_memory(err);
	}
	head.sum = ch_hash(bytes.data + sizeof(head),
	    bytes.len - sizeof(head), VERSION);
	memcpy(bytes.data, &head, sizeof(head));

	memcpy(name, ".new.", 5);
	ch_id_random(name + 5, CH_ID_UNIQUE);
	dir = open_folder(chan, 1);
	if (dir < 0) {
		ch_buf_release(&bytes);
		return cannot_open(chan, err);
	}
	fd = ch_dir_file(chan->file, dir, name, O_WRONLY | O_CREAT | O_EXCL,
	    S_IFREG);
	if (fd < 0 || ch_io_write(fd, bytes.data, bytes.len) < 0 ||
	    (chan->queue.durable && fsync(fd) < 0)) {
		rc = ch_err_os(err, errno, "write a delayed message for %s",
		    chan->name);
		unlinkat(dir, name, 0);
	}
	ch_io_close(&fd);
	ch_io_close(&dir);
	ch_buf_release(&bytes);
	return rc;
}

int
ch_delay_publish(struct ch_chan *chan, const char *name, int64_t due,
    int by_real, struct ch_err *err)
{
	struct ch_slot *now = &chan->queue.now;
	char final[CH_DELAY_NAME];
	int64_t *earliest = by_real ? &now->due_real : &now->due;
	int dir, rc = CH_OK;

	snprintf(final, sizeof(final), "%c%016" PRIx64 ".%016" PRIx64,
	    by_real ? 'r' : 'b', (uint64_t)due, now->delay_next);
	dir = open_folder(chan, 0);
	if (dir < 0)
		return cannot_open(chan, err);
	if (renameat(dir, name, dir, final) < 0 ||
	    (chan->queue.durable && fsync(dir) < 0))
		rc = ch_err_os(err, errno, "delay a message for %s",
		    chan->name);
	ch_io_close(&dir);
	if (rc != CH_OK)
		return rc;
	now->delay_next++;
	now->delayed++;
	if (due < *earliest)
		*earliest = due;
	return CH_OK;
}

void
ch_delay_cancel(struct ch_chan *chan, const char *name)
{
	int dir = open_folder(chan, 0);

	if (dir >= 0)
		unlinkat(dir, name, 0);
	ch_io_close(&dir);
}

int
ch_delay_is_due(const struct ch_chan *chan)
{
	const struct ch_slot *now = &chan->queue.now;

	return now->due <= chan->queue.clock ||
	    (now->due_real != CH_NEVER && now->due_real <= ch_clock_real());
}

static int
collect(void *arg, const char *name)
{
	struct dues *dues = arg;
	int64_t clock = dues->chan->queue.clock, *next;
	struct due due, *list;
	uint64_t at;
	char kind;

	if (sscanf(name, "%c%16" SCNx64 ".%16" SCNx64, &kind, &at,
	        &due.number) != 3 || (kind != 'b' && kind != 'r') ||
	    strlen(name) >= sizeof(due.name))
		return CH_OK;
	snprintf(due.name, sizeof(due.name), "%s", name);
	due.at = kind == 'b' ? (int64_t)at : (int64_t)at - dues->real + clock;
	next = kind == 'b' ? &dues->next : &dues->next_real;
	if (due.at > clock) {
		dues->later++;
		if ((int64_t)at < *next)
			*next = (int64_t)at;
		return CH_OK;
	}
	if (dues->n == dues->size) {
		dues->size = dues->size ? 2 * dues->size : 16;
		list = realloc(dues->list, dues->size * sizeof(*list));
		if (!list)
			return ch_err_memory(NULL);
		dues->list = list;
	}
	dues->list[dues->n++] = due;
	return CH_OK;
}

static int
by_due(const void *one, const void *other)
{
	const struct due *a = one, *b = other;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Append the message of this file. CH_REFUSED: it is damaged. */
static int
append(struct ch_chan *chan, int dir, const struct due *due,
    struct ch_err *err)
{
	struct ch_buf bytes = CH_BUF_INIT;
	struct ch_entry entry;
	struct head head;
	int fd, rc;

	fd = ch_dir_file(chan->file, dir, due->name, O_RDONLY, S_IFREG);
	if (fd < 0 || ch_io_slurp(fd, &bytes, (size_t)1 << 32) < 0) {
		rc = ch_err_os(err, errno, "read a delayed message of %s",
		    chan->name);
		ch_io_close(&fd);
		ch_buf_release(&bytes);
		return rc;
	}
	ch_io_close(&fd);
	if (bytes.len >= sizeof(head))
		memcpy(&head, bytes.data, sizeof(head));
	if (bytes.len < sizeof(head) ||
	    memcmp(head.magic, MAGIC, sizeof(MAGIC)) ||
	    head.version != VERSION ||
	    sizeof(head) + (uint64_t)head.list + head.text != bytes.len ||
	    head.sum != ch_hash(bytes.data + sizeof(head),
	        bytes.len - sizeof(head), VERSION)) {
		ch_buf_release(&bytes);
		return CH_REFUSED;
	}
	entry = (struct ch_entry){ .kind = (enum ch_kind)head.kind,
		.list = bytes.data + sizeof(head), .list_len = head.list,
		.text = bytes.data + sizeof(head) + head.list,
		.text_len = head.text, .time = head.time };
	entry.deadline = head.expiry >= CH_NEVER - due->at ? CH_NEVER :
	    due->at + head.expiry;
	rc = ch_chan_append(chan, &entry, err);
	ch_buf_release(&bytes);
	return rc;
}

static int
move_all(struct dues *dues, int dir, struct ch_err *err)
{
	struct ch_chan *chan = dues->chan;
	struct ch_slot *now = &chan->queue.now;
	const uint64_t moved = now->delay_moved;
	size_t i;
	int rc;

	for (i = 0; i < dues->n; i++) {
		if (dues->list[i].number == moved) {
			/* it is in the ring; its mover was killed */
			unlinkat(dir, dues->list[i].name, 0);
			continue;
		}
		rc = append(chan, dir, &dues->list[i], err);
		if (rc == CH_REFUSED)
			now->lost++;
		else if (rc != CH_OK)
			return rc;
		now->delay_moved = dues->list[i].number;
		now->delayed -= now->delayed > 0;
		rc = ch_queue_commit(&chan->queue, err);
		if (rc != CH_OK)
			return rc;
		unlinkat(dir, dues->list[i].name, 0);
		if (chan->queue.durable)
			fsync(dir);
	}
	return CH_OK;
}

int
ch_delay_move(struct ch_chan *chan, struct ch_err *err)
{
	struct dues dues = { .chan = chan, .real = ch_clock_real(),
		.next = CH_NEVER, .next_real = CH_NEVER };
	struct ch_slot *now = &chan->queue.now;
	int dir, rc = CH_OK;

	/* without the folder there is nothing to move, whatever is counted */
	dir = open_folder(chan, 0);
	if (dir < 0 && errno != ENOENT)
		return cannot_open(chan, err);
	if (dir >= 0)
		rc = ch_dir_walk(dir, 0, collect, &dues, err);
	if (rc == CH_OK && dues.n) {
		qsort(dues.list, dues.n, sizeof(*dues.list), by_due);
		rc = move_all(&dues, dir, err);
	}
	if (rc == CH_OK) {
		now->delayed = dues.later;
		now->due = dues.next;
		now->due_real = dues.next_real;
		rc = ch_queue_commit(&chan->queue, err);
	}
	free(dues.list);
	ch_io_close(&dir);
	return rc;
}

static int
remove_one(void *arg, const char *name)
{
	const int *dir = arg;

	unlinkat(*dir, name, 0);
	return CH_OK;
}

int
ch_delay_clear(struct ch_chan *chan, struct ch_err *err)
{
	struct ch_slot *now = &chan->queue.now;
	int dir, rc = CH_OK;

	dir = open_folder(chan, 0);
	if (dir < 0 && errno != ENOENT)
		return cannot_open(chan, err);
	if (dir >= 0)
		rc = ch_dir_walk(dir, 0, remove_one, &dir, err);
	ch_io_close(&dir);
	now->delayed = 0;
	now->due = now->due_real = CH_NEVER;
	return rc;
}
