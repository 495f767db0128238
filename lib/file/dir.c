/* dir.c - the store's directory. */
#include "file/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/err.h"
#include "base/id.h"
#include "base/io.h"

#define FORMAT "chutils store "
#define FORMAT_VERSION "1"
#define CONFIG_MAX (1 << 20)

#ifndef V9FS_MAGIC
#define V9FS_MAGIC 0x01021997
#endif
#define VIRTIOFS_LIKE_FUSE 0x65735546 /* FUSE and virtiofs alike */

int
ch_dir_file(const struct ch_file *file, int dir, const char *name, int flags,
    mode_t type)
{
	struct stat st;
	int fd;

	fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
	    file->mode);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		goto fail;
	if ((st.st_mode & S_IFMT) != type) {
		errno = EBADF;
		goto fail;
	}
	if ((flags & O_CREAT) && (st.st_mode & 0777) != file->mode &&
	    fchmod(fd, file->mode) < 0)
		goto fail;
	if ((flags & O_CREAT) && file->gid != (gid_t)-1 &&
	    st.st_gid != file->gid && fchown(fd, (uid_t)-1, file->gid) < 0)
		goto fail;
	return fd;
fail:
	ch_io_close(&fd);
	return -1;
}

/* What mkdir or mkfifo made gets its mode whatever the umask, and its group. */
static int
dress(const struct ch_file *file, int dir, const char *name, mode_t mode)
{
	if (fchmodat(dir, name, mode, 0) < 0)
		return -1;
	if (file->gid == (gid_t)-1)
		return 0;
	return fchownat(dir, name, (uid_t)-1, file->gid, AT_SYMLINK_NOFOLLOW);
}

int
ch_dir_mkdir(const struct ch_file *file, int dir, const char *name)
{
	mode_t mode = file->gid == (gid_t)-1 ? 0700 : 02770;

	if (mkdirat(dir, name, mode) < 0)
		return -1;
	return dress(file, dir, name, mode);
}

int
ch_dir_mkfifo(const struct ch_file *file, int dir, const char *name)
{
	if (mkfifoat(dir, name, file->mode) < 0)
		return -1;
	return dress(file, dir, name, file->mode);
}

int
ch_dir_walk(int dir, int hidden, int (*each)(void *arg, const char *name),
    void *arg, struct ch_err *err)
{
	struct ch_buf names = CH_BUF_INIT;
	struct dirent *entry;
	int fd, rc = CH_OK;
	const char *name;
	size_t at;
	DIR *list;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = fd < 0 ? NULL : fdopendir(fd);
	if (!list) {
		rc = ch_err_os(err, errno, "read a directory of the store");
		ch_io_close(&fd);
		return rc;
	}
	while (rc == CH_OK && (entry = readdir(list))) {
		name = entry->d_name;
		if (!strcmp(name, ".") || !strcmp(name, "..") ||
		    (name[0] == '.' && !hidden))
			continue;
		if (ch_buf_add(&names, name, strlen(name) + 1) < 0)
			rc = ch_err_memory(err);
	}
	closedir(list);
	for (at = 0; rc == CH_OK && at < names.len; at += strlen(name) + 1) {
		name = names.data + at;
		rc = each(arg, name);
	}
	ch_buf_release(&names);
	return rc;
}

struct removal {
	int dir;
	int depth;
};

static int
remove_entry(void *arg, const char *name)
{
	const struct removal *in = arg;

	if (unlinkat(in->dir, name, 0) < 0 && errno == EISDIR && in->depth)
		ch_dir_remove(in->dir, name);
	return CH_OK;
}

int
ch_dir_remove(int dir, const char *name)
{
	struct removal in = { .depth = 1 };

	in.dir = openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in.dir >= 0) {
		ch_dir_walk(in.dir, 1, remove_entry, &in, NULL);
		ch_io_close(&in.dir);
	}
	return unlinkat(dir, name, AT_REMOVEDIR);
}

/* flock and shared mappings do not hold on these. */
static int
check_file_system(int root, const char *path, struct ch_err *err)
{
	const char *kind = NULL;
	struct statfs fs;

	if (fstatfs(root, &fs) < 0)
		return ch_err_os(err, errno, "look at %s", path);
	switch ((unsigned long)fs.f_type) {
	case NFS_SUPER_MAGIC:
		kind = "NFS";
		break;
	case V9FS_MAGIC:
		kind = "9p";
		break;
	case SMB_SUPER_MAGIC:
	case 0xff534d42: /* CIFS */
	case 0xfe534d42: /* SMB2 */
		kind = "SMB";
		break;
	case VIRTIOFS_LIKE_FUSE:
		kind = "FUSE or virtiofs";
		break;
	}
	if (!kind)
		return CH_OK;
	return ch_err_set(err, CH_UNAVAILABLE,
	    "%s is on a network file system (%s), where locks do not hold",
	    path, kind);
}

