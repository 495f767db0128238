/*
 * open.c - which layer a URL means; the only file that names the backends.
 *
 * The file and mem backends are built in. The others bring foreign libraries
 * along, so they are plugins: libchannel-NAME.so, looked for beside the
 * running program and then in CH_LIBDIR, and nowhere else: what a process
 * loads is not for its environment to say.
 */
#include "channel.h"

#include "base/buf.h"
#include "base/err.h"
#include "layer/front.h"

#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef CH_LIBDIR
#define CH_LIBDIR "/usr/local/lib/chutils"
#endif

static const struct scheme {
	const char *name;
	const struct ch_backend *backend; /* NULL: in a plugin */
	const char *plugin;
} schemes[] = {
	{ "file", &ch_backend_file, NULL },
	{ "mem", &ch_backend_mem, NULL },
	{ "redis", NULL, "redis" },
	{ "rediss", NULL, "redis" },
	{ "redis+unix", NULL, "redis" },
	{ "http", NULL, "remote" },
	{ "https", NULL, "remote" },
};

const char *
ch_version(void)
{
	return CH_VERSION;
}

/* --- plugins ------------------------------------------------------------ */

/* Append the directory of the running program. */
static int
add_own_dir(struct ch_buf *path)
{
	char exe[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n < 0)
		return -1;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	return slash ? ch_buf_add(path, exe, (size_t)(slash - exe)) : -1;
}

/* Find the plugin's file; 0 with *path set. */
static int
find_plugin(struct ch_buf *path, const char *name)
{
	if (add_own_dir(path) == 0 &&
	    ch_buf_addf(path, "/libchannel-%s.so", name) == 0 &&
	    access(path->data, F_OK) == 0)
		return 0;
	ch_buf_clear(path);
	return ch_buf_addf(path, CH_LIBDIR "/libchannel-%s.so", name) == 0 ?
	    access(path->data, F_OK) : -1;
}

/* Load a plugin; it stays loaded, for its layers may outlive any of ours. */
static int
load_plugin(const struct ch_backend **backend, const char *path,
    struct ch_err *err)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!plugin)
		return ch_err_set(err, CH_UNAVAILABLE, "%s", dlerror());
	*backend = dlsym(plugin, "ch_backend_plugin");
	if (!*backend || (*backend)->abi != CH_BACKEND_ABI) {
		dlclose(plugin);
		return ch_err_set(err, CH_UNAVAILABLE,
		    "%s is not made for chutils %s", path, CH_VERSION);
	}
	return CH_OK;
}

static int
find_backend(const struct ch_backend **backend, const struct scheme *scheme,
    struct ch_err *err)
{
	struct ch_buf path = CH_BUF_INIT;
	int rc;

	*backend = scheme->backend;
	if (*backend)
		return CH_OK;
	if (find_plugin(&path, scheme->plugin) == 0)
		rc = load_plugin(backend, path.data, err);
	else
		rc = ch_err_set(err, CH_UNAVAILABLE,
		    "%s: stores are not installed here (no libchannel-%s.so)",
		    scheme->name, scheme->plugin);
	ch_buf_release(&path);
	return rc;
}

/* --- URLs and paths ----------------------------------------------------- */

