/* Lines into a file that other processes write to as well. */
#include "chserve/logfile.h"

#include "chserve/loop.h"
#include "chserve/metrics.h"

#include "base/err.h"
#include "base/io.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAITING_MAX 1048576 /* bytes that wait to be written */
#define SLOW_MS 20          /* a reader that is behind is tried again */
#define FAILED_MS 1000      /* and a full disk */
#define WORD_MS 60000       /* between two words about trouble */
#define MODE 0640           /* addresses are nobody else's business */
#define HOW (O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static void try_again(struct due *due);

static const char *name;
static int fd = -1;
static mode_t kind; /* what it is, as S_IFMT tells */
static struct ch_buf waiting = CH_BUF_INIT;
static size_t written; /* of these bytes */
static uint64_t lost;  /* lines, since it was last said */
static int said;       /* that there is trouble */
static int64_t silent_until;
static struct due_queue tries = { .expired = try_again };
static struct due next_try;

/* --- opening -------------------------------------------------------------- */

/*
 * A description of our own, so that O_NONBLOCK is no one else's; a socket has
 * none to give.
 */
static int
open_output(void)
{
	int own = open("/proc/self/fd/1", HOW);

	return own >= 0 ? own : fcntl(1, F_DUPFD_CLOEXEC, 3);
}

static int
open_name(void)
{
	int opened = open(name, HOW | O_CREAT, MODE);

	if (opened < 0 && errno == ENXIO) /* a fifo, and nobody reads yet */
		opened = open(name, (HOW & ~O_WRONLY) | O_RDWR);
	return opened;
}

static int
open_log(struct ch_err *err)
{
	int opened = strcmp(name, "-") == 0 ? open_output() : open_name();
	struct stat st;

	if (opened < 0 || fstat(opened, &st) < 0)
		return ch_err_os(err, errno, "access log %s", name);
	ch_io_close(&fd);
	fd = opened;
	kind = st.st_mode & S_IFMT;
	return CH_OK;
}

int
logfile_open(const char *of, struct ch_err *err)
{
	name = of;
	return open_log(err);
}

int
logfile_reopen(struct ch_err *err)
{
	logfile_flush();
	return open_log(err);
}

size_t
logfile_line_max(void)
{
	return kind == S_IFREG ? SIZE_MAX : PIPE_BUF;
}

/* --- writing -------------------------------------------------------------- */

/* How much to write at once: whole lines, where short writes tear them. */
static size_t
piece(const char *bytes, size_t n)
{
	const char *end;

	if (kind == S_IFREG || n <= PIPE_BUF)
		return n;
	end = memrchr(bytes, '\n', PIPE_BUF);
	return end ? (size_t)(end - bytes) + 1 : n;
}

/* 0, or -1 with errno. */
static int
write_piece(void)
{
	const char *bytes = waiting.data + written;
	size_t n = piece(bytes, waiting.len - written);
	ssize_t done = kind == S_IFSOCK
	    ? send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT)
	    : write(fd, bytes, n);

	if (done < 0)
		return errno == EINTR ? 0 : -1;
	written += (size_t)done;
	return 0;
}

static void
say_trouble(int os)
{
	int64_t now = ch_clock();

	if (now < silent_until)
		return;
	silent_until = now + WORD_MS;
	said = 1;
	say_error("access log %s: %s", name, os == EAGAIN
		? "its reader is too slow, lines are lost" : strerror(os));
}

static void
say_over(void)
{
	say_note("access log %s: goes on, %" PRIu64 " lines were lost", name,
	    lost);
	said = 0;
	lost = 0;
}

void
logfile_flush(void)
{
	int rc = 0, os;

	while (written < waiting.len && rc == 0)
		rc = write_piece();
	os = errno;
	ch_buf_consume(&waiting, written);
	written = 0;
	due_clear(&next_try);
	if (rc == 0 && said)
		say_over();
	if (rc == 0)
		return;
	if (os != EAGAIN)
		say_trouble(os);
	due_set(&tries, &next_try, os == EAGAIN ? SLOW_MS : FAILED_MS);
}

static void
try_again(struct due *due)
{
	(void)due;
	logfile_flush();
}

void
logfile_add(const char *line, size_t len)
{
	if (waiting.len + len > WAITING_MAX) {
		say_trouble(EAGAIN);
		lost++;
		metrics_add(METRIC_LOG_LOST, 1);
		return;
	}
	put_bytes(&waiting, line, len);
	if (!next_try.queue)
		due_set(&tries, &next_try, 0);
}

void
logfile_close(void)
{
	logfile_flush();
	due_clear(&next_try);
	ch_buf_release(&waiting);
	ch_io_close(&fd);
}