static int
in_group(gid_t gid)
{
	gid_t groups[256];
	int i, n;

	if (getegid() == gid)
		return 1;
	n = getgroups(256, groups);
	for (i = 0; i < n; i++)
		if (groups[i] == gid)
			return 1;
	return 0;
}

/* Whether the directory is ours alone, or a group's that we belong to. */
static int
check_owner(struct ch_file *file, const char *path, struct ch_err *err)
{
	struct stat st;

	if (fstat(file->root, &st) < 0)
		return ch_err_os(err, errno, "look at %s", path);
	if (st.st_mode & S_IWOTH)
		return ch_err_set(err, CH_CONFIG,
		    "%s can be written by everybody", path);
	file->mode = 0600;
	file->gid = (gid_t)-1;
	if ((st.st_mode & S_ISGID) && (st.st_mode & S_IWGRP)) {
		if (!in_group(st.st_gid) && geteuid() != 0)
			return ch_err_set(err, CH_DENIED,
			    "%s belongs to a group that we are not in", path);
		file->mode = 0660;
		file->gid = st.st_gid;
		return CH_OK;
	}
	if (st.st_uid != geteuid())
		return ch_err_set(err, CH_CONFIG,
		    "%s belongs to another user (uid %u)", path,
		    (unsigned)st.st_uid);
	if (st.st_mode & S_IWGRP)
		return ch_err_set(err, CH_CONFIG,
		    "%s can be written by its group, but is not setgid", path);
	return CH_OK;
}

static int
is_there(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return CH_CONFIG;
}

/*
 * Whether an entry keeps a directory from becoming a store: only config, and
 * the empty folders of a maker who was killed, do not.
 */
