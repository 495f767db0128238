/* command.c - finding the commands of routes. */
#include "chwork/command.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/io.h"
#include "chwork/settings.h"
#include "chwork/sign.h"
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

static char *
copy(const char *text)
{
	char *new = strdup(text);

	if (!new)
		say_memory();
	return new;
}

char *
command_path(void)
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
		route->program = copy(name);
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

/* --- what they are ------------------------------------------------------- */

/* Make the file one of the route's scripts, and its state part of the stamp. */
static void
add_script(struct route *route, const char *path, const struct stat *st)
{
	const uint64_t state[] = { st->st_dev, st->st_ino,
		(uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec,
		(uint64_t)st->st_mtim.tv_nsec };

	route->stamp = ch_hash(state, sizeof(state), route->stamp);
	route->scripts = realloc(route->scripts,
	    (route->nscripts + 1) * sizeof(*route->scripts));
	if (!route->scripts)
		say_memory();
	route->scripts[route->nscripts++] = copy(path);
}

/* A file seen from the route's directory. To be freed. */
static char *
in_directory(const struct route *route, const char *file)
{
	struct ch_buf path = CH_BUF_INIT;

	if (*file != '/')
		put_format(&path, "%s/", route->dir);
	put_string(&path, file);
	return path.data;
}

/* Whether an argument names a script: a file that begins with #!. */
static int
is_script(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char begin[2] = "";
	int is = fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	    ch_io_read(fd, begin, 2) == 2 && !memcmp(begin, "#!", 2);

	ch_io_close(&fd);
	return is;
}

static void
find_scripts(struct route *route)
{
	char *path = in_directory(route, route->program);
	struct stat st;

	if (stat(path, &st) == 0)
		add_script(route, path, &st);
	free(path);
	for (char **arg = route->argv + 1; *arg; arg++) {
		path = in_directory(route, *arg);
		if (**arg && is_script(path, &st))
			add_script(route, path, &st);
		free(path);
	}
}

static void
find_key(struct routes *routes, struct route *route)
{
	const char *wrong = sign_key(&route->key, route->dir, route->key_file);

	if (wrong)
		tell(routes, route, route->key_file, wrong);
}

void
commands_find(struct routes *routes, const char *path)
{
	for (size_t i = 0; i < routes->n; i++) {
		struct route *route = routes->list[i];

		if (route->key_file)
			find_key(routes, route);
		if (!route->argv)
			continue;
		find_command(routes, route, path);
		if (route->program)
			find_scripts(route);
	}
}
