/* groups.c - the open groups: folders found, made, locked and removed. */
#include "file/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/id.h"
#include "base/io.h"
#include "base/lock.h"
#include "file/dir.h"
#include "file/group.h"

#define VERSION 1
#define OPEN_MAX_GROUPS 32 /* groups whose files stay open */
#define OPEN_MAX_LISTS 4   /* lists of each whose files do */
#define TRIES 100

static const char magic[8] = "chgroup";

struct ch_groups {
	struct ch_group open[OPEN_MAX_GROUPS];
	struct ch_group *locked;
	uint64_t uses;
};

int
ch_group_is_locked(const struct ch_file *file)
{
	return file->grouped && file->grouped->locked;
}

static void
forget_parties(struct ch_group *group)
{
	size_t i;

	for (i = 0; i < group->nparties; i++)
		ch_io_close(&group->parties[i].fd);
	free(group->parties);
	group->parties = NULL;
	group->nparties = 0;
	group->generation = 0;
}

static void
shut(struct ch_group *group)
{
	forget_parties(group);
	ch_io_close(&group->lock);
	ch_io_close(&group->dir);
}

void
ch_groups_free(struct ch_file *file)
{
	size_t i;

	if (!file->grouped)
		return;
	for (i = 0; i < OPEN_MAX_GROUPS; i++)
		shut(&file->grouped->open[i]);
	free(file->grouped);
	file->grouped = NULL;
}

/* The group's place in the cache: its own, or the least recently used. */
static struct ch_group *
find_place(struct ch_file *file, const char *name)
{
	struct ch_group *group, *oldest = NULL;
	size_t i;

	if (!file->grouped) {
		file->grouped = calloc(1, sizeof(*file->grouped));
		if (!file->grouped)
			return NULL;
		for (i = 0; i < OPEN_MAX_GROUPS; i++)
			file->grouped->open[i].dir =
			    file->grouped->open[i].lock = -1;
	}
	for (i = 0; i < OPEN_MAX_GROUPS; i++) {
		group = &file->grouped->open[i];
		if (group->lock >= 0 && !strcmp(group->name, name))
			return group;
		if (!oldest || group->used < oldest->used)
			oldest = group;
	}
	shut(oldest);
	oldest->file = file;
	snprintf(oldest->name, sizeof(oldest->name), "%s", name);
	return oldest;
}

/* --- folders ------------------------------------------------------------ */

static int
make_lock(const struct ch_file *file, int dir, uint32_t removed)
{
	struct ch_group_head head = {
		.version = VERSION,
		.removed = removed,
		.generation = 1,
	};
	int fd, rc;

	memcpy(head.magic, magic, sizeof(magic));
	fd = ch_dir_file(file, dir, "lock", O_RDWR | O_CREAT, S_IFREG);
	if (fd < 0)
		return -1;
	rc = ch_list_write(fd, &head, sizeof(head), 0);
	ch_io_close(&fd);
	return rc;
}

static void
name_aside(char aside[CH_ID_UNIQUE + 8])
{
	memcpy(aside, ".new.", 6);
	ch_id_random(aside + 5, CH_ID_UNIQUE);
}

