/* reports.c - what the workers on a store say of themselves. */
#include "common/reports.h"

#include "base/err.h"
#include "base/id.h"
#include "base/io.h"
#include "base/lock.h"
#include "common/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "workers"
#define MOST   16777216 /* bytes of a report */
#define BEGINNING 3600  /* s after which one that is empty was given up */

int
report_open(struct report *report, const char *location, struct ch_err *err)
{
	char state[PATH_MAX], folder[PATH_MAX], id[CH_ID_UNIQUE + 1];
	mode_t mode = 0;
	int rc;

	report->fd = -1;
	state_path(NULL, location, state);
	rc = state_folder(state, FOLDER, folder, &mode, err);
	if (rc != CH_OK)
		return rc;
	ch_id_random(id, CH_ID_UNIQUE);
	if ((size_t)snprintf(report->path, PATH_MAX, "%s/%s", folder, id) >=
	    PATH_MAX)
		return ch_err_os(err, ENAMETOOLONG, "%s", folder);
	report->fd = open(report->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (report->fd < 0)
		return ch_err_os(err, errno, "%s", report->path);
	if (ch_lock_own(report->fd) != 1 || fchmod(report->fd, mode) < 0) {
		rc = ch_err_os(err, errno, "%s", report->path);
		report_close(report);
	}
	return rc;
}

int
report_write(const struct report *report, const char *text, size_t len,
    struct ch_err *err)
{
	int fd = report->fd, rc = ch_lock_take(fd, CH_NOW, "a report", err);

	if (rc != CH_OK)
		return rc;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    ch_io_write(fd, text, len) < 0)
		rc = ch_err_os(err, errno, "%s", report->path);
	ch_lock_drop(fd);
	return rc;
}

void
report_close(struct report *report)
{
	if (report->fd >= 0)
		unlink(report->path);
	ch_io_close(&report->fd);
}

/* One that nobody holds is of a dead worker, or of one that just began. */
static void
remove_dead(int folder, const char *name, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 &&
	    (st.st_size || st.st_mtime + BEGINNING < time(NULL)))
		unlinkat(folder, name, 0);
}

static void
read_one(int folder, const char *name,
    void (*each)(void *arg, const char *text, size_t len), void *arg)
{
	struct ch_buf text = CH_BUF_INIT;
	int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (!ch_lock_is_owned(fd)) {
		remove_dead(folder, name, fd);
	} else if (each && ch_lock_take(fd, CH_NEVER, name, NULL) == CH_OK) {
		if (ch_io_slurp(fd, &text, MOST) == 0 && text.len)
			each(arg, text.data, text.len);
		ch_lock_drop(fd);
	}
	ch_buf_release(&text);
	ch_io_close(&fd);
}

int
reports_read(const char *location,
    void (*each)(void *arg, const char *text, size_t len), void *arg,
    struct ch_err *err)
{
	char state[PATH_MAX], folder[PATH_MAX + sizeof(FOLDER)];
	struct dirent *entry;
	DIR *dir;

	state_path(NULL, location, state);
	snprintf(folder, sizeof(folder), "%s/" FOLDER, state);
	dir = opendir(folder);
	if (!dir)
		return errno == ENOENT ? CH_OK
		    : ch_err_os(err, errno, "%s", folder);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			read_one(dirfd(dir), entry->d_name, each, arg);
	closedir(dir);
	return CH_OK;
}
