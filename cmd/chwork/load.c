/* load.c - routes from files and the command line, and their commands. */
#include "chwork/load.h"

#include "base/buf.h"
#include "base/io.h"
#include "chwork/settings.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* --- texts --------------------------------------------------------------- */

/* Those of the routes from `first` on that have none run in the directory. */
static void
set_dir(struct routes *routes, size_t first, const struct file *file)
{
	for (size_t i = first; i < routes->n; i++)
		if (!routes->list[i]->dir)
			routes->list[i]->dir = file->dir
			    ? copy(file->path, file->dir) : copy(".", 1);
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
	int fd = open(path, O_RDONLY | O_CLOEXEC);
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

/* --- commands ------------------------------------------------------------ */

char *
load_path(void)
{
	const char *path = getenv("PATH");
	struct ch_buf all = CH_BUF_INIT;
	char self[PATH_MAX];
	ssize_t n;

	n = readlink("/proc/self/exe", self, sizeof(self));
	while (n > 0 && self[n - 1] != '/')
		n--;
	if (n > 1) {
		put_bytes(&all, self, (size_t)n - 1);
		put_char(&all, ':');
	}
	put_string(&all, path && *path ? path : "/usr/local/bin:/usr/bin:/bin");
	return all.data;
}

/* Why this cannot be executed: an errno, or 0. */
static int
fault(int dir, const char *program)
{
	struct stat st;

	if (fstatat(dir, program, &st, 0) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return faccessat(dir, program, X_OK, AT_EACCESS) < 0 ? errno : 0;
}

/* The program that `name` means in `path`, or NULL. To be freed. */
static char *
search(int dir, const char *name, const char *path)
{
	struct ch_buf program = CH_BUF_INIT;
	size_t len;

	for (; *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		ch_buf_clear(&program);
		put_bytes(&program, path, len);
		if (len)
			put_char(&program, '/');
		put_string(&program, name);
		if (!fault(dir, program.data))
			return program.data;
	}
	ch_buf_release(&program);
	return NULL;
}

static void
tell(struct routes *routes, const struct route *route, const char *subject,
    const char *why)
{
	char what[PATH_MAX + 128];

	snprintf(what, sizeof(what), "%s: %s", subject, why);
	routes->errors++;
	routes->wrong(route->command_place, route->command_column, what);
}

static char *
join(const char *dir, const char *name)
{
	struct ch_buf path = CH_BUF_INIT;

	put_format(&path, "%s/%s", strcmp(dir, "/") ? dir : "", name);
	return path.data;
}

/*
 * A CGI program knows the path of its file, and runs in that directory, as RFC
 * 3875 wants it, unless it was found in PATH.
 */
static void
enter_directory(struct routes *routes, struct route *route)
{
	int absolute = *route->program == '/';
	struct ch_buf path = CH_BUF_INIT;
	char *slash, *dir;

	put_format(&path, "%s/%s", absolute ? "" : route->dir,
	    route->program + absolute);
	slash = strrchr(path.data, '/');
	if (!strncmp(slash + 1, "nph-", 4))
		tell(routes, route, route->argv[0], "programs that speak "
		    "HTTP themselves (nph-) are not run");
	*slash = '\0';
	dir = realpath(path.len && *path.data ? path.data : "/", NULL);
	if (dir) {
		free(route->program);
		route->program = join(dir, slash + 1);
	}
	if (dir && strchr(route->argv[0], '/')) {
		free(route->dir);
		route->dir = dir;
		dir = NULL;
	}
	free(dir);
	ch_buf_release(&path);
}

static void
find_command(struct routes *routes, struct route *route, const char *path)
{
	const char *name = route->argv[0];
	const char *own = settings_find(route->settings, "PATH");
	int dir = open(route->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int failed;

	if (dir < 0) {
		tell(routes, route, route->dir, strerror(errno));
		return;
	}
	if (strchr(name, '/')) {
		route->program = copy(name, strlen(name));
		failed = fault(dir, name);
		if (failed)
			tell(routes, route, name, strerror(failed));
	} else {
		route->program = search(dir, name, own ? own : path);
		if (!route->program)
			tell(routes, route, name, "not found in PATH");
	}
	ch_io_close(&dir);
	if (route->action == ACTION_CGI && route->program)
		enter_directory(routes, route);
}

static void
load_commands(struct routes *routes, const char *path)
{
	for (size_t i = 0; i < routes->n; i++)
		if (routes->list[i]->argv)
			find_command(routes, routes->list[i], path);
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
	if (!routes->errors && (only->n || exclude->n) &&
	    routes_select(routes, only, exclude, wrong, size) < 0)
		return -1;
	load_commands(routes, sources->path);
	if (!routes->errors && !routes->n) {
		say_error("no route in %s", *sources->files
		    ? sources->files[0] : "-r");
		routes->errors++;
	}
	return routes->errors ? -1 : 0;
}
