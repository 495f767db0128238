/* main.c - chstat: shows what is in the store, and cleans it. */
#include "channel.h"

#include "base/err.h"
#include "base/io.h"
#include "chstat/scratch.h"
#include "chstat/table.h"
#include "chstat/workers.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/put.h"
#include "common/say.h"
#include "common/show.h"
#include "common/term.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A channel that is empty and was not used for so long may go: an hour. */
#define IDLE 3600000
#define WATCH 1 /* s between two looks */

static const char *store;
static int json, watch, sweep, flush, force, scratch;
static uint64_t peek;

static const struct opt options[] = {
	OPT_FLAG(0, "json", &json, "one object a line"),
	OPT_FLAG(0, "watch", &watch, "show it again each second"),
	OPT_COUNT(0, "peek", &peek, "N",
	    "print the first N messages, taking none"),
	OPT_FLAG(0, "sweep", &sweep, "remove what nobody needs"),
	OPT_FLAG(0, "flush", &flush, "remove messages, empty groups"),
	OPT_FLAG(0, "force", &force, "with --flush: do not ask"),
	OPT_FLAG(0, "scratch", &scratch,
	    "run COMMAND on a store that is removed afterwards"),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chstat",
	.usage = "[--json] [--watch | --peek N] [PATTERN...]\n"
		 "       chstat --sweep\n"
		 "       chstat --flush [--force] [PATTERN...]\n"
		 "       chstat --scratch -- COMMAND...",
	.options = options,
	.examples = "  chstat\n"
		    "  chstat --json 'task.*' | jq 'select(.pending > 9)'\n"
		    "  chstat --peek 3 jobs\n"
		    "  chstat --scratch -- ./my-tests\n",
};

/* --- peek --------------------------------------------------------------- */

/* Names, each with its NUL. */
static int
add_name(void *arg, const struct ch_channel_stat *stat)
{
	put_bytes(arg, stat->channel, strlen(stat->channel) + 1);
	return CH_OK;
}

static int
show_peeked(void *arg, const struct ch_message *message)
{
	const struct show *show = arg;

	show_message(show, message, NULL);
	return out.len < OUT_PLENTY ? CH_OK : out_flush(CH_NEVER, NULL);
}

static int
run_peek(struct ch_layer *layer, char *const *patterns, struct ch_err *err)
{
	struct ch_buf names = CH_BUF_INIT;
	struct show show = { .envelope = json };
	size_t at = 0;
	int rc, one = CH_OK;

	show_start(&show, &program);
	rc = table_channels(layer, patterns, add_name, &names, err);
	while (one == CH_OK && at < names.len) {
		one = ch_peek(layer, names.data + at, peek, show_peeked,
		    &show, rc == CH_OK ? err : NULL);
		at += strlen(names.data + at) + 1;
	}
	ch_buf_release(&names);
	return rc == CH_OK ? one : rc;
}

/* --- what there is ------------------------------------------------------ */

static int
show(struct ch_layer *layer, char *const *patterns, struct ch_err *err)
{
	int rc = table_print(layer, patterns, json, err);
	int last = *patterns ? CH_OK
	    : workers_print(layer, json, rc == CH_OK ? err : NULL);

	return rc == CH_OK ? last : rc;
}

/* Until it is ended, or nobody reads it any more. */
static int
run_watch(struct ch_layer *layer, char *const *patterns, struct ch_err *err)
{
	const struct timespec pause = { WATCH, 0 };
	int clear = !json && term_is(STDOUT_FILENO), rc;

	for (;;) {
		if (clear)
			put_string(&out, TERM_CLEAR);
		rc = show(layer, patterns, err);
		if (rc == CH_OK)
			rc = out_flush(CH_NEVER, err);
		if (rc != CH_OK)
			return rc;
		nanosleep(&pause, NULL);
	}
}

/* --- sweep and flush ---------------------------------------------------- */

