/* What waits to be written: memory first, then a file, in order. */
#include "chserve/outbox.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 10000

static char piece[PIECE];

static void
fill(unsigned n)
{
	size_t i;

	for (i = 0; i < PIECE; i++)
		piece[i] = (char)(n * 31 + i * 7);
}

static void
put_pieces(struct outbox *outbox, unsigned from, unsigned to)
{
	int rc = 0;

	for (; from < to; from++) {
		fill(from);
		rc |= outbox_put(outbox, piece, PIECE);
	}
	is_int(rc, 0, "pieces are put");
}

/* The next pieces, taken in bits that do not fit them. */
static void
take_pieces(struct outbox *outbox, unsigned from, unsigned to)
{
	char got[PIECE];
	size_t have;
	ssize_t n;
	int same = 1;

	for (; from < to; from++) {
		fill(from);
		for (have = 0; have < PIECE; have += (size_t)n) {
			n = outbox_take(outbox, got + have,
			    PIECE - have < 3001 ? PIECE - have : 3001);
			if (n <= 0) {
				ok(0, "the outbox has piece %u", from);
				return;
			}
		}
		same &= memcmp(got, piece, PIECE) == 0;
	}
	ok(same, "they come in order");
}

static void
test_spilling(void)
{
	struct outbox outbox = OUTBOX_INIT;

	put_pieces(&outbox, 0, 20);
	ok(!outbox.spilled, "some wait in memory");
	put_pieces(&outbox, 20, 100);
	ok(outbox.spilled && outbox.memory.len <= OUTBOX_MEMORY,
	    "more wait in a file");
	take_pieces(&outbox, 0, 50);
	put_pieces(&outbox, 100, 110);
	take_pieces(&outbox, 50, 110);
	ok(outbox_is_empty(&outbox), "it is empty");
	ok(!outbox.spilled && !outbox.spool.path, "and the file is gone");
	put_pieces(&outbox, 110, 112);
	ok(!outbox.spilled, "memory again");
	take_pieces(&outbox, 110, 112);
	put_pieces(&outbox, 0, 100);
	outbox_release(&outbox);
	ok(!outbox.spool.path && outbox.file < 0, "released, it has no file");
}

static void
test_writing(void)
{
	struct outbox outbox = OUTBOX_INIT;
	struct sock sock;
	char got[PIECE];
	int ends[2], rc;
	unsigned at = 0;

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
	sock = (struct sock){ ends[0], NULL };
	put_pieces(&outbox, 0, 200);
	while (at < 200) {
		rc = outbox_write(&outbox, &sock);
		if (rc < 0)
			break;
		while (at < 200 && recv(ends[1], got, PIECE,
		    MSG_PEEK) == PIECE) {
			recv(ends[1], got, PIECE, 0);
			fill(at++);
			if (memcmp(got, piece, PIECE) != 0)
				rc = -1;
		}
		if (rc < 0)
			break;
	}
	is_int(at, 200, "all is written, in order");
	is_int((intmax_t)outbox.written, 200 * PIECE, "and counted");
	put_pieces(&outbox, 0, 1);
	close(ends[1]);
	is_int(outbox_write(&outbox, &sock), -1, "a lost peer");
	outbox_release(&outbox);
	close(ends[0]);
}

/* One that has been opened once more, to be sent from `at`. */
static void
send_file(struct outbox *outbox, const char *path, off_t at)
{
	outbox_file(outbox, open(path, O_RDONLY | O_CLOEXEC), at, 3 - at);
}

static void
test_one_file(const char *path)
{
	struct outbox a = OUTBOX_INIT, b = OUTBOX_INIT;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), next;
	int shared;
	char got[4] = "";

	is_int(write(fd, "abc", 3), 3, "there is a file");
	close(fd);
	send_file(&a, path, 0);
	next = dup(0);
	close(next);
	send_file(&b, path, 1);
	shared = a.file;
	is_int(b.file, shared, "for two readers it is open once");
	fd = dup(0);
	is_int(fd, next, "and what was opened again is closed");
	close(fd);
	is_int(outbox_take(&a, got, 1), 1, "the first one reads,");
	is_int(outbox_take(&b, got + 1, 2), 2, "the second to the end,");
	is_int(outbox_take(&a, got + 1, 3), 2, "the first one reads on");
	is_str(got, "abc", "each from its own place");
	is_int(fcntl(shared, F_GETFD), -1, "then it is closed");
	send_file(&a, path, 0);
	ok(a.file >= 0, "and opened again");
	outbox_release(&a);
	unlink(path);
}

int
main(void)
{
	char state[] = "/tmp/outbox.XXXXXX";
	struct ch_err err = CH_ERR_INIT;
	char spool[64];

	if (!mkdtemp(state))
		return 1;
	is_int(spool_open(state, &err), CH_OK, "there is a spool");
	test_spilling();
	test_writing();
	snprintf(spool, sizeof(spool), "%s/file", state);
	test_one_file(spool);
	spool_close();
	snprintf(spool, sizeof(spool), "%s/spool", state);
	rmdir(spool);
	is_int(rmdir(state), 0, "nothing is left behind");
	return done_testing();
}
