/* Files that are being sent, each open once. */
#include "chserve/openfile.h"

#include "base/io.h"
#include "common/say.h"

#include <stdlib.h>
#include <sys/stat.h>

#define PLACES 256

static struct openfile *table[PLACES]; /* by inode */

static struct openfile *
find(const struct stat *st)
{
	struct openfile *file = table[st->st_ino % PLACES];

	while (file && (file->inode != st->st_ino ||
	    file->device != st->st_dev))
		file = file->next;
	return file;
}

static struct openfile *
make(int fd, const struct stat *st)
{
	struct openfile *file = calloc(1, sizeof(*file));
	struct openfile **at = &table[st->st_ino % PLACES];

	if (!file)
		say_memory();
	file->fd = fd;
	file->device = st->st_dev;
	file->inode = st->st_ino;
	file->next = *at;
	*at = file;
	return file;
}

struct openfile *
openfile_take(int fd)
{
	struct stat st = { .st_ino = 0 };
	struct openfile *file = fstat(fd, &st) ? NULL : find(&st);

	if (file)
		ch_io_close(&fd);
	else
		file = make(fd, &st);
	file->n++;
	return file;
}

void
openfile_put(struct openfile *file)
{
	struct openfile **at;

	if (!file || --file->n)
		return;
	at = &table[file->inode % PLACES];
	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
	ch_io_close(&file->fd);
	free(file);
}
