/* common_opt.c - the command line: a table of options in, the operands out. */
#include "common/opt.h"

#include "common/say.h"

#include "tap.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int flag, choice;
static uint64_t count, size;
static int64_t span;
static const char *word, *perhaps, *store;
static struct opt_list list;

static const struct opt options[] = {
	OPT_FLAG('f', "flag", &flag, "a flag"),
	OPT_COUNT('c', "count", &count, "N", "a number"),
	OPT_SIZE('s', "size", &size, "SIZE", "a size"),
	OPT_DURATION('t', "timeout", &span, "D", "a duration"),
	OPT_STRING(0, "word", &word, "WORD", "a word"),
	OPT_OPTIONAL('T', "times", &perhaps, "FORMAT", "a format"),
	OPT_LIST('r', "route", &list, "ROUTE", "routes"),
	OPT_CHOICE(0, "color", &choice, "WHEN", "auto|always|never", "when"),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chtest",
	.usage = "[OPTION...]",
	.options = options,
	.examples = "  chtest\n",
};

#define MAX_WORDS 16

/* Parse these words (ended by NULL), forgetting what was set. */
static char **
parse(const char *const *words)
{
	static char copies[MAX_WORDS][64];
	static char *argv[MAX_WORDS + 1];
	int n = 0;

	flag = choice = 0;
	count = 0;
	span = 0;
	word = perhaps = store = NULL;
	free(list.items);
	list.items = NULL;
	list.n = 0;
	for (; words[n]; n++) {
		snprintf(copies[n], sizeof(copies[n]), "%s", words[n]);
		argv[n] = copies[n];
	}
	argv[n] = NULL;
	return opt_parse(&program, n, argv);
}

#define WORDS(...) ((const char *const[]){ "chtest", __VA_ARGS__, NULL })
#define PARSE(...) parse(WORDS(__VA_ARGS__))

/* The status with which a child ends that parses these words, in silence. */
static int
status_of(const char *const *words)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(1);
		close(2);
		parse(words);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

#define STATUS(...) status_of(WORDS(__VA_ARGS__))

static void
values(void)
{
	char **operands = PARSE("-fc3", "a", "--timeout=1.5", "-", "--word",
	    "-x", "b=c", "-r1", "-r", "2", "--route=3", "--", "-f", "--");

	ok(flag && count == 3 && span == 1500, "short ones share a dash");
	is_str(word, "-x", "a value may begin with a dash");
	is_int((intmax_t)list.n, 3, "a list grows");
	is_str(list.items[2], "3", "in order");
	is_int((intmax_t)opt_operands(operands), 5, "five operands");
	is_str(operands[0], "a", "in order: a");
	is_str(operands[1], "-", "-");
	is_str(operands[2], "b=c", "b=c");
	is_str(operands[3], "-f", "behind -- all are");
	is_str(operands[4], "--", "also --");
	operands = PARSE("-T", "x");
	is_str(perhaps, "", "a value that is optional");
	is_str(operands[0], "x", "is not the next word");
	PARSE("-T%H");
	is_str(perhaps, "%H", "but in the same word");
	PARSE("--times=%M", "--color=never", "--word=");
	is_str(perhaps, "%M", "long as well");
	is_int(choice, 2, "a choice");
	is_str(word, "", "an empty value is a value");
	PARSE("-s", "64K");
	is_int((intmax_t)size, 65536, "a size in KiB");
	PARSE("-s10g");
	is_int((intmax_t)size, 10737418240, "in GiB");
	PARSE("--size=0");
	is_int((intmax_t)size, 0, "in bytes");
	PARSE("-qvS", "/x");
	ok(say_quiet && say_verbose, "-q, -v");
	is_str(store, "/x", "-S");
}

static void
mistakes(void)
{
	is_int(STATUS("a"), 0, "no mistake");
	is_int(STATUS("--fla"), 64, "abbreviated");
	is_int(STATUS("-s", "64KB"), 64, "no unit");
	is_int(STATUS("-s", "K"), 64, "no number");
	is_int(STATUS("-s", ""), 64, "nothing");
	is_int(STATUS("--flags"), 64, "too long");
	is_int(STATUS("--flag=1"), 64, "a flag with a value");
	is_int(STATUS("-x"), 64, "unknown");
	is_int(STATUS("--"), 0, "the end of options");
	is_int(STATUS("--=x"), 64, "no name");
	is_int(STATUS("-c"), 64, "no value");
	is_int(STATUS("--count"), 64, "no value to a long one");
	is_int(STATUS("-c", "0"), 64, "zero");
	is_int(STATUS("-c", "-1"), 64, "negative");
	is_int(STATUS("-c", "99999999999999999999"), 64, "too large");
	is_int(STATUS("-t", "soon"), 64, "no duration");
	is_int(STATUS("--color=alway"), 64, "no choice");
	is_int(STATUS("--color="), 64, "an empty choice");
	is_int(STATUS("a", "--help"), 74, "--help, and stdout is closed");
}

static void
near(void)
{
	static const char *const words[] = { "add", "discard", "members",
		"has", NULL };

	is_str(opt_near("mebmers", words), "members", "mebmers");
	is_str(opt_near("ad", words), "add", "ad");
	ok(!opt_near("delete", words), "delete is near none");
	ok(!opt_near("xyz", words), "nor is xyz");
	ok(!opt_near("a-very-long-word-that-is-longer-than-any", words),
	    "nor what is long");
}

int
main(void)
{
	values();
	mistakes();
	near();
	return done_testing();
}
