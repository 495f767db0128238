/* will.c - the wills in a live file. */
#include "file/will.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "file/send.h"
#include "model/name.h"

#define FILE_MAX_BYTES ((size_t)1 << 32)

enum { TAKEN_BACK, SET };

/* A slot of the file; local, to and text follow, each with a NUL. */
struct record {
	uint32_t span;  /* bytes of the slot */
	uint32_t state; /* SET or TAKEN_BACK; not in the sum */
	uint64_t sum;   /* of what follows, and of the span */
	uint64_t seq;
	uint32_t local, to, text; /* their lengths, without NUL */
	uint32_t unused;
};

struct ch_will {
	uint64_t at;
	unsigned class;
	struct ch_will *next; /* in its hash chain or list of free slots */
	char local[CH_NAME_MAX + 1];
};

static uint64_t
sum_of(const struct record *record)
{
	const char *from = (const char *)&record->seq;
	size_t n = sizeof(*record) - offsetof(struct record, seq) +
	    record->local + (size_t)record->to + record->text + 3;

	return ch_hash(from, n, record->span);
}

void
ch_wills_init(struct ch_wills *wills, int fd)
{
	*wills = (struct ch_wills){ .fd = fd, .end = CH_WILLS_AT };
}

static void
free_chain(struct ch_will *will)
{
	struct ch_will *next;

	for (; will; will = next) {
		next = will->next;
		free(will);
	}
}

void
ch_wills_release(struct ch_wills *wills)
{
	size_t i;

	for (i = 0; i < wills->size; i++)
		free_chain(wills->table[i]);
	for (i = 0; i < CH_WILLS_CLASSES; i++)
		free_chain(wills->free[i]);
	free(wills->table);
	ch_wills_init(wills, -1);
}

/* --- where they lie ----------------------------------------------------- */

static struct ch_will **
chain_of(const struct ch_wills *wills, const char *local)
{
	return &wills->table[ch_hash(local, strlen(local), 0) &
	    (wills->size - 1)];
}

static int
widen(struct ch_wills *wills)
{
	struct ch_wills wide = *wills;
	struct ch_will *will, *next, **chain;
	size_t i;

	if (wills->count < wills->size)
		return 0;
	wide.size = wills->size ? wills->size * 2 : 64;
	wide.table = calloc(wide.size, sizeof(*wide.table));
	if (!wide.table)
		return -1;
	for (i = 0; i < wills->size; i++)
		for (will = wills->table[i]; will; will = next) {
			next = will->next;
			chain = chain_of(&wide, will->local);
			will->next = *chain;
			*chain = will;
		}
	free(wills->table);
	*wills = wide;
	return 0;
}

/* The channel's will out of the table, or NULL. */
static struct ch_will *
take_out(struct ch_wills *wills, const char *local)
{
	struct ch_will **at, *will;

	if (!wills->size)
		return NULL;
	for (at = chain_of(wills, local); (will = *at); at = &will->next)
		if (!strcmp(will->local, local)) {
			*at = will->next;
			wills->count--;
			return will;
		}
	return NULL;
}

static void
put_in(struct ch_wills *wills, struct ch_will *will)
{
	struct ch_will **chain = chain_of(wills, will->local);

	will->next = *chain;
	*chain = will;
	wills->count++;
}

static void
put_free(struct ch_wills *wills, struct ch_will *will)
{
	will->next = wills->free[will->class];
	wills->free[will->class] = will;
}

/* A slot of at least n bytes: a free one, or one at the end of the file. */
static struct ch_will *
get_slot(struct ch_wills *wills, size_t n)
{
	struct ch_will *will;
	unsigned class = 6;

	while (class < CH_WILLS_CLASSES && (uint64_t)1 << class < n)
		class++;
	if (class == CH_WILLS_CLASSES)
		return NULL;
	will = wills->free[class];
	if (will) {
		wills->free[class] = will->next;
		return will;
	}
	will = calloc(1, sizeof(*will));
	if (!will)
		return NULL;
	will->at = wills->end;
	will->class = class;
	wills->end += (uint64_t)1 << class;
	return will;
}

/* --- setting and taking back -------------------------------------------- */

static int
take_back(int fd, uint64_t at)
{
	uint32_t state = TAKEN_BACK;

	return pwrite(fd, &state, sizeof(state),
	    (off_t)(at + offsetof(struct record, state))) == sizeof(state) ?
	    0 : -1;
}

