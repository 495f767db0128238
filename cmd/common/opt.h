/*
 * opt.h - the command line: a table of options in, the operands out.
 *
 * Calling sequence
 * ----------------
 *     static int64_t timeout = -1;
 *     static const char *store;
 *
 *     static const struct opt options[] = {
 *         OPT_DURATION('t', "timeout", &timeout, "D", "give up after D"),
 *         OPT_COMMON(&store),
 *         OPT_END,
 *     };
 *     static const struct opt_program program = {
 *         .name = "chfoo",
 *         .usage = "[-t D] CHANNEL...",
 *         .options = options,
 *         .examples = "  chfoo -t 2 jobs   look for two seconds\n",
 *     };
 *
 *     argv = opt_parse(&program, argc, argv);
 *
 * Syntax
 * ------
 * Options may stand before, between and after the operands, until "--". Short
 * ones may share a dash ("-wt2"); a value follows in the same word or the next
 * one, for a long option after "=" or in the next word. Long names are never
 * abbreviated. "-" and whatever does not begin with "-" are operands. A value
 * that is optional ("[FORMAT]") is only looked for in the same word.
 *
 * A table is what --help prints, one option a line, which the pages and the
 * completions are compared with:
 *
 *       -t, --timeout D      give up after D
 *           --at TIME        deliver at TIME
 *       -T, --timestamps[=FORMAT]  put the time before each line
 */
#ifndef CMD_COMMON_OPT_H
#define CMD_COMMON_OPT_H

#include "channel.h"

#include <stdint.h>

/* The values of an option that may be given several times. */
struct opt_list {
	const char **items; /* the words of argv; NULL when n is 0 */
	size_t n;
};

struct opt {
	char letter;       /* 0: none */
	const char *name;  /* without dashes; NULL ends the table */
	const char *value; /* what --help calls it; NULL: takes none */
	const char *help;
	/*
	 * Store `value` (NULL if there is none) where `to` says. CH_OK, or
	 * CH_USAGE with what is wrong: "is no duration".
	 */
	int (*set)(const struct opt *opt, const char *value,
	    struct ch_err *err);
	union {
		int *number;
		uint64_t *count;
		int64_t *ms;
		const char **string;
		struct opt_list *list;
	} to;
	const char *choices; /* OPT_CHOICE: "auto|always|never" */
};

struct opt_program {
	const char *name;
	const char *usage; /* behind the name; further lines as they are */
	const struct opt *options;
	const char *examples; /* lines, each with two spaces before it */
};

/* *to becomes 1. */
#define OPT_FLAG(l, n, to_, help_) \
	{ .letter = (l), .name = (n), .help = (help_), .set = opt_flag, \
		.to.number = (to_) }
/* *to becomes the value, a word of argv. */
#define OPT_STRING(l, n, to_, value_, help_) \
	{ .letter = (l), .name = (n), .value = (value_), .help = (help_), \
		.set = opt_string, .to.string = (to_) }
/* The same; without a value *to becomes "". The table says "[FORMAT]". */
#define OPT_OPTIONAL(l, n, to_, value_, help_) \
	OPT_STRING(l, n, to_, "[" value_ "]", help_)
/* Each value is added. */
#define OPT_LIST(l, n, to_, value_, help_) \
	{ .letter = (l), .name = (n), .value = (value_), .help = (help_), \
		.set = opt_list, .to.list = (to_) }
/* A whole number from 1. */
#define OPT_COUNT(l, n, to_, value_, help_) \
	{ .letter = (l), .name = (n), .value = (value_), .help = (help_), \
		.set = opt_count, .to.count = (to_) }
/* A number of bytes, perhaps with K, M or G behind it (1024 each). */
#define OPT_SIZE(l, n, to_, value_, help_) \
	{ .letter = (l), .name = (n), .value = (value_), .help = (help_), \
		.set = opt_size, .to.count = (to_) }
/* A duration in ms, and a time (a bare duration lies ahead). */
#define OPT_DURATION(l, n, to_, value_, help_) \
	{ .letter = (l), .name = (n), .value = (value_), .help = (help_), \
		.set = opt_duration, .to.ms = (to_) }
#define OPT_TIME(l, n, to_, value_, help_) \
	{ .letter = (l), .name = (n), .value = (value_), .help = (help_), \
		.set = opt_time, .to.ms = (to_) }
/* *to becomes the place of the value among the choices, from 0. */
#define OPT_CHOICE(l, n, to_, value_, choices_, help_) \
	{ .letter = (l), .name = (n), .value = (value_), .help = (help_), \
		.set = opt_choice, .to.number = (to_), .choices = (choices_) }
/* What every program has; *store stays NULL without -S. */
#define OPT_COMMON(store) \
	OPT_STRING('S', "store", (store), "URL", \
	    "use this store, not $CHANNELS_URL"), \
	OPT_FLAG('q', "quiet", &say_quiet, "say errors only"), \
	OPT_FLAG('v', "verbose", &say_verbose, "say more"), \
	{ .letter = 'h', .name = "help", .help = "print this", \
		.set = opt_help }, \
	{ .letter = 'V', .name = "version", .help = "print the version", \
		.set = opt_version }
#define OPT_END { .name = NULL }

/*
 * Take the options out of argv. The operands are returned, ended by NULL.
 * Calls say_start. Does not return after --help and --version (0), nor after a
 * mistake: a sentence, the usage, status 64.
 */
char **opt_parse(const struct opt_program *program, int argc, char *argv[]);

/* The number of operands. */
size_t opt_operands(char *const *operands);

/* A mistake that the table cannot see: sentence, usage, exit 64. */
_Noreturn void opt_wrong(const struct opt_program *program,
    const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * The place of `name` among the program's verbs (ended by NULL). A mistake,
 * with the one that was perhaps meant, if it is none or NULL.
 */
size_t opt_verb(const struct opt_program *program, const char *name,
    const char *const verbs[]);

/* The one of `words` (ended by NULL) that is nearly `word`, or NULL. */
const char *opt_near(const char *word, const char *const words[]);

/* The setters behind the macros. */
int opt_flag(const struct opt *opt, const char *value, struct ch_err *err);
int opt_string(const struct opt *opt, const char *value, struct ch_err *err);
int opt_list(const struct opt *opt, const char *value, struct ch_err *err);
int opt_count(const struct opt *opt, const char *value, struct ch_err *err);
int opt_size(const struct opt *opt, const char *value, struct ch_err *err);
int opt_duration(const struct opt *opt, const char *value,
    struct ch_err *err);
int opt_time(const struct opt *opt, const char *value, struct ch_err *err);
int opt_choice(const struct opt *opt, const char *value, struct ch_err *err);
int opt_help(const struct opt *opt, const char *value, struct ch_err *err);
int opt_version(const struct opt *opt, const char *value, struct ch_err *err);

#endif
