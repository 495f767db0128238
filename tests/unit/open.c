/* open.c - which store a URL means, and backends that are loaded on demand. */
#include "channel.h"

#include "store.h"

#include <pwd.h>

static struct ch_err err;

/* Open, close, and say where it was, or why not. */
static const char *
location_of(const char *url)
{
	static char text[600];
	struct ch_layer *layer = (void *)&err;
	int rc;

	memset(&err, 0, sizeof(err));
	rc = ch_open(&layer, url, &err);
	if (rc != CH_OK) {
		snprintf(text, sizeof(text), "%d", rc);
		ok(!layer && err.status == rc && err.text[0], "%s: %s",
		    url ? url : "default", err.text);
		return text;
	}
	snprintf(text, sizeof(text), "%s", ch_location(layer));
	ch_close(layer);
	return text;
}

static void
test_paths(void)
{
	char url[600], here[512];

	is_str(location_of(in_store("a")), in_store("a"), "a path");
	snprintf(url, sizeof(url), "file://%s", in_store("b"));
	is_str(location_of(url), in_store("b"), "file:///path");
	snprintf(url, sizeof(url), "file://localhost%s", in_store("b"));
	is_str(location_of(url), in_store("b"), "file://localhost/path");
	snprintf(url, sizeof(url), "FILE:%s%%20%%41", in_store("b"));
	is_str(location_of(url), in_store("b A"), "file:/path, decoded");
	is_str(location_of("file://host/x"), "-64", "another host");
	is_str(location_of("file:x"), "-64", "a URL is not relative");
	is_str(location_of("file:///x%0"), "-64", "half a byte");
	is_str(location_of("file:///x%00y"), "-64", "a NUL");
	ok(getcwd(here, sizeof(here)) && chdir(store_path) == 0, "go there");
	is_str(location_of("./c"), in_store("./c"), "a relative path");
	is_str(location_of("d"), in_store("d"), "or a word");
	ok(chdir(here) == 0, "and back");
	is_str(location_of(in_store("no/such")), "-69",
	    "parents are not made");
}

static void
test_schemes(void)
{
	is_str(location_of("mem:"), "mem:", "mem:");
	is_str(location_of("mem:x"), "mem:x", "mem:NAME");
	is_str(location_of("gopher://x"), "-64", "an unknown kind");
	ok(strstr(err.text, "gopher"), "is named");
	is_str(location_of("redis://:secret@h/0"), "-69", "not installed");
	ok(strstr(err.text, "libchannel-redis.so") &&
	    !strstr(err.text, "secret"), "says what, and no password");
	is_str(location_of("http://h/x"), "http://h/x", "a plugin");
	is_str(location_of("https://h/x"), "https://h/x", "for two kinds");
	/* it stays loaded, and its constructor runs once */
}

static void
test_stranger(void)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setenv("TEST_PLUGIN_ABI", "999", 1);
		_exit(ch_open(&(struct ch_layer *){ NULL }, "http://h/x",
		    &err) == CH_UNAVAILABLE && strstr(err.text, "not made for")
		    ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a plugin of another version is refused");
}

static int
mode_of(const char *what)
{
	struct stat st;

	return stat(in_store(what), &st) == 0 ? (int)(st.st_mode & 07777) : -1;
}

static void
test_default(void)
{
	setenv("CHANNELS_URL", in_store("env"), 1);
	is_str(location_of(NULL), in_store("env"), "CHANNELS_URL");
	is_str(location_of(""), in_store("env"), "also for an empty URL");
	is_str(location_of(in_store("given")), in_store("given"),
	    "but not for a given one");
	setenv("CHANNELS_URL", "", 1);
	setenv("XDG_STATE_HOME", in_store("x/state"), 1);
	is_str(location_of(NULL), in_store("x/state/channels"),
	    "XDG_STATE_HOME");
	unsetenv("CHANNELS_URL");
	setenv("XDG_STATE_HOME", "relative", 1);
	setenv("HOME", in_store("home"), 1);
	is_str(location_of(NULL), in_store("home/.local/state/channels"),
	    "HOME, when that is relative");
	is_int(mode_of("home/.local/state"), 0700, "parents are made for us");
	is_int(mode_of("home/.local/state/channels"), 0700, "only");
	unsetenv("XDG_STATE_HOME");
	is_str(location_of(NULL), in_store("home/.local/state/channels"),
	    "or not set");
	setenv("HOME", in_store("home/.local/state/channels/format"), 1);
	ok(strcmp(location_of(NULL), "0") != 0, "a home that is a file");
	setenv("HOME", "home", 1);
	is_str(location_of(NULL), "-69", "a relative home is none");
}

/* Who has no HOME is at home where the password database says. */
static void
test_passwd(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	int status = 0, rc;
	pid_t pid;

	if (geteuid() != 0 || !nobody || access(nobody->pw_dir, F_OK) == 0)
		return;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		unsetenv("HOME");
		if (setgid(nobody->pw_gid) < 0 || setuid(nobody->pw_uid) < 0)
			_exit(2);
		rc = ch_open(&(struct ch_layer *){ NULL }, NULL, &err);
		_exit(rc == CH_DENIED && strstr(err.text, nobody->pw_dir) ?
		    0 : 1);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "the password database knows the home");
}

int
main(void)
{
	store_new();
	test_stranger();
	test_paths();
	test_schemes();
	test_default();
	test_passwd();
	is_str(ch_version(), CH_VERSION, "the version");
	return done_testing();
}
