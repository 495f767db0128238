/* opt.c - the command line: a table of options in, the operands out. */
#include "common/opt.h"

#include "base/clock.h"
#include "base/err.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"
#include "common/when.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef CH_BUILD
#define CH_BUILD "" /* "+" and the commit, where make finds one */
#endif

/* The column where --help explains. */
#define HELP_COLUMN 28

static const struct opt_program *parsed;

/* --- what a mistake looks like ------------------------------------------ */

static _Noreturn void
usage(const struct opt_program *program)
{
	fprintf(stderr, "Usage: %s %s\n", program->name, program->usage);
	exit(-CH_USAGE);
}

void
opt_wrong(const struct opt_program *program, const char *format, ...)
{
	char sentence[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sentence, sizeof(sentence), format, ap);
	va_end(ap);
	say_error("%s", sentence);
	usage(program);
}

/* --- setters ------------------------------------------------------------ */

int
opt_flag(const struct opt *opt, const char *value, struct ch_err *err)
{
	(void)value;
	(void)err;
	*opt->to.number = 1;
	return CH_OK;
}

int
opt_string(const struct opt *opt, const char *value, struct ch_err *err)
{
	(void)err;
	*opt->to.string = value ? value : "";
	return CH_OK;
}

int
opt_list(const struct opt *opt, const char *value, struct ch_err *err)
{
	struct opt_list *list = opt->to.list;
	const char **items;

	(void)err;
	items = realloc(list->items, (list->n + 1) * sizeof(*items));
	if (!items)
		say_memory();
	items[list->n++] = value;
	list->items = items;
	return CH_OK;
}

int
opt_count(const struct opt *opt, const char *value, struct ch_err *err)
{
	uint64_t n = 0;

	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9' || n > UINT64_MAX / 20)
			return ch_err_set(err, CH_USAGE,
			    "is no whole number");
		n = n * 10 + (uint64_t)(*p - '0');
	}
	if (!n)
		return ch_err_set(err, CH_USAGE, "must be 1 or more");
	*opt->to.count = n;
	return CH_OK;
}

