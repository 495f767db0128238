/* state.c - the directory for what lies beside the channels. */
#include "common/state.h"

#include "base/err.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the store's place is found: HOME, else what the password database says. */
static const char *
home_directory(void)
{
	const char *home = getenv("HOME");
	struct passwd *user = home && *home ? NULL : getpwuid(getuid());

	return user ? user->pw_dir : home ? home : "";
}

void
state_path(const char *given, const char *location, char path[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME");

	if (given || *location == '/')
		snprintf(path, PATH_MAX, "%s", given ? given : location);
	else if (state && *state)
		snprintf(path, PATH_MAX, "%s/chutils", state);
	else
		snprintf(path, PATH_MAX, "%s/.local/state/chutils",
		    home_directory());
}

int
state_make(const char *path, struct ch_err *err)
{
	char part[PATH_MAX];
	size_t i, n = strlen(path);

	if (n >= sizeof(part))
		return ch_err_os(err, ENAMETOOLONG, "state %s", path);
	for (i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return ch_err_os(err, errno, "state %s", path);
	}
	return CH_OK;
}

int
state_folder(const char *state, const char *name, char path[PATH_MAX],
    mode_t *mode, struct ch_err *err)
{
	struct stat st;

	if (state_make(state, err) != CH_OK)
		return err->status;
	if (stat(state, &st) < 0)
		return ch_err_os(err, errno, "state %s", state);
	if ((size_t)snprintf(path, PATH_MAX, "%s/%s", state, name) >= PATH_MAX)
		return ch_err_os(err, ENAMETOOLONG, "state %s", state);
	*mode = st.st_mode & 0666;
	if (mkdir(path, 0700) == 0)
		return chmod(path, st.st_mode & 07777) == 0 ? CH_OK
		    : ch_err_os(err, errno, "%s", path);
	return errno == EEXIST ? CH_OK : ch_err_os(err, errno, "%s", path);
}
