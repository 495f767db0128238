/* The spool: its files, and what becomes of those of the dead. */
#include "chserve/spool.h"

#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "store.h"

#define CHILDREN 6
#define TURNS 150

static char state[256]; /* two directories that are not there yet */

static void
open_spool(void)
{
	struct ch_err err = CH_ERR_INIT;

	if (spool_open(state, &err) != CH_OK)
		bail("spool_open", &err);
}

static struct spool
new_file(const char *text)
{
	struct spool spool = SPOOL_INIT;

	if (spool_new(&spool) < 0 ||
	    spool_write(&spool, text, strlen(text)) < 0 ||
	    spool_done(&spool) < 0)
		bail(strerror(errno), NULL);
	return spool;
}

static int
entries(const char *path)
{
	DIR *list = opendir(path);
	struct dirent *entry;
	int n = 0;

	while (list && (entry = readdir(list)))
		n += entry->d_name[0] != '.';
	if (list)
		closedir(list);
	return list ? n : -1;
}

static int
mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -1 : (int)(st.st_mode & 07777);
}

static const char *
folder(void)
{
	return in_store("a/b/spool");
}

/* --- files --------------------------------------------------------------- */

static void
test_files(void)
{
	struct spool spool = SPOOL_INIT, other;
	struct ch_buf content = CH_BUF_INIT;
	char path[512];
	int fd;

	is_int(spool_new(&spool), -1, "not open, no file");
	open_spool();
	is_int(mode_of(state), 0700, "the state directory is made");
	is_int(mode_of(folder()), 0700, "and its spool");
	is_int(entries(folder()), 0, "with nothing in it yet");
	is_int(spool_new(&spool), 0, "a file");
	ok(spool.path[0] == '/', "has an absolute path");
	snprintf(path, sizeof(path), "%s", spool.path);
	is_int(mode_of(path), 0600, "is ours alone");
	ok(fcntl(spool.fd, F_GETFD) & FD_CLOEXEC, "and not our children's");
	is_int(spool_write(&spool, "one ", 4), 0, "takes bytes");
	is_int(spool_write(&spool, "two", 3), 0, "and more");
	is_int(spool.size, 7, "and counts them");
	is_int(spool_done(&spool), 0, "is done");
	is_int(spool.fd, -1, "and closed");
	fd = open(path, O_RDONLY);
	ch_io_slurp(fd, &content, 100);
	close(fd);
	is_str(content.data, "one two", "holds them");
	ch_buf_release(&content);
	is_int(entries(folder()), 1, "there is one directory");
	*strrchr(path, '/') = '\0';
	is_int(mode_of(path), 0700, "for us alone");
	other = new_file("x");
	is_int(entries(path), 3, "with two files and a lock");
	spool_release(&spool);
	ok(!spool.path && spool.fd < 0 && !spool.size, "released");
	is_int(entries(path), 2, "one goes");
	spool_release(&spool);
	spool_sweep();
	is_int(entries(path), 2, "we sweep others' only");
	spool_close();
	is_int(entries(folder()), 0, "closing removes all");
	spool_release(&other);
}

static void
test_removed(void)
{
	struct spool spool, next;
	char path[512];

	open_spool();
	spool = new_file("1");
	snprintf(path, sizeof(path), "%s", folder());
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	next = new_file("2");
	is_int(mode_of(next.path), 0600, "what others removed is made again");
	spool_release(&spool);
	spool_release(&next);
	spool_close();
	is_int(entries(folder()), 0, "and goes");
}

static void
test_limit(void)
{
	struct spool spool = SPOOL_INIT;
	struct rlimit old, limit;
	int rc, os;

	open_spool();
	spool_new(&spool);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 5;
	setrlimit(RLIMIT_FSIZE, &limit);
	rc = spool_write(&spool, "123456", 6);
	os = errno;
	setrlimit(RLIMIT_FSIZE, &old);
	is_int(rc, -1, "beyond the limit of files");
	is_int(os, EFBIG, "is an error, no end");
	is_int(spool_status(os), 507, "like a full disk");
	is_int(spool_status(ENOSPC), 507, "which is this");
	is_int(spool_status(EMFILE), 503, "without descriptors");
	is_int(spool_status(EIO), 500, "else");
	spool_release(&spool);
	spool_close();
}

/* --- the dead ------------------------------------------------------------ */

static void
live(void *arg)
{
	int files = *(int *)arg;

	open_spool();
	while (files--)
		new_file("left");
}