/* The length of url's scheme, 0 if it is a path. */
static size_t
scheme_len(const char *url)
{
	size_t n = strspn(url, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return url[n] == ':' ? n : 0;
}

static const struct scheme *
find_scheme(const char *url, size_t n)
{
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strlen(schemes[i].name) == n &&
		    strncasecmp(schemes[i].name, url, n) == 0)
			return &schemes[i];
	return NULL;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at;

	at = c ? strchr(digits, c | 32) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Append the path of file:///path, its %41 decoded. */
static int
add_file_path(struct ch_buf *path, const char *url, struct ch_err *err)
{
	const char *p = url + strlen("file:");
	int high, low;

	if (strncmp(p, "//localhost/", 12) == 0)
		p += 11;
	else if (strncmp(p, "///", 3) == 0)
		p += 2;
	if (p[0] != '/' || p[1] == '/')
		return ch_err_set(err, CH_USAGE, "%s: not file:///path", url);
	for (; *p; p++) {
		high = *p == '%' ? hex_digit(p[1]) : -1;
		low = high >= 0 ? hex_digit(p[2]) : -1;
		if (*p == '%' && (low < 0 || high + low == 0))
			return ch_err_set(err, CH_USAGE,
			    "%s: not file:///path", url);
		if (ch_buf_addc(path, low < 0 ? *p :
		    (char)(high << 4 | low)) < 0)
			return ch_err_memory(err);
		if (low >= 0)
			p += 2;
	}
	return CH_OK;
}

/* Append a path, made absolute: children may run in other directories. */
static int
add_path(struct ch_buf *path, const char *given, struct ch_err *err)
{
	char *here;
	int failed;

	if (*given == '/')
		return ch_buf_adds(path, given) < 0 ? ch_err_memory(err) :
		    CH_OK;
	here = getcwd(NULL, 0);
	if (!here)
		return ch_err_os(err, errno, "current directory");
	failed = ch_buf_addf(path, "%s/%s", strcmp(here, "/") ? here : "",
	    given);
	free(here);
	return failed ? ch_err_memory(err) : CH_OK;
}

/* --- the default store -------------------------------------------------- */

static int
add_home(struct ch_buf *path, struct ch_err *err)
{
	const char *home = getenv("HOME");
	const struct passwd *entry;

	if (!home || !*home) {
		entry = getpwuid(geteuid());
		home = entry ? entry->pw_dir : NULL;
	}
	if (!home || *home != '/')
		return ch_err_set(err, CH_UNAVAILABLE,
		    "no home directory: name a store with -S or CHANNELS_URL");
	return ch_buf_adds(path, home) < 0 ? ch_err_memory(err) : CH_OK;
}

/* Make the directories that lead to path, as the XDG specification has it. */
static int
make_parents(char *path, struct ch_err *err)
{
	char *slash = path;
	int rc = CH_OK, os;

	while (rc == CH_OK && (slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		os = mkdir(path, 0700) < 0 ? errno : 0;
		/* /home may be there and not ours to write to */
		if (os && os != EEXIST && access(path, F_OK) < 0)
			rc = ch_err_os(err, os, "%s", path);
		*slash = '/';
	}
	return rc;
}

static int
add_default(struct ch_buf *path, struct ch_err *err)
{
	const char *state = getenv("XDG_STATE_HOME");
	int rc = CH_OK, failed;

	if (state && *state == '/') {
		failed = ch_buf_addf(path, "%s/channels", state);
	} else {
		rc = add_home(path, err);
		if (rc != CH_OK)
			return rc;
		failed = ch_buf_adds(path, "/.local/state/channels");
	}
	if (failed)
		return ch_err_memory(err);
	return make_parents(path->data, err);
}

/* --- opening ------------------------------------------------------------ */

/* What url means: its scheme, and what its backend is to be given. */
static int
resolve(const struct scheme **scheme, struct ch_buf *target, const char *url,
    struct ch_err *err)
{
	size_t n;

	*scheme = &schemes[0];
	if (!url || !*url)
		url = getenv("CHANNELS_URL");
	if (!url || !*url)
		return add_default(target, err);
	n = scheme_len(url);
	if (!n)
		return add_path(target, url, err);
	*scheme = find_scheme(url, n);
	if (!*scheme)
		return ch_err_set(err, CH_USAGE,
		    "%.*s: is not a kind of store", (int)n, url);
	if (*scheme == &schemes[0])
		return add_file_path(target, url, err);
	return ch_buf_adds(target, url) < 0 ? ch_err_memory(err) : CH_OK;
}

int
ch_open(struct ch_layer **layer, const char *url, struct ch_err *err)
{
	const struct scheme *scheme;
	const struct ch_backend *backend = NULL;
	struct ch_buf target = CH_BUF_INIT;
	int rc;

	*layer = NULL;
	rc = resolve(&scheme, &target, url, err);
	if (rc == CH_OK)
		rc = find_backend(&backend, scheme, err);
	if (rc == CH_OK)
		rc = backend->open(layer, target.data, err);
	if (rc == CH_OK)
		ch_front_adopt(*layer, backend);
	ch_buf_release(&target);
	return rc;
}
