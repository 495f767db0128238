/* watch.c - hearing of changed files, by inotify(7). */
#include "chwork/watch.h"

#include "base/err.h"
#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

/* What ends a change: a file that is being written is not yet of use. */
#define ENDS_CHANGE (IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB)

int
watch_open(struct watch *watch, struct ch_err *err)
{
	*watch = (struct watch) { .fd = inotify_init1(IN_CLOEXEC |
	    IN_NONBLOCK) };
	return watch->fd < 0 ? ch_err_os(err, errno, "inotify") : CH_OK;
}

static int
is_watched(const struct watch *watch, int directory, const char *name)
{
	for (size_t i = 0; i < watch->n; i++)
		if (watch->list[i].directory == directory &&
		    !strcmp(watch->list[i].name, name))
			return 1;
	return 0;
}

/* The same directory has the same descriptor, however it is written. */
static int
add_directory(struct watch *watch, const char *path, size_t len)
{
	char *dir = len ? strndup(path, len) : strdup(".");
	int directory;

	if (!dir)
		say_memory();
	directory = inotify_add_watch(watch->fd, dir,
	    ENDS_CHANGE | IN_ONLYDIR);
	if (directory < 0 && errno != ENOENT)
		say_error("%s: not watched: %s", dir, strerror(errno));
	free(dir);
	return directory;
}

int
watch_file(struct watch *watch, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int directory = add_directory(watch, path, (size_t)(name - path));

	if (directory < 0 || is_watched(watch, directory, name))
		return 0;
	watch->list = realloc(watch->list,
	    (watch->n + 1) * sizeof(*watch->list));
	name = strdup(name);
	if (!watch->list || !name)
		say_memory();
	watch->list[watch->n++] = (struct watched) { directory,
		(char *)(uintptr_t)name };
	return 1;
}

int
watch_changed(struct watch *watch)
{
	alignas(struct inotify_event) char events[4096];
	const struct inotify_event *event;
	int changed = 0;
	ssize_t n, at;

	while ((n = ch_io_read(watch->fd, events, sizeof(events))) > 0) {
		for (at = 0; at < n;
		     at += (ssize_t)(sizeof(*event) + event->len)) {
			event = (const void *)(events + at);
			changed |= (event->mask & IN_Q_OVERFLOW) != 0 ||
			    (event->len && is_watched(watch, event->wd,
				event->name));
		}
	}
	return changed;
}

void
watch_release(struct watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		free(watch->list[i].name);
	free(watch->list);
	watch->list = NULL;
	watch->n = 0;
	ch_io_close(&watch->fd);
}
