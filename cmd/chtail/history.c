/* history.c - lines of earlier runs, in a file. */
#include "chtail/prompt.h"

#include "base/buf.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <readline/history.h>

/* How many lines are kept. */
#define KEPT 1000

static struct ch_buf path; /* of the file; empty: none */

/* Append the directory where programs keep their state; -1: there is none. */
static int
put_state(struct ch_buf *buf)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const struct passwd *entry;

	if (state && *state == '/') {
		put_string(buf, state);
		return 0;
	}
	if (!home || !*home) {
		entry = getpwuid(geteuid());
		home = entry ? entry->pw_dir : NULL;
	}
	if (!home || *home != '/')
		return -1;
	put_format(buf, "%s/.local/state", home);
	return 0;
}

/* Make all directories on the way to the file. */
static int
make_parents(char *file)
{
	char *slash = file;
	int rc = 0;

	while (!rc && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		rc = mkdir(file, 0700);
		*slash = '/';
		if (rc && errno == EEXIST)
			rc = 0;
	}
	return rc;
}

void
prompt_history_open(void)
{
	int fd;

	using_history();
	stifle_history(KEPT);
	if (put_state(&path))
		return;
	put_string(&path, "/chutils/chtail_history");
	fd = make_parents(path.data) ? -1
	    : open(path.data, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		say_more("no history: %s: %s", path.data, strerror(errno));
		ch_buf_release(&path);
		return;
	}
	fchmod(fd, 0600);
	close(fd);
	read_history(path.data);
	if (history_length >= KEPT)
		history_truncate_file(path.data, KEPT);
}

void
prompt_history_add(const char *line)
{
	HIST_ENTRY *last = history_length ?
	    history_get(history_base + history_length - 1) : NULL;

	if (!*line || *line == ' ' || (last && !strcmp(last->line, line)))
		return;
	add_history(line);
	if (path.len && !strchr(line, '\n'))
		append_history(1, path.data);
}