static int
run_sweep(struct ch_layer *layer, struct ch_err *err)
{
	uint64_t removed = 0;
	int rc = ch_sweep(layer, IDLE, &removed, err);

	if (rc == CH_OK)
		say_more("removed %" PRIu64, removed);
	return rc;
}

/* Whether a person says yes; CH_NONE if not. */
static int
ask(const struct ch_layer *layer, struct ch_err *err)
{
	char answer[16] = "";
	ssize_t n;

	fprintf(stderr, "chstat: empty all channels and groups of %s? [y/N] ",
	    ch_location(layer));
	n = ch_io_read(STDIN_FILENO, answer, sizeof(answer) - 1);
	if (n > 0 && (answer[0] == 'y' || answer[0] == 'Y'))
		return CH_OK;
	return ch_err_set(err, CH_NONE, "nothing was removed");
}

static int
flush_one(struct ch_layer *layer, const char *pattern, uint64_t *total,
    struct ch_err *err)
{
	uint64_t flushed = 0;
	int rc = ch_flush(layer, pattern, &flushed, err);

	*total += flushed;
	return rc;
}

static int
run_flush(struct ch_layer *layer, char *const *patterns, struct ch_err *err)
{
	uint64_t flushed = 0;
	int rc = CH_OK;

	if (!*patterns) {
		if (!force)
			rc = ask(layer, err);
		if (rc == CH_OK)
			rc = flush_one(layer, NULL, &flushed, err);
	}
	for (; rc == CH_OK && *patterns; patterns++)
		rc = flush_one(layer, *patterns, &flushed, err);
	if (rc == CH_OK)
		say_more("removed %" PRIu64 " messages", flushed);
	return rc;
}

/* --- the program -------------------------------------------------------- */

static void
check_options(char *const *operands)
{
	if (sweep + flush + scratch + watch + !!peek > 1)
		opt_wrong(&program, "--peek, --watch, --sweep, --flush and "
				    "--scratch cannot go together");
	if (json && (sweep || flush || scratch))
		opt_wrong(&program, "--json has nothing to show here");
	if (force && !flush)
		opt_wrong(&program, "--force goes with --flush");
	if (sweep && operands[0])
		opt_wrong(&program, "--sweep takes no PATTERN");
	if (scratch && !operands[0])
		opt_wrong(&program, "--scratch: no COMMAND");
	if (scratch && store)
		opt_wrong(&program, "--scratch makes a store: no -S");
	if (flush && !force && !operands[0] &&
	    !(term_is(STDIN_FILENO) && term_is(STDERR_FILENO)))
		opt_wrong(&program, "--flush of everything needs --force "
				    "where nobody can be asked");
}

static int
check_names(char *const *patterns, struct ch_err *err)
{
	int rc = CH_OK;

	for (; rc == CH_OK && *patterns; patterns++)
		rc = ch_name_check(*patterns, CH_TO_MATCH, err);
	return rc;
}

static int
run(struct ch_layer *layer, char *const *patterns, struct ch_err *err)
{
	if (peek)
		return run_peek(layer, patterns, err);
	if (sweep)
		return run_sweep(layer, err);
	if (flush)
		return run_flush(layer, patterns, err);
	return watch ? run_watch(layer, patterns, err)
	    : show(layer, patterns, err);
}

int
main(int argc, char *argv[])
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	int rc, last, status = 0;

	argv = opt_parse(&program, argc, argv);
	check_options(argv);
	if (scratch) {
		rc = scratch_run(argv, &status, &err);
		return rc == CH_OK ? status : say_status(rc, &err);
	}
	rc = check_names(argv, &err);
	if (rc == CH_OK)
		rc = ch_open(&layer, store, &err);
	if (rc == CH_OK) {
		say_more("store: %s", ch_location(layer));
		rc = run(layer, argv, &err);
	}
	if (layer) {
		last = out_flush(CH_NEVER, rc == CH_OK ? &err : NULL);
		rc = rc == CH_OK ? last : rc;
	}
	ch_close(layer);
	return say_status(rc, &err);
}
