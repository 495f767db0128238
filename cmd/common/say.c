/* say.c - how a program speaks: its name, its sentences, its exit status. */
#include "common/say.h"

#include "base/clock.h"
#include "base/io.h"
#include "common/json.h"
#include "common/put.h"
#include "common/when.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MOST 1024 /* bytes of a sentence */

int say_quiet;
int say_verbose;
int say_json;

static const char *program = "chutils";

/* How urgent a sentence is; `mark` where the journal reads it: sd-daemon(3). */
struct level {
	const char *name;
	const char *mark, *journal;
};
static struct level urgent = { "error", "", "<3>" };
static struct level notable = { "note", "", "<5>" };
static struct level detailed = { "info", "", "<6>" };

/* Said from a signal handler: made ahead, because printf is not safe there. */
static char bus_sentence[128];

static void
on_bus(int number, siginfo_t *info, void *context)
{
	ssize_t ignored;

	(void)context;
	if (info->si_code != BUS_ADRERR && info->si_code != BUS_OBJERR) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	ignored = write(2, bus_sentence, strlen(bus_sentence));
	(void)ignored;
	_exit(-CH_IO);
}

static void
catch_bus(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	snprintf(bus_sentence, sizeof(bus_sentence),
	    "%s%s: a file of the store was cut short or cannot be read: "
	    "bus error\n",
	    urgent.mark, program);
	action.sa_sigaction = on_bus;
	sigaction(SIGBUS, &action, NULL);
}

/*
 * Fill what is closed of 0, 1 and 2, each opened the wrong way round: the
 * number is taken, and using it fails as if it were closed.
 */
static void
fill_descriptors(void)
{
	static const int mode[] = { O_WRONLY, O_RDONLY, O_WRONLY };
	struct pollfd fds[3] = { { .fd = 0 }, { .fd = 1 }, { .fd = 2 } };

	if (poll(fds, 3, 0) <= 0)
		return;
	for (int i = 0; i < 3; i++)
		if (fds[i].revents & POLLNVAL &&
		    open("/dev/null", mode[i]) != i)
			_exit(-CH_IO);
}

/*
 * Whether standard error is the journal's: systemd names device and inode of
 * the socket that it gave a service, "DEVICE:INODE".
 */
static int
journal_reads(void)
{
	const char *given = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!given || fstat(2, &st) < 0)
		return 0;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(given, ours) == 0;
}

void
say_start(const char *name)
{
	program = name;
	fill_descriptors();
	if (journal_reads()) {
		urgent.mark = urgent.journal;
		notable.mark = notable.journal;
		detailed.mark = detailed.journal;
	}
	catch_bus();
}

void
say_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0 ||
	    files.rlim_cur == files.rlim_max)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

static void
say_object(const struct level *level, const char *text)
{
	struct ch_buf line = CH_BUF_INIT;
	char time[WHEN_SIZE];

	when_rfc3339(ch_clock_real(), time);
	put_format(&line, "%s{\"time\":\"%s\",\"level\":\"%s\","
	    "\"program\":\"%s\",\"pid\":%d,\"text\":", level->mark, time,
	    level->name, program, (int)getpid());
	json_quote_any(&line, text, strlen(text));
	put_string(&line, "}\n");
	ch_io_write(2, line.data, line.len);
	ch_buf_release(&line);
}

static void
say_line(const struct level *level, const char *text)
{
	char line[LINE_MOST + 64];
	ssize_t ignored;
	size_t len;

	len = (size_t)snprintf(line, sizeof(line), "%s%s: %s", level->mark,
	    program, text);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	ignored = write(2, line, len);
	(void)ignored;
}

static void __attribute__((format(printf, 2, 0)))
say(const struct level *level, const char *format, va_list ap)
{
	char text[LINE_MOST];

	vsnprintf(text, sizeof(text), format, ap);
	if (say_json)
		say_object(level, text);
	else
		say_line(level, text);
}

void
say_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(&urgent, format, ap);
	va_end(ap);
}

void
say_note(const char *format, ...)
{
	va_list ap;

	if (say_quiet)
		return;
	va_start(ap, format);
	say(&notable, format, ap);
	va_end(ap);
}

void
say_more(const char *format, ...)
{
	va_list ap;

	if (!say_verbose)
		return;
	va_start(ap, format);
	say(&detailed, format, ap);
	va_end(ap);
}

int
say_status(int rc, const struct ch_err *err)
{
	if (rc >= CH_OK)
		return rc;
	if (rc == CH_NONE || rc == CH_TIMEOUT)
		say_more("%s", err->text[0] ? err->text : "nothing there");
	else if (err->text[0])
		say_error("%s", err->text);
	return -rc;
}

void
say_memory(void)
{
	say_json = 0; /* that needs some */
	say_error("out of memory");
	exit(-CH_IO);
}

void
say_pipe(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGPIPE);
	_exit(128 + SIGPIPE);
}