static int
is_foreign(void *arg, const char *name)
{
	const struct ch_file *file = arg;
	int dir, rc;

	if (!strcmp(name, "config"))
		return CH_OK;
	if (strcmp(name, "channels") && strcmp(name, "groups") &&
	    strcmp(name, "live"))
		return CH_CONFIG;
	dir = openat(file->root, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return CH_CONFIG;
	rc = ch_dir_walk(dir, 1, is_there, NULL, NULL);
	ch_io_close(&dir);
	return rc;
}

static int
make_folder(struct ch_file *file, const char *name, struct ch_err *err)
{
	if (ch_dir_mkdir(file, file->root, name) < 0 && errno != EEXIST)
		return ch_err_os(err, errno, "make %s/%s", file->base.location,
		    name);
	return CH_OK;
}

/*
 * Furnish the store; `format` comes last, by rename, so that a store that has
 * it has all of it. Two that do this at once do no harm to each other.
 */
static int
furnish(struct ch_file *file, const char *path, struct ch_err *err)
{
	char id[CH_ID_UNIQUE + 1], aside[32], text[64];
	int fd, n, rc;

	rc = make_folder(file, "channels", err);
	if (rc == CH_OK)
		rc = make_folder(file, "groups", err);
	if (rc == CH_OK)
		rc = make_folder(file, "live", err);
	if (rc != CH_OK)
		return rc;
	ch_id_random(id, CH_ID_UNIQUE);
	snprintf(aside, sizeof(aside), ".format.%s", id);
	fd = ch_dir_file(file, file->root, aside, O_WRONLY | O_CREAT | O_EXCL,
	    S_IFREG);
	if (fd < 0)
		return ch_err_os(err, errno, "make %s/format", path);
	n = snprintf(text, sizeof(text), FORMAT FORMAT_VERSION "\nid %s\n",
	    id);
	if (ch_io_write(fd, text, (size_t)n) < 0 ||
	    (file->base.limits.durable && fsync(fd) < 0))
		rc = ch_err_os(err, errno, "write %s/format", path);
	ch_io_close(&fd);
	if (rc == CH_OK && linkat(file->root, aside, file->root, "format", 0) &&
	    errno != EEXIST)
		rc = ch_err_os(err, errno, "make %s/format", path);
	unlinkat(file->root, aside, 0);
	return rc;
}

/* CH_NONE: there is no format file. */
static int
check_format(struct ch_file *file, const char *path, struct ch_err *err)
{
	char text[64] = "";
	ssize_t n;
	int fd;

	fd = ch_dir_file(file, file->root, "format", O_RDONLY, S_IFREG);
	if (fd < 0 && errno == ENOENT)
		return CH_NONE;
	if (fd < 0)
		return ch_err_os(err, errno, "open %s/format", path);
	n = ch_io_read(fd, text, sizeof(text) - 1);
	ch_io_close(&fd);
	if (n < 0)
		return ch_err_os(err, errno, "read %s/format", path);
	if (!strncmp(text, FORMAT FORMAT_VERSION "\n",
	        strlen(FORMAT FORMAT_VERSION "\n")))
		return CH_OK;
	if (strncmp(text, FORMAT, strlen(FORMAT)))
		return ch_err_set(err, CH_CONFIG,
		    "%s/format is not of a channel store", path);
	return ch_err_set(err, CH_CONFIG,
	    "%s has format %.*s, and this program knows " FORMAT_VERSION, path,
	    (int)strcspn(text + strlen(FORMAT), "\n"),
	    text + strlen(FORMAT));
}

static int
read_config(struct ch_file *file, const char *path, struct ch_err *err)
{
	struct ch_buf text = CH_BUF_INIT;
	struct ch_err inner = CH_ERR_INIT;
	int fd, rc;

	fd = ch_dir_file(file, file->root, "config", O_RDONLY, S_IFREG);
	if (fd < 0 && errno == ENOENT)
		return CH_OK;
	if (fd < 0)
		return ch_err_os(err, errno, "open %s/config", path);
	if (ch_io_slurp(fd, &text, CONFIG_MAX) < 0) {
		rc = ch_err_os(err, errno, "read %s/config", path);
	} else {
		rc = ch_limits_parse(&file->base.limits,
		    text.data ? text.data : "", text.len, &inner);
		if (rc != CH_OK)
			ch_err_set(err, rc, "%s/config:%s%s", path,
			    inner.text[0] >= '0' && inner.text[0] <= '9' ?
			        "" : " ", inner.text);
	}
	ch_io_close(&fd);
	ch_buf_release(&text);
	return rc;
}

static int
open_folder(struct ch_file *file, const char *name, int *fd,
    struct ch_err *err)
{
	*fd = openat(file->root, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0)
		return ch_err_os(err, errno, "open %s/%s", file->base.location,
		    name);
	return CH_OK;
}

/* Turn an empty directory, or one that holds only config, into a store. */
static int
make_store(struct ch_file *file, const char *path, struct ch_err *err)
{
	int rc;

	rc = ch_dir_walk(file->root, 0, is_foreign, file, err);
	if (rc == CH_OK)
		return furnish(file, path, err);
	if (rc != CH_CONFIG)
		return rc;
	/* What is there may be of another who made the store meanwhile. */
	rc = check_format(file, path, err);
	if (rc == CH_NONE)
		rc = ch_err_set(err, CH_CONFIG,
		    "%s is not a channel store, and not empty", path);
	return rc;
}

int
ch_dir_open(struct ch_file *file, const char *path, struct ch_err *err)
{
	int rc, made = 0;

	file->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->root < 0 && errno == ENOENT) {
		made = mkdir(path, 0700) == 0 || errno == EEXIST;
		if (made)
			file->root =
			    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (file->root < 0 && errno == ENOTDIR)
		return ch_err_set(err, CH_CONFIG, "%s is not a directory",
		    path);
	if (file->root < 0 && errno == ENOENT)
		return ch_err_set(err, CH_UNAVAILABLE,
		    "open store %s: No such directory above it", path);
	if (file->root < 0)
		return ch_err_os(err, errno, "open store %s", path);
	if (made)
		fchmod(file->root, 0700);
	rc = check_file_system(file->root, path, err);
	if (rc == CH_OK)
		rc = check_owner(file, path, err);
	if (rc == CH_OK)
		rc = read_config(file, path, err);
	if (rc == CH_OK)
		rc = check_format(file, path, err);
	if (rc == CH_NONE)
		rc = make_store(file, path, err);
	if (rc == CH_OK)
		rc = open_folder(file, "channels", &file->channels, err);
	if (rc == CH_OK)
		rc = open_folder(file, "groups", &file->groups, err);
	if (rc == CH_OK)
		rc = open_folder(file, "live", &file->live, err);
	if (rc != CH_OK)
		ch_dir_close(file);
	return rc;
}

void
ch_dir_hold(const struct ch_file *file)
{
	flock(file->root, LOCK_SH | LOCK_NB);
}

void
ch_dir_close(struct ch_file *file)
{
	ch_io_close(&file->live);
	ch_io_close(&file->groups);
	ch_io_close(&file->channels);
	ch_io_close(&file->root);
}
