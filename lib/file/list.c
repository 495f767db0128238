/* list.c - a group's list on disk: a header, and behind it the entries. */
#include "file/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/io.h"
#include "file/dir.h"

#define VERSION 1
#define BYTES_MAX ((uint64_t)256 << 20)

static const char magic[8] = "chlist\n";

static int
is_damaged(const struct ch_list *list, const char *what, struct ch_err *err)
{
	return ch_err_set(err, CH_REFUSED, "group %s: %s is damaged: %s",
	    list->group, list->name, what);
}

static int
failed(const struct ch_list *list, const char *what, struct ch_err *err)
{
	return ch_err_os(err, errno, "%s group %s: %s", what, list->group,
	    list->name);
}

int
ch_list_write(int fd, const void *bytes, size_t n, off_t at)
{
	ssize_t done = pwrite(fd, bytes, n, at);

	if (done >= 0 && (size_t)done == n)
		return 0;
	if (done >= 0)
		errno = ENOSPC;
	else if (errno == EBADF)
		errno = EROFS;
	return -1;
}

static int
write_head(struct ch_list *list, struct ch_err *err)
{
	list->head.at = ch_list_clock(list);
	list->head.real = ch_clock_real();
	if (ch_list_write(list->fd, &list->head, sizeof(list->head), 0) < 0)
		return failed(list, "write", err);
	list->is_moved = 0;
	return CH_OK;
}

/* The clock goes on from the time of day at the last write to that of now. */
static void
put_clock_right(struct ch_list *list, uint64_t boot)
{
	struct ch_list_head *head = &list->head;
	int64_t passed = ch_clock_real() - head->real;

	list->is_moved = head->boot != boot;
	if (!list->is_moved)
		return;
	if (passed < 0 || !head->boot)
		passed = 0;
	head->base = head->at + passed - ch_clock();
	head->boot = boot;
	if (ch_list_clock(list) <= 0)
		head->base = 0;
}

int64_t
ch_list_clock(const struct ch_list *list)
{
	return ch_clock() + list->head.base;
}

/*
 * CH_NONE: the file is empty, there is nothing to check. So it is as well when
 * the maker of its first entry was killed before it wrote the header.
 */
static int
read_head(struct ch_list *list, struct ch_err *err)
{
	static const struct ch_list_head nothing;
	struct ch_list_head *head = &list->head;
	ssize_t n = pread(list->fd, head, sizeof(*head), 0);

	if (n < 0)
		return failed(list, "read", err);
	if (!memcmp(head, &nothing, (size_t)n))
		return CH_NONE;
	if ((size_t)n < sizeof(*head) ||
	    memcmp(head->magic, magic, sizeof(magic)))
		return is_damaged(list, "not a list", err);
	if (head->version != VERSION)
		return ch_err_set(err, CH_REFUSED, "group %s: %s has version "
		    "%u, and this program knows %d", list->group, list->name,
		    head->version, VERSION);
	if (head->used > BYTES_MAX)
		return is_damaged(list, "it makes no sense", err);
	return CH_OK;
}

int
ch_list_load(struct ch_list *list, int fd, const char *group,
    const char *name, uint64_t boot, struct ch_buf *bytes,
    struct ch_err *err)
{
	size_t used;
	ssize_t n;
	int rc;

	*list = (struct ch_list){ .fd = fd, .group = group, .name = name };
	rc = read_head(list, err);
	if (rc == CH_NONE) {
		list->head = (struct ch_list_head){ .version = VERSION };
		memcpy(list->head.magic, magic, sizeof(magic));
	} else if (rc != CH_OK) {
		return rc;
	}
	put_clock_right(list, boot);
	used = (size_t)list->head.used;
	if (ch_buf_reserve(bytes, used) < 0)
		return ch_err_memory(err);
	n = used ? pread(fd, bytes->data + bytes->len, used,
	    sizeof(list->head)) : 0;
	if (n < 0)
		return failed(list, "read", err);
	if ((size_t)n < used)
		return is_damaged(list, "it is cut short", err);
	bytes->len += used;
	bytes->data[bytes->len] = '\0';
	return CH_OK;
}

int
ch_list_append(struct ch_list *list, const void *entry, size_t n,
    uint64_t hash, struct ch_err *err)
{
	struct ch_list_head *head = &list->head;

	if (head->used + n > BYTES_MAX)
		return ch_err_set(err, CH_FULL, "group %s is full",
		    list->group);
	if (ch_list_write(list->fd, entry, n,
	        (off_t)(sizeof(*head) + head->used)) < 0)
		return failed(list, "write", err);
	head->used += n;
	head->sum += hash;
	return write_head(list, err);
}

int
ch_list_poke(struct ch_list *list, size_t at, const void *bytes, size_t n,
    struct ch_err *err)
{
	if (ch_list_write(list->fd, bytes, n,
	        (off_t)(sizeof(list->head) + at)) < 0)
		return failed(list, "write", err);
	return list->is_moved ? write_head(list, err) : CH_OK;
}

int
ch_list_replace(const struct ch_list *list, const struct ch_file *file,
    int dir, const void *entries, size_t n, uint64_t sum, struct ch_err *err)
{
	struct ch_list fresh = *list;
	char aside[CH_ID_UNIQUE + 8] = ".new.";
	int rc;

	ch_id_random(aside + 5, CH_ID_UNIQUE);
	fresh.fd = ch_dir_file(file, dir, aside, O_RDWR | O_CREAT | O_EXCL,
	    S_IFREG);
	if (fresh.fd < 0)
		return failed(list, "write", err);
	fresh.head.used = 0;
	fresh.head.sum = 0;
	rc = ch_list_append(&fresh, entries, n, sum, err);
	if (rc == CH_OK && renameat(dir, aside, dir, list->name) < 0)
		rc = failed(list, "write", err);
	if (rc != CH_OK)
		unlinkat(dir, aside, 0);
	ch_io_close(&fresh.fd);
	return rc;
}