static int
open_folder(const struct ch_file *file, const char *name)
{
	return openat(file->groups, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Furnish a folder under another name and rename it into place. */
static int
make_folder(const struct ch_file *file, const char *name, struct ch_err *err)
{
	char aside[CH_ID_UNIQUE + 8];
	int dir = -1, rc = -1;

	name_aside(aside);
	if (ch_dir_mkdir(file, file->groups, aside) == 0)
		dir = open_folder(file, aside);
	if (dir >= 0)
		rc = make_lock(file, dir, 0);
	ch_io_close(&dir);
	if (rc == 0)
		rc = renameat(file->groups, aside, file->groups, name);
	if (rc == 0)
		return CH_OK;
	rc = errno;
	ch_dir_remove(file->groups, aside);
	if (rc == EEXIST || rc == ENOTEMPTY)
		return CH_OK;
	return ch_err_os(err, rc, "make group %s", name);
}

/*
 * The folder goes in one step, by another name; who is killed between that and
 * emptying it leaves what a sweep takes away.
 */
static int
remove_folder(struct ch_file *file, const char *name, struct ch_err *err)
{
	char aside[CH_ID_UNIQUE + 8];

	name_aside(aside);
	if (renameat(file->groups, name, file->groups, aside) < 0 &&
	    errno != ENOENT)
		return ch_err_os(err, errno, "remove group %s", name);
	ch_dir_remove(file->groups, aside);
	return CH_OK;
}

/* Whether the name still leads to the folder behind `dir`. */
static int
is_in_place(const struct ch_file *file, const char *name, int dir)
{
	struct stat here, there;

	return !fstat(dir, &here) &&
	    !fstatat(file->groups, name, &there, AT_SYMLINK_NOFOLLOW) &&
	    here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* Open folder and lock file; CH_NONE: they are not there, or going. */
static int
try_open(struct ch_group *group, struct ch_err *err)
{
	struct ch_file *file = group->file;

	group->dir = open_folder(file, group->name);
	if (group->dir < 0 && errno == ENOENT)
		return CH_NONE;
	if (group->dir < 0 && (errno == ENOTDIR || errno == ELOOP))
		return ch_err_set(err, CH_REFUSED,
		    "group %s is damaged: it is no directory", group->name);
	if (group->dir < 0)
		return ch_err_os(err, errno, "open group %s", group->name);
	group->lock = ch_dir_file(file, group->dir, "lock", O_RDWR, S_IFREG);
	if (group->lock < 0 && (errno == EACCES || errno == EROFS))
		group->lock = ch_dir_file(file, group->dir, "lock", O_RDONLY,
		    S_IFREG);
	if (group->lock >= 0)
		return CH_OK;
	if (errno == EBADF || errno == ELOOP)
		return ch_err_set(err, CH_REFUSED,
		    "group %s is damaged: its lock file is not ours",
		    group->name);
	return errno == ENOENT ? CH_NONE :
	    ch_err_os(err, errno, "open group %s", group->name);
}

static int
read_head(struct ch_group *group, struct ch_err *err)
{
	struct ch_group_head *head = &group->head;
	ssize_t n = pread(group->lock, head, sizeof(*head), 0);

	if (n < 0)
		return ch_err_os(err, errno, "read group %s", group->name);
	if (n < (ssize_t)sizeof(*head) ||
	    memcmp(head->magic, magic, sizeof(magic)))
		return ch_err_set(err, CH_REFUSED,
		    "group %s is damaged: its lock file is not ours",
		    group->name);
	if (head->version != VERSION)
		return ch_err_set(err, CH_REFUSED, "group %s has version %u, "
		    "and this program knows %d", group->name, head->version,
		    VERSION);
	return CH_OK;
}

/* --- the lists in it ---------------------------------------------------- */

static int
add_party(void *arg, const char *name)
{
	struct ch_group *group = arg;
	int is_members = !strcmp(name, "members");
	struct ch_party *more, *party;

	if (!is_members && (name[strlen(name) - 1] != '!' ||
	        ch_name_check(name, CH_TO_RECEIVE, NULL) != CH_OK))
		return CH_OK;
	more = realloc(group->parties, (group->nparties + 1) * sizeof(*more));
	if (!more)
		return CH_IO;
	group->parties = more;
	party = &more[group->nparties++];
	if (is_members) {
		memmove(more + 1, more,
		    (group->nparties - 1) * sizeof(*more));
		party = more;
	}
	snprintf(party->name, sizeof(party->name), "%s", name);
	party->fd = -1;
	party->used = party->sum = 0;
	return CH_OK;
}

static int
read_folder(struct ch_group *group, struct ch_err *err)
{
	int rc;

	if (group->generation == group->head.generation)
		return CH_OK;
	forget_parties(group);
	rc = ch_dir_walk(group->dir, 0, add_party, group, err);
	if (rc == CH_OK)
		group->generation = group->head.generation;
	return rc;
}

struct ch_party *
ch_groups_find(struct ch_group *group, const char *name)
{
	size_t i;

	for (i = 0; i < group->nparties; i++)
		if (!strcmp(group->parties[i].name, name))
			return &group->parties[i];
	return NULL;
}

int
ch_groups_write_head(struct ch_group *group, struct ch_err *err)
{
	if (ch_list_write(group->lock, &group->head, sizeof(group->head),
	        0) < 0)
		return ch_err_os(err, errno, "write group %s", group->name);
	return CH_OK;
}

int
ch_groups_move(struct ch_group *group, struct ch_err *err)
{
	/* our own view of the folder is read anew with the next lock */
	group->head.generation++;
	return ch_groups_write_head(group, err);
}

int
ch_groups_make(struct ch_group *group, const char *name,
    struct ch_party **party, struct ch_err *err)
{
	int fd, rc;

	rc = ch_groups_move(group, err);
	if (rc != CH_OK)
		return rc;
	fd = ch_dir_file(group->file, group->dir, name,
	    O_RDWR | O_CREAT | O_EXCL, S_IFREG);
	if (fd < 0)
		return ch_err_os(err, errno, "write group %s", group->name);
	if (add_party(group, name) != CH_OK) {
		ch_io_close(&fd);
		return ch_err_memory(err);
	}
	*party = ch_groups_find(group, name);
	(*party)->fd = fd;
	return CH_OK;
}

int
ch_groups_load(struct ch_group *group, struct ch_party *party,
    struct ch_list *list, struct ch_buf *bytes, struct ch_err *err)
{
	int fd = party->fd, rc;

	if (fd < 0)
		fd = ch_dir_file(group->file, group->dir, party->name, O_RDWR,
		    S_IFREG);
	if (fd < 0 && (errno == EACCES || errno == EROFS))
		fd = ch_dir_file(group->file, group->dir, party->name,
		    O_RDONLY, S_IFREG);
	if (fd < 0)
		return ch_err_os(err, errno, "open group %s: %s", group->name,
		    party->name);
	if (party - group->parties < OPEN_MAX_LISTS)
		party->fd = fd;
	rc = ch_list_load(list, fd, group->name, party->name,
	    group->file->boot, bytes, err);
	if (rc != CH_OK)
		ch_groups_done(party, list);
	return rc;
}

void
ch_groups_done(struct ch_party *party, struct ch_list *list)
{
	if (list->fd != party->fd)
		ch_io_close(&list->fd);
}

int
ch_groups_unlink(struct ch_group *group, struct ch_party *party,
    struct ch_err *err)
{
	int rc;

	rc = ch_groups_move(group, err);
	if (rc != CH_OK)
		return rc;
	if (unlinkat(group->dir, party->name, 0) < 0 && errno != ENOENT)
		return ch_err_os(err, errno, "write group %s", group->name);
	ch_io_close(&party->fd);
	group->nparties--;
	memmove(party, party + 1, (size_t)(group->parties + group->nparties -
	    party) * sizeof(*party));
	return CH_OK;
}

/* --- locking ------------------------------------------------------------ */

/* A marked folder that is still in place had its remover killed. */
static int
finish_removal(struct ch_group *group, struct ch_err *err)
{
	int rc = CH_OK;

	if (is_in_place(group->file, group->name, group->dir))
		rc = remove_folder(group->file, group->name, err);
	shut(group);
	return rc;
}

/* Lock what is open. CH_NONE: it was removed, begin again with the name. */
static int
lock_open(struct ch_group *group, struct ch_err *err)
{
	char what[CH_NAME_MAX + 8];
	int rc;

	snprintf(what, sizeof(what), "group %s", group->name);
	rc = ch_lock_take(group->lock, group->file->base.patience, what, err);
	if (rc != CH_OK)
		return rc;
	rc = read_head(group, err);
	if (rc == CH_OK && group->head.removed) {
		rc = finish_removal(group, err);
		return rc == CH_OK ? CH_NONE : rc;
	}
	if (rc == CH_OK)
		rc = read_folder(group, err);
	if (rc != CH_OK)
		shut(group);
	return rc;
}

int
ch_groups_lock(struct ch_group **found, struct ch_file *file,
    const char *name, int make, struct ch_err *err)
{
	struct ch_group *group = find_place(file, name);
	int tries, rc;

	*found = NULL;
	if (!group)
		return ch_err_memory(err);
	for (tries = 0; tries < TRIES; tries++) {
		rc = group->lock < 0 ? try_open(group, err) : CH_OK;
		if (rc == CH_OK)
			rc = lock_open(group, err);
		else
			shut(group);
		if (rc == CH_OK) {
			group->used = ++file->grouped->uses;
			file->grouped->locked = group;
			*found = group;
		}
		if (rc != CH_NONE)
			return rc;
		if (!make && faccessat(file->groups, name, F_OK,
		        AT_SYMLINK_NOFOLLOW) < 0)
			return ch_err_set(err, CH_NONE,
			    "there is no group %s", name);
		if (make)
			rc = make_folder(file, name, err);
		if (make && rc != CH_OK)
			return rc;
	}
	return ch_err_set(err, CH_REFUSED,
	    "group %s is damaged: it has no lock file", name);
}

void
ch_groups_unlock(struct ch_group *group)
{
	group->file->grouped->locked = NULL;
	ch_lock_drop(group->lock);
}

int
ch_groups_remove(struct ch_group *group, struct ch_err *err)
{
	int rc;

	group->head.removed = 1;
	rc = ch_groups_write_head(group, err);
	if (rc == CH_OK)
		rc = remove_folder(group->file, group->name, err);
	group->file->grouped->locked = NULL;
	shut(group);
	return rc;
}

int
ch_groups_wreck(struct ch_file *file, const char *name, struct ch_err *err)
{
	int dir = open_folder(file, name);

	if (dir < 0 && (errno == ENOTDIR || errno == ELOOP))
		return unlinkat(file->groups, name, 0) < 0 ?
		    ch_err_os(err, errno, "remove group %s", name) : CH_OK;
	/* who waits for its lock, or has it open, is to see the mark */
	if (dir >= 0)
		make_lock(file, dir, 1);
	ch_io_close(&dir);
	return remove_folder(file, name, err);
}