int
ch_wills_clear(struct ch_wills *wills, const char *local, struct ch_err *err)
{
	struct ch_will *will = take_out(wills, local);

	if (!will)
		return CH_OK;
	if (take_back(wills->fd, will->at) < 0) {
		put_in(wills, will);
		return ch_err_os(err, errno, "cannot take back a will");
	}
	put_free(wills, will);
	return CH_OK;
}

static int
add_string(struct ch_buf *buf, const char *text, size_t len)
{
	return ch_buf_add(buf, text, len) < 0 || ch_buf_addc(buf, '\0') < 0 ?
	    -1 : 0;
}

/* The whole record, padded to the slot so that the file reaches its end. */
static int
compose(struct ch_buf *buf, struct record *record, const char *local,
    const char *to, const char *text)
{
	size_t pad;

	if (ch_buf_reserve(buf, record->span) < 0 ||
	    ch_buf_add(buf, record, sizeof(*record)) < 0 ||
	    add_string(buf, local, record->local) < 0 ||
	    add_string(buf, to, record->to) < 0 ||
	    add_string(buf, text, record->text) < 0)
		return -1;
	record->sum = sum_of((const struct record *)(const void *)buf->data);
	memcpy(buf->data, record, sizeof(*record));
	pad = record->span - buf->len;
	memset(buf->data + buf->len, 0, pad);
	buf->len += pad;
	return 0;
}

int
ch_wills_set(struct ch_wills *wills, const char *local, const char *to,
    const char *text, size_t len, struct ch_err *err)
{
	struct record record = {
		.state = SET,
		.seq = ++wills->seq,
		.local = (uint32_t)strlen(local),
		.to = (uint32_t)strlen(to),
		.text = (uint32_t)len,
	};
	struct ch_buf buf = CH_BUF_INIT;
	struct ch_will *will, *old;
	ssize_t n;
	int rc;

	if (widen(wills) < 0)
		return ch_err_memory(err);
	will = get_slot(wills, sizeof(record) + record.local + record.to + 3 +
	    len);
	if (!will)
		return ch_err_memory(err);
	record.span = (uint32_t)1 << will->class;
	if (compose(&buf, &record, local, to, text) < 0) {
		put_free(wills, will);
		ch_buf_release(&buf);
		return ch_err_memory(err);
	}
	n = pwrite(wills->fd, buf.data, buf.len, (off_t)will->at);
	if (n < 0 || (size_t)n < buf.len) {
		rc = ch_err_os(err, n < 0 ? errno : ENOSPC,
		    "cannot leave a will");
		put_free(wills, will);
		ch_buf_release(&buf);
		return rc;
	}
	ch_buf_release(&buf);
	memcpy(will->local, local, record.local + 1);
	old = take_out(wills, local);
	put_in(wills, will);
	if (!old)
		return CH_OK;
	rc = take_back(wills->fd, old->at);
	put_free(wills, old);
	return rc < 0 ? ch_err_os(err, errno, "cannot replace a will") : CH_OK;
}

/* --- sending ------------------------------------------------------------ */

/* A will found in a live file. */
struct found {
	const struct record *record;
	const char *local, *to, *text;
	uint64_t at;
};

/* Whether the n bytes at record hold a will that counts. */
static int
is_sound(const struct record *record, size_t n)
{
	size_t need = sizeof(*record) + 3;

	if (record->state != SET || record->local > CH_NAME_MAX ||
	    record->to > CH_NAME_MAX || record->text > n)
		return 0;
	need += (size_t)record->local + record->to + record->text;
	return need <= n && sum_of(record) == record->sum;
}

/* All sound wills in the file's bytes; their number, -1 without memory. */
static ssize_t
find_all(const struct ch_buf *buf, struct found **all)
{
	const struct record *record;
	struct found *found = NULL, *more;
	size_t at = CH_WILLS_AT, n = 0;

	for (; at + sizeof(*record) <= buf->len; at += record->span) {
		record = (const void *)(buf->data + at);
		if (record->span < sizeof(*record) || record->span % 64 ||
		    record->span > buf->len - at)
			break;
		if (!is_sound(record, record->span))
			continue;
		if ((n & (n - 1)) == 0) {
			more = realloc(found, (n ? n * 2 : 1) * sizeof(*more));
			if (!more) {
				free(found);
				return -1;
			}
			found = more;
		}
		found[n].record = record;
		found[n].at = at;
		found[n].local = (const char *)(record + 1);
		found[n].to = found[n].local + record->local + 1;
		found[n].text = found[n].to + record->to + 1;
		n++;
	}
	*all = found;
	return (ssize_t)n;
}