static void
test_dead(void)
{
	int two = 2, one = 1;
	pid_t dead = start_child(live, &two), alive = start_child(live, &one);

	is_int(entries(folder()), 2, "two servers, two directories");
	open_spool();
	is_int(entries(folder()), 2, "who starts beside them removes none");
	kill(dead, SIGKILL);
	end_of(dead);
	is_int(entries(folder()), 2, "one was killed");
	spool_sweep();
	is_int(entries(folder()), 1, "a sweep removes what it left");
	spool_close();
	kill(alive, SIGKILL);
	end_of(alive);
	open_spool();
	is_int(entries(folder()), 0, "and the next start the other's");
	spool_close();
}

static void
make(const char *what)
{
	int fd = open(in_store(what), O_WRONLY | O_CREAT, 0600);

	if (fd < 0)
		bail(what, NULL);
	close(fd);
}

static void
test_strange(void)
{
	/* 17 characters: as ours are called */
	mkdir(in_store("a/b/spool/aaaaaaaaaaaaaaaaa"), 0700);
	mkdir(in_store("a/b/spool/bbbbbbbbbbbbbbbbb"), 0700);
	make("a/b/spool/bbbbbbbbbbbbbbbbb/file");
	make("a/b/spool/bbbbbbbbbbbbbbbbb/lock");
	mkdir(in_store("a/b/spool/notes"), 0700);
	make("a/b/spool/notes/file");
	make("a/b/spool/ccccccccccccccccc");
	make("a/kept");
	if (symlink("..", in_store("a/b/spool/ddddddddddddddddd")) < 0)
		bail("symlink", NULL);
	open_spool();
	ok(!is_there("a/b/spool/aaaaaaaaaaaaaaaaa"), "its maker was killed");
	ok(!is_there("a/b/spool/bbbbbbbbbbbbbbbbb"), "its owner is dead");
	ok(is_there("a/b/spool/notes/file"), "what is not ours stays");
	ok(is_there("a/b/spool/ccccccccccccccccc"), "a file, too");
	ok(is_there("a/b/spool/ddddddddddddddddd"), "and a link");
	ok(is_there("a/kept"), "which is not followed");
	spool_close();
	nftw(folder(), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A server's whole life; it keeps its file while it lives. */
static void
come_and_go(int i)
{
	struct spool spool;

	open_spool();
	spool = new_file("x");
	spool_sweep();
	if (access(spool.path, F_OK) < 0)
		_exit(1);
	if (i % 3) /* else it is left, as by a crash */
		spool_close();
	_exit(0);
}

static void
take_turns(void *arg)
{
	pid_t pid;
	int i;

	(void)arg;
	for (i = 0; i < TURNS; i++) {
		fflush(stdout);
		pid = fork();
		if (pid == 0)
			come_and_go(i);
		if (pid < 0 || end_of(pid) != 0)
			_exit(1);
	}
}

static void
test_race(void)
{
	pid_t children[CHILDREN];
	int i, lost = 0;

	for (i = 0; i < CHILDREN; i++)
		children[i] = in_child(take_turns, NULL);
	for (i = 0; i < CHILDREN; i++)
		lost += end_of(children[i]) != 0;
	is_int(lost, 0, "%d servers in turn, %d at once: nobody loses a file",
	    TURNS, CHILDREN);
	open_spool();
	is_int(entries(folder()), 0, "nothing stays");
	spool_close();
}

/* --- refused ------------------------------------------------------------- */

static void
refused(int want, const char *path, const char *words)
{
	struct ch_err err = CH_ERR_INIT;
	struct spool spool = SPOOL_INIT;

	is_int(spool_open(path, &err), want, "refused: %s", err.text);
	ok(strstr(err.text, words) != NULL, "says %s", words);
	is_int(spool_new(&spool), -1, "then there is none");
}

static void
test_refused(void)
{
	char path[300];

	mkdir(in_store("w"), 0700);
	mkdir(in_store("w/spool"), 0700);
	chmod(in_store("w/spool"), 0770);
	refused(CH_DENIED, in_store("w"), "w/spool: Operation not permitted");
	mkdir(in_store("l"), 0700);
	if (symlink("../w", in_store("l/spool")) < 0)
		bail("symlink", NULL);
	refused(CH_IO, in_store("l"), "l/spool: Not a directory");
	make("f");
	refused(CH_IO, in_store("f"), "f/spool: Not a directory");
	refused(CH_IO, in_store("f/x"), "f/x: Not a directory");
	refused(CH_IO, "", "state : No such file or directory");
	snprintf(path, sizeof(path), "%s\xff", in_store("u"));
	refused(CH_CONFIG, path, "spool: is not UTF-8");
	is_int(spool_open("/dev/null/x", NULL), CH_IO, "with nobody to tell");
}

int
main(void)
{
	store_new();
	snprintf(state, sizeof(state), "%s", in_store("a/b"));
	test_files();
	test_removed();
	test_limit();
	test_dead();
	test_strange();
	test_race();
	test_refused();
	return done_testing();
}
