/* base.c - the ground floor: errors, buffers, descriptors, clocks, ids. */
#include "channel.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/io.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static void
test_buf(void)
{
	struct ch_buf buf = CH_BUF_INIT;
	size_t i;

	is_int(ch_buf_adds(&buf, "one"), 0, "a string");
	is_int(ch_buf_addc(&buf, ','), 0, "a character");
	is_int(ch_buf_add(&buf, "two\0", 4), 0, "bytes");
	is_int(ch_buf_addf(&buf, "%d/%s", 3, "x"), 0, "formatted");
	is_int(buf.len, 11, "all of it");
	ok(memcmp(buf.data, "one,two\0003/x", 12) == 0, "in a row, and a NUL");
	ch_buf_consume(&buf, 4);
	is_str(buf.data, "two", "drop the first");
	is_int(buf.len, 7, "four bytes");
	is_int(ch_buf_reserve(&buf, SIZE_MAX - 3), -1, "more than there is");
	is_int(ch_buf_reserve(&buf, SIZE_MAX / 2), -1, "is not had");
	is_int(buf.len, 7, "and changes nothing");
	ch_buf_clear(&buf);
	is_str(buf.data, "", "empty again");
	for (i = 0; i < 5000; i++)
		ch_buf_addc(&buf, 'x');
	is_int(strlen(buf.data), 5000, "it grows");
	ch_buf_release(&buf);
	ok(!buf.data && !buf.len && !buf.size, "and goes");
	ch_buf_consume(&buf, 0);
	is_int(ch_buf_add(&buf, NULL, 0), 0, "nothing added to nothing");
	ch_buf_release(&buf);
}

static void
test_err(void)
{
	struct ch_err err = CH_ERR_INIT;
	char text[2000];

	is_int(ch_err_set(&err, CH_FULL, "%s is %s", "jobs", "full"), CH_FULL,
	    "set gives its status");
	is_str(err.text, "jobs is full", "the sentence");
	is_int(err.status, CH_FULL, "the status");
	is_int(err.os, 0, "no errno");
	is_int(ch_err_os(&err, ENOENT, "open %s", "x"), CH_IO, "ENOENT is I/O");
	is_str(err.text, "open x: No such file or directory", "with words");
	is_int(err.os, ENOENT, "and errno");
	is_int(ch_err_os(&err, EACCES, "x"), CH_DENIED, "EACCES is denied");
	is_int(ch_err_os(&err, EROFS, "x"), CH_DENIED, "so is EROFS");
	is_int(ch_err_memory(&err), CH_IO, "no memory");
	is_int(ch_err_set(NULL, CH_NONE, "x"), CH_NONE, "nobody wants it");
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ch_err_os(&err, ENOENT, "%s", text);
	is_int(strlen(err.text), sizeof(err.text) - 1, "a long one is cut");
}

static void
test_hash(void)
{
	is_int(ch_hash("", 0, 0), 0x66eee96f47bc6153, "nothing");
	is_int(ch_hash("jobs", 4, 0), 0x534615f22df6c94d, "four bytes");
	is_int(ch_hash("jobs", 4, 42), (intmax_t)0x812ce9ed41749547,
	    "with a seed");
	is_int(ch_hash("0123456789abcdef", 16, 0), 0x2d63362504c682ec,
	    "sixteen bytes");
	ok(ch_hash("a\0", 2, 0) != ch_hash("a", 1, 0), "zeros count");
}

static void
test_id(void)
{
	char one[201], two[201];
	int seen[256] = { 0 }, i, round, kinds = 0;

	ch_id_random(one, 200);
	ch_id_random(two, 200);
	is_int(strlen(one), 200, "as long as asked for");
	is_int(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789"), 200,
	    "letters and digits");
	ok(strcmp(one, two) != 0, "never the same");
	for (round = 0; round < 50; round++) {
		ch_id_random(one, 200);
		for (i = 0; i < 200; i++)
			kinds += !seen[(unsigned char)one[i]]++;
	}
	is_int(kinds, 62, "all of them come");
	ch_id_random(one, 0);
	is_str(one, "", "or none");
}

static void
test_clock(void)
{
	int64_t before = ch_clock();
	char path[] = "/tmp/chutils-boot-XXXXXX";
	const char *real = ch_clock_boot_file;
	uint64_t boot = ch_clock_boot();
	int fd = mkstemp(path);

	ok(before > 0 && ch_clock() >= before, "the clock goes forward");
	ok(ch_clock_real() > 1600000000000, "real time is since the epoch");
	ok(boot && ch_clock_boot() == boot, "one boot has one number");
	ch_clock_boot_file = path;
	is_int(ch_clock_boot(), 1, "an empty boot id");
	ok(write(fd, "another\n", 8) == 8 && ch_clock_boot() != boot,
	    "another boot has another");
	ch_clock_boot_file = "/nonexistent";
	is_int(ch_clock_boot(), 1, "none is still a number");
	ch_clock_boot_file = real;
	close(fd);
	unlink(path);
}

static void *
write_much(void *arg)
{
	static char bytes[300000];

	memset(bytes, 'x', sizeof(bytes));
	if (ch_io_write(*(int *)arg, bytes, sizeof(bytes)) < 0)
		return NULL;
	close(*(int *)arg);
	return arg;
}

static void
test_io(void)
{
	struct ch_buf buf = CH_BUF_INIT;
	pthread_t thread;
	void *good;
	int fds[2], fd = -1;

	ok(pipe2(fds, O_CLOEXEC) == 0 &&
	    fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0, "a non-blocking pipe");
	pthread_create(&thread, NULL, write_much, &fds[1]);
	is_int(ch_io_slurp(fds[0], &buf, 1000000), 0, "read all of it");
	pthread_join(thread, &good);
	ok(good, "all was written");
	is_int(buf.len, 300000, "and read");
	close(fds[0]);
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	is_int(ch_io_slurp(fd, &buf, 1000), -1, "too much");
	is_int(errno, EFBIG, "says so");
	errno = ENOENT;
	ch_io_close(&fd);
	is_int(fd, -1, "close");
	ch_io_close(&fd);
	is_int(errno, ENOENT, "keeps errno");
	is_int(ch_io_write(-1, "x", 1), -1, "no descriptor");
	is_int(ch_io_read(-1, NULL, 0), -1, "to read either");
	is_int(ch_io_slurp(-1, &buf, 1), -1, "or to slurp");
	ch_buf_release(&buf);
}

int
main(void)
{
	test_buf();
	test_err();
	test_hash();
	test_id();
	test_clock();
	test_io();
	return done_testing();
}
