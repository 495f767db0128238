/* Bytes that wait to be written, in memory, then in a file. */
#include "chserve/outbox.h"

#include "base/io.h"
#include "common/put.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TURN_BYTES 262144 /* of a file, before others have their turn */

static size_t pool; /* bytes of memory, of all */

/* From now on into a file; 0, or -1. */
static int
spill(struct outbox *outbox)
{
	if (spool_new(&outbox->spool))
		return -1;
	outbox->file = open(outbox->spool.path, O_RDONLY | O_CLOEXEC);
	outbox->file_at = outbox->file_left = 0;
	outbox->spilled = 1;
	return outbox->file < 0 ? -1 : 0;
}

int
outbox_put(struct outbox *outbox, const void *bytes, size_t n)
{
	size_t waits = outbox->memory.len - outbox->at;
	size_t most = pool < OUTBOX_POOL ? OUTBOX_MEMORY : OUTBOX_LEAST;

	if (!outbox->spilled && waits + n > most && waits && spill(outbox))
		return -1;
	if (!outbox->spilled) {
		pool -= outbox->memory.size;
		put_bytes(&outbox->memory, bytes, n);
		pool += outbox->memory.size;
		return 0;
	}
	if (outbox->spool.size + (off_t)n > OUTBOX_MAX ||
	    spool_write(&outbox->spool, bytes, n))
		return -1;
	outbox->file_left += (off_t)n;
	return 0;
}

void
outbox_file(struct outbox *outbox, int file, off_t at, off_t len)
{
	outbox->shared = openfile_take(file);
	outbox->file = outbox->shared->fd;
	outbox->file_at = at;
	outbox->file_left = len;
}

off_t
outbox_left(const struct outbox *outbox)
{
	return (off_t)(outbox->memory.len - outbox->at) + outbox->file_left;
}

int
outbox_is_empty(const struct outbox *outbox)
{
	return !outbox_left(outbox);
}

/* All of the file is read: back to memory. */
static void
end_file(struct outbox *outbox)
{
	if (!outbox->shared)
		ch_io_close(&outbox->file);
	openfile_put(outbox->shared);
	outbox->shared = NULL;
	outbox->file = -1;
	spool_release(&outbox->spool);
	outbox->spilled = 0;
}

static void
release_memory(struct outbox *outbox)
{
	pool -= outbox->memory.size;
	ch_buf_release(&outbox->memory);
	outbox->at = 0;
}

/* n bytes of the memory have gone. */
static void
gone(struct outbox *outbox, size_t n)
{
	outbox->at += n;
	if (outbox->at == outbox->memory.len)
		release_memory(outbox);
}

static int
write_memory(struct outbox *outbox, struct sock *sock)
{
	ssize_t n;

	while (outbox->at < outbox->memory.len) {
		n = sock_write(sock, outbox->memory.data + outbox->at,
		    outbox->memory.len - outbox->at, outbox->file_left != 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		gone(outbox, (size_t)n);
		outbox->written += (uint64_t)n;
	}
	return 1;
}

int
outbox_write(struct outbox *outbox, struct sock *sock)
{
	size_t turn = 0;
	int rc = write_memory(outbox, sock);
	ssize_t n;

	while (rc > 0 && outbox->file_left) {
		if (turn >= TURN_BYTES) {
			errno = EINTR; /* go on without waiting for the peer */
			return 0;
		}
		n = sock_file(sock, outbox->file, &outbox->file_at,
		    outbox->file_left < TURN_BYTES ? (size_t)outbox->file_left
						   : TURN_BYTES);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		if (n == 0)
			return -1; /* the file has become shorter */
		outbox->file_left -= n;
		turn += (size_t)n;
		outbox->written += (uint64_t)n;
	}
	if (rc > 0 && outbox->file >= 0)
		end_file(outbox);
	return rc;
}

ssize_t
outbox_take(struct outbox *outbox, void *bytes, size_t n)
{
	size_t waits = outbox->memory.len - outbox->at;
	ssize_t got;

	if (waits) {
		n = n < waits ? n : waits;
		memcpy(bytes, outbox->memory.data + outbox->at, n);
		gone(outbox, n);
		return (ssize_t)n;
	}
	if (!outbox->file_left)
		return 0;
	if ((off_t)n > outbox->file_left)
		n = (size_t)outbox->file_left;
	got = pread(outbox->file, bytes, n, outbox->file_at);
	if (got <= 0)
		return -1;
	outbox->file_at += got;
	outbox->file_left -= got;
	if (!outbox->file_left)
		end_file(outbox);
	return got;
}

void
outbox_release(struct outbox *outbox)
{
	release_memory(outbox);
	outbox->file_left = 0;
	end_file(outbox);
}