/* Digits, then perhaps one of K, M, G (KiB, MiB, GiB). */
int
opt_size(const struct opt *opt, const char *value, struct ch_err *err)
{
	static const char units[] = "KMG";
	size_t digits = strspn(value, "0123456789");
	const char *unit = value[digits]
	    ? strchr(units, value[digits] & ~0x20) : NULL;
	uint64_t n = 0;

	if (!digits || digits > 12 || (value[digits] && (!unit || !*unit ||
	    value[digits + 1])))
		return ch_err_set(err, CH_USAGE,
		    "is no size: a number of bytes, or with K, M or G");
	for (const char *p = value; p < value + digits; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	*opt->to.count = unit ? n << 10 * (unit - units + 1) : n;
	return CH_OK;
}

int
opt_duration(const struct opt *opt, const char *value, struct ch_err *err)
{
	if (when_duration(value, opt->to.ms) < 0)
		return ch_err_set(err, CH_USAGE,
		    "is no duration (such as 90, 1.5, 250ms, 10m, 2h)");
	return CH_OK;
}

int
opt_time(const struct opt *opt, const char *value, struct ch_err *err)
{
	if (when_time(value, WHEN_AHEAD, ch_clock_real(), opt->to.ms) < 0)
		return ch_err_set(err, CH_USAGE,
		    "is no time (such as 18:30, 2026-12-24T18:30:00Z, "
		    "@1798137000, 10m)");
	return CH_OK;
}

int
opt_choice(const struct opt *opt, const char *value, struct ch_err *err)
{
	const char *choice = opt->choices;
	size_t len;

	for (int i = 0; *choice; i++) {
		len = strcspn(choice, "|");
		if (strlen(value) == len && !strncmp(choice, value, len)) {
			*opt->to.number = i;
			return CH_OK;
		}
		choice += len + (choice[len] == '|');
	}
	return ch_err_set(err, CH_USAGE, "is none of %s", opt->choices);
}

/* --- help and version --------------------------------------------------- */

static void
help_line(const struct opt *opt)
{
	size_t start = out.len;

	if (opt->letter)
		put_format(&out, "  -%c, --%s", opt->letter, opt->name);
	else
		put_format(&out, "      --%s", opt->name);
	if (opt->value && opt->value[0] == '[')
		put_format(&out, "[=%s", opt->value + 1);
	else if (opt->value)
		put_format(&out, " %s", opt->value);
	do
		put_char(&out, ' ');
	while (out.len - start < HELP_COLUMN);
	if (out.data[out.len - 2] != ' ')
		put_char(&out, ' ');
	put_format(&out, "%s\n", opt->help);
}

/* End the program with what `out` holds. */
static _Noreturn void
print_and_exit(void)
{
	struct ch_err err = CH_ERR_INIT;

	exit(say_status(out_flush(CH_NEVER, &err), &err));
}

int
opt_help(const struct opt *opt, const char *value, struct ch_err *err)
{
	(void)opt;
	(void)value;
	(void)err;
	put_format(&out, "Usage: %s %s\n\n", parsed->name, parsed->usage);
	for (const struct opt *o = parsed->options; o->name; o++)
		help_line(o);
	put_format(&out, "\nExamples:\n%s\nSee %s(1).\n", parsed->examples,
	    parsed->name);
	print_and_exit();
}

int
opt_version(const struct opt *opt, const char *value, struct ch_err *err)
{
	(void)opt;
	(void)value;
	(void)err;
	put_format(&out, "%s (chutils) %s" CH_BUILD "\n", parsed->name,
	    ch_version());
	print_and_exit();
}

/* --- parsing ------------------------------------------------------------ */

/* Give the option its value; a mistake is named as the user wrote it. */
static void
set(const struct opt *opt, const char *as, const char *value)
{
	struct ch_err err = CH_ERR_INIT;

	if (opt->set(opt, value, &err) != CH_OK)
		opt_wrong(parsed, "%s: '%s' %s", as, value ? value : "",
		    err.text);
}

static int
value_is_optional(const struct opt *opt)
{
	return opt->value && opt->value[0] == '[';
}

/*
 * The value of an option that does not have it in its own word; NULL if it
 * takes none. Moves *next on when the next word is it.
 */
static const char *
next_value(const struct opt *opt, const char *as, char ***next)
{
	if (!opt->value || value_is_optional(opt))
		return NULL;
	if (!**next)
		opt_wrong(parsed, "%s: needs a value: %s", as, opt->value);
	return *(*next)++;
}

static void
parse_long(char *word, char ***next)
{
	size_t len = strcspn(word + 2, "=");
	char *value = word[2 + len] ? word + 2 + len + 1 : NULL;
	const struct opt *opt = parsed->options;
	char as[64];

	while (opt->name && (strncmp(opt->name, word + 2, len) ||
	    opt->name[len]))
		opt++;
	if (!opt->name)
		opt_wrong(parsed, "unknown option %.*s", (int)len + 2, word);
	snprintf(as, sizeof(as), "--%s", opt->name);
	if (value && !opt->value)
		opt_wrong(parsed, "%s: takes no value", as);
	set(opt, as, value ? value : next_value(opt, as, next));
}

static void
parse_short(char *word, char ***next)
{
	for (const char *p = word + 1; *p; p++) {
		const struct opt *opt = parsed->options;
		char as[] = { '-', *p, '\0' };

		while (opt->name && opt->letter != *p)
			opt++;
		if (!opt->name)
			opt_wrong(parsed, "unknown option -%c", *p);
		if (opt->value && p[1]) {
			set(opt, as, p + 1);
			return;
		}
		set(opt, as, next_value(opt, as, next));
	}
}

char **
opt_parse(const struct opt_program *program, int argc, char *argv[])
{
	char **operands = argc > 0 ? argv + 1 : argv;
	char **next = operands, **end = operands;
	char *word;

	parsed = program;
	say_start(program->name);
	while ((word = *next)) {
		next++;
		if (word[0] != '-' || !word[1]) {
			*end++ = word;
		} else if (word[1] != '-') {
			parse_short(word, &next);
		} else if (word[2]) {
			parse_long(word, &next);
		} else {
			while (*next)
				*end++ = *next++;
		}
	}
	*end = NULL;
	return operands;
}

size_t
opt_operands(char *const *operands)
{
	size_t n = 0;

	while (operands[n])
		n++;
	return n;
}

/* --- did you mean ------------------------------------------------------- */

#define NEAR_MAX 32

/* How many letters to add, drop or change to make b of a. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NEAR_MAX + 1], na = strlen(a), nb = strlen(b);

	if (na > NEAR_MAX || nb > NEAR_MAX)
		return NEAR_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const char *
opt_near(const char *word, const char *const words[])
{
	const char *nearest = NULL;
	size_t least = 3;

	for (; *words; words++) {
		size_t d = distance(word, *words);

		if (d < least && d < strlen(*words)) {
			least = d;
			nearest = *words;
		}
	}
	return nearest;
}

size_t
opt_verb(const struct opt_program *program, const char *name,
    const char *const verbs[])
{
	const char *near;
	size_t i;

	if (!name)
		opt_wrong(program, "no verb");
	for (i = 0; verbs[i]; i++)
		if (strcmp(verbs[i], name) == 0)
			return i;
	near = opt_near(name, verbs);
	if (near)
		opt_wrong(program, "unknown verb %s; did you mean %s?", name,
		    near);
	opt_wrong(program, "unknown verb %s", name);
}