static int
by_local(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int d = strcmp(x->local, y->local);

	return d ? d : (x->record->seq < y->record->seq) -
	    (x->record->seq > y->record->seq);
}

static int
by_target(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int d = strcmp(x->to, y->to);

	return d ? d : (x->record->seq > y->record->seq) -
	    (x->record->seq < y->record->seq);
}

/*
 * Keep the youngest of each channel, in the order of their targets; the others
 * are those whose owner was killed before it took them back.
 */
static size_t
settle(int fd, struct found *found, size_t n)
{
	size_t i, kept = 0;

	qsort(found, n, sizeof(*found), by_local);
	for (i = 0; i < n; i++)
		if (!kept || strcmp(found[i].local, found[kept - 1].local))
			found[kept++] = found[i];
		else
			take_back(fd, found[i].at);
	qsort(found, kept, sizeof(*found), by_target);
	return kept;
}

/* Send n wills that are for the same channel, in one commit. */
static int
send_together(struct ch_file *file, const struct found *found, size_t n,
    struct ch_err *err)
{
	const char *to = found->to;
	size_t queue_len = ch_name_queue_len(to), i;
	struct ch_entry *entries = calloc(n, sizeof(*entries));
	char list[CH_NAME_MAX + 1];
	int rc;

	if (!entries)
		return ch_err_memory(err);
	list[0] = (char)strlen(to + queue_len);
	memcpy(list + 1, to + queue_len, (size_t)list[0]);
	for (i = 0; i < n; i++)
		entries[i] = (struct ch_entry){
			.kind = CH_MESSAGE,
			.list = list,
			.list_len = list[0] ? (size_t)list[0] + 1 : 0,
			.text = found[i].text,
			.text_len = found[i].record->text,
			.time = ch_clock_real(),
		};
	rc = ch_send_all(file, to, queue_len, entries, n, err);
	free(entries);
	return rc == CH_NONE ? CH_OK : rc;
}

/*
 * Send a run of wills for one channel: all of them if there is room, else as
 * many as go in, and the rest with the next cleaner.
 */
static int
send_run(struct ch_file *file, int fd, const struct found *found, size_t n,
    struct ch_err *err)
{
	size_t done = 0, some = n, i;
	int rc = CH_OK;

	while (done < n && some) {
		if (some > n - done)
			some = n - done;
		rc = send_together(file, found + done, some, err);
		if (rc == CH_FULL) {
			some /= 2;
			continue;
		}
		if (rc != CH_OK)
			break;
		for (i = 0; i < some; i++)
			take_back(fd, found[done++].at);
	}
	return rc;
}

/* All of the file, up to its end now. */
static int
read_all(int fd, struct ch_buf *buf)
{
	ssize_t n = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if ((size_t)st.st_size > FILE_MAX_BYTES ||
	    ch_buf_reserve(buf, (size_t)st.st_size) < 0) {
		errno = ENOMEM;
		return -1;
	}
	while (buf->len < (size_t)st.st_size) {
		n = pread(fd, buf->data + buf->len,
		    (size_t)st.st_size - buf->len, (off_t)buf->len);
		if (n <= 0)
			break;
		buf->len += (size_t)n;
	}
	return n < 0 ? -1 : 0;
}

int
ch_wills_send(struct ch_file *file, int fd, struct ch_err *err)
{
	struct ch_buf buf = CH_BUF_INIT;
	struct found *found = NULL;
	ssize_t count = -1;
	size_t n, i, run;
	int rc = CH_OK, first = CH_OK;

	if (read_all(fd, &buf) < 0)
		first = ch_err_os(err, errno, "cannot read the wills");
	else if ((count = find_all(&buf, &found)) < 0)
		first = ch_err_memory(err);
	n = count > 0 ? settle(fd, found, (size_t)count) : 0;
	for (i = 0; i < n; i += run) {
		for (run = 1; i + run < n; run++)
			if (strcmp(found[i].to, found[i + run].to))
				break;
		rc = send_run(file, fd, found + i, run,
		    first == CH_OK ? err : NULL);
		if (first == CH_OK)
			first = rc;
	}
	free(found);
	ch_buf_release(&buf);
	return first;
}
