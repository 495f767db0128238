/* The chwork that runs beside us. */
#include "chserve/worker.h"

#include "chserve/again.h"
#include "chserve/event.h"
#include "chserve/loop.h"

#include "base/io.h"
#include "common/say.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS 10 /* of chwork, with the NULL */
#define FIRST_REST_MS 500

static void start_again(struct due *due);

static char program[PATH_MAX]; /* where chwork is, or its bare name */
static char location[PATH_MAX];
static const char *args[ARGS];
static pid_t pid = -1;
static int leaves_http;
static struct again again = { .first = FIRST_REST_MS };
static int stopping;
static struct due_queue rests = { .expired = start_again };
static struct due rest;

static void
find_program(void)
{
	ssize_t n = readlink("/proc/self/exe", program,
	    sizeof(program) - sizeof("/chwork"));
	char *slash;

	if (n > 0) {
		program[n] = '\0';
		slash = strrchr(program, '/');
		strcpy(slash ? slash : program, "/chwork");
		if (access(program, X_OK) == 0)
			return;
	}
	strcpy(program, "chwork");
}

/*
 * Start it in a process group of its own, so that a Ctrl-C reaches it through
 * us, after the connections have ended. It gets SIGTERM when we die. vfork: a
 * forked copy would hold our store's locks open.
 */
static pid_t
spawn(const char *const with[ARGS])
{
	char *argv[ARGS];
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid(), child;
	sigset_t none;

	memcpy(argv, with, sizeof(argv)); /* exec takes no const */
	sigemptyset(&none);
	child = vfork();
	if (child == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(1);
		dup2(null, STDIN_FILENO);
		signal(SIGPIPE, SIG_DFL);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(program, argv);
		_exit(errno == ENOENT ? -CH_UNAVAILABLE : -CH_DENIED);
	}
	ch_io_close(&null);
	return child;
}

int
worker_check(const char *routes)
{
	const char *const check[ARGS] = { "chwork", "-q", "--takes",
		EVENT_REQUEST, "--", routes };
	int status;
	pid_t child;

	find_program();
	child = spawn(check);
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		say_error("start chwork: %s", strerror(errno));
		return -CH_UNAVAILABLE;
	}
	leaves_http = WIFEXITED(status) && WEXITSTATUS(status) == -CH_NONE;
	if (leaves_http || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status) == -CH_UNAVAILABLE) {
		say_error("%s does not run", program);
		return -CH_UNAVAILABLE;
	}
	return WEXITSTATUS(status);
}

static void
start(void)
{
	again_started(&again);
	pid = spawn(args);
	if (pid < 0)
		say_error("start chwork: %s", strerror(errno));
}

void
worker_start(const char *routes, const char *store, const char *jobs)
{
	size_t n = 0;

	snprintf(location, sizeof(location), "%s", store);
	args[n++] = "chwork";
	args[n++] = "-S";
	args[n++] = location;
	if (*jobs) {
		args[n++] = "-j";
		args[n++] = jobs;
	}
	if (say_verbose)
		args[n++] = "-v";
	if (say_quiet)
		args[n++] = "-q";
	args[n++] = "--";
	args[n] = routes;
	start();
}

void
worker_reload(void)
{
	if (pid > 0)
		kill(pid, SIGHUP);
}

static void
start_again(struct due *due)
{
	(void)due;
	start();
}

void
worker_child_ended(void)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, WNOHANG) != pid)
		return;
	pid = -1;
	if (stopping)
		return;
	due_set(&rests, &rest, again_after(&again, "chwork", status));
}

void
worker_stop(void)
{
	stopping = 1;
	due_clear(&rest);
	if (pid > 0)
		kill(pid, SIGTERM);
}

int
worker_leaves_http(void)
{
	return leaves_http;
}

int
worker_runs(void)
{
	return pid > 0;
}

void
worker_forget(void)
{
	pid = -1;
}
