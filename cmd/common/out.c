/* out.c - standard output: gathered in one buffer, written whole. */
#include "common/out.h"

#include "base/err.h"
#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

struct ch_buf out = CH_BUF_INIT;

static int
failed(int os, struct ch_err *err)
{
	if (os == EPIPE)
		say_pipe();
	ch_err_os(err, os, "write standard output");
	return CH_IO;
}

int
out_check(struct ch_err *err)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return failed(EBADF, err);
	return CH_OK;
}

/* CH_OK when a write of PIPE_BUF bytes will not block. */
static int
wait_for_room(int64_t deadline, struct ch_err *err)
{
	struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };
	int64_t left;
	int n;

	do {
		left = deadline - ch_clock();
		if (left < 0)
			left = 0;
		n = poll(&ready, 1, left < INT_MAX ? (int)left : INT_MAX);
	} while ((n < 0 && errno == EINTR) || (!n && left));
	if (n > 0)
		return CH_OK;
	return ch_err_set(err, CH_TIMEOUT,
	    "standard output takes nothing: timed out");
}

/* With a deadline: as much at a time as a pipe with room takes at once. */
static int
flush_until(int64_t deadline, struct ch_err *err)
{
	size_t done = 0, n;
	int rc;

	while (done < out.len) {
		rc = wait_for_room(deadline, err);
		if (rc != CH_OK)
			return rc;
		n = out.len - done;
		if (n > PIPE_BUF)
			n = PIPE_BUF;
		if (ch_io_write(STDOUT_FILENO, out.data + done, n) < 0)
			return failed(errno, err);
		done += n;
	}
	return CH_OK;
}

int
out_flush(int64_t deadline, struct ch_err *err)
{
	int rc = CH_OK;

	if (!out.len)
		return CH_OK;
	if (deadline != CH_NEVER)
		rc = flush_until(deadline, err);
	else if (ch_io_write(STDOUT_FILENO, out.data, out.len) < 0)
		rc = failed(errno, err);
	ch_buf_clear(&out);
	return rc;
}
