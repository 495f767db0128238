/* load.c - routes from files and the command line. */
#include "chwork/load.h"

#include "base/buf.h"
#include "base/io.h"
#include "chwork/command.h"
#include "chwork/recur.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MOST 4194304 /* bytes of a routes file */

/* A file being read, or the command line. */
struct file {
	const char *path;       /* NULL: the command line */
	size_t dir;             /* bytes of path that are its directory */
	const struct file *in;  /* which includes it, or NULL */
	dev_t dev;
	ino_t ino;
};

static char *
copy(const char *text, size_t len)
{
	char *new = strndup(text, len);

	if (!new)
		say_memory();
	return new;
}

/* Those of the routes from `first` on that have none run in the directory. */
static void
set_dir(struct routes *routes, size_t first, const struct file *file)
{
	for (size_t i = first; i < routes->n; i++) {
		struct route *route = routes->list[i];

		if (route->dir)
			continue;
		route->dir = file->dir ? copy(file->path, file->dir)
				       : copy(".", 1);
		if (route->recur)
			recur_name(route);
	}
}

static void
parse(struct routes *routes, const struct file *file, const char *source,
    const char *text, size_t len, const struct include *in)
{
	const struct file *outer = routes->file;
	size_t first = routes->n;

	routes->file = file;
	routes_parse(routes, source, !file->path, text, len, in);
	routes->file = outer;
	set_dir(routes, first, file);
}

static int
is_being_read(const struct routes *routes, const struct file *file)
{
	const struct file *other = routes->file;

	for (; other; other = other->in)
		if (other->path && other->dev == file->dev &&
		    other->ino == file->ino)
			return 1;
	return 0;
}

/* Whatever becomes of it, it may be watched. */
static void
remember(struct routes *routes, const char *path)
{
	routes->files = realloc(routes->files,
	    (routes->nfiles + 1) * sizeof(*routes->files));
	if (!routes->files)
		say_memory();
	routes->files[routes->nfiles++] = copy(path, strlen(path));
}

/* 0, or -1: wrong[size] says why not. */
static int
read_file(struct routes *routes, const char *path, const struct include *in,
    char *wrong, size_t size)
{
	const char *slash = strrchr(path, '/');
	struct file file = { .path = path, .in = routes->file,
		.dir = slash ? (size_t)(slash - path) + 1 : 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC |
	    (routes->patient ? 0 : O_NONBLOCK));
	struct ch_buf text = CH_BUF_INIT;
	struct stat st;
	int rc = -1;

	remember(routes, path);
	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(wrong, size, "%s: %s", path, strerror(errno));
		goto out;
	}
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	if (is_being_read(routes, &file)) {
		snprintf(wrong, size, "%s includes itself", path);
		goto out;
	}
	rc = ch_io_slurp(fd, &text, FILE_MOST);
	if (rc < 0)
		snprintf(wrong, size, "%s: %s", path, strerror(errno));
	else
		parse(routes, &file, path, text.len ? text.data : "", text.len,
		    in);
out:
	ch_io_close(&fd);
	ch_buf_release(&text);
	return rc;
}

/* Relative to the file that includes it. */
static int
include(struct routes *routes, const struct include *what, char *wrong,
    size_t size)
{
	const struct file *file = routes->file;
	struct ch_buf path = CH_BUF_INIT;
	int rc;

	if (what->file[0] != '/')
		put_bytes(&path, file->dir ? file->path : "", file->dir);
	put_string(&path, what->file);
	rc = read_file(routes, path.data, what, wrong, size);
	ch_buf_release(&path);
	return rc;
}

static void
load_option(struct routes *routes, const char *route, size_t number)
{
	struct file file = { .path = NULL };
	char source[32];

	routes->include = include;
	snprintf(source, sizeof(source), "-r %zu", number);
	parse(routes, &file, source, route, strlen(route), NULL);
}

static void
load_file(struct routes *routes, const char *file)
{
	char wrong[512];

	routes->include = include;
	if (read_file(routes, file, NULL, wrong, sizeof(wrong)) == 0)
		return;
	say_error("%s", wrong);
	routes->errors++;
}

int
load(struct routes *routes, const struct sources *sources, char *wrong,
    size_t size)
{
	const struct opt_list *only = &sources->only;
	const struct opt_list *exclude = &sources->exclude;

	*wrong = '\0';
	for (size_t i = 0; i < sources->options.n; i++)
		load_option(routes, sources->options.items[i], i + 1);
	for (size_t i = 0; sources->files[i]; i++)
		load_file(routes, sources->files[i]);
	if (!routes->errors && !routes->n) {
		say_error("no route in %s", *sources->files
		    ? sources->files[0] : "-r");
		routes->errors++;
	}
	routes_add_delay(routes);
	if (!routes->errors && (only->n || exclude->n) &&
	    routes_select(routes, only, exclude, wrong, size) < 0)
		return -1;
	commands_find(routes, sources->path);
	return routes->errors ? -1 : 0;
}
