/* chrecv.c - receives messages from channels, one line each. */
#include "channel.h"

#include "common/opt.h"
#include "common/out.h"
#include "common/pump.h"
#include "common/put.h"
#include "common/say.h"
#include "common/show.h"

#include <stdlib.h>
#include <string.h>

static struct show show;
static struct pump pump = { .batch = 1 };
static const char *store, *fresh;
static int64_t timeout = -1;
static uint64_t batch = 1;

static const struct opt options[] = {
	OPT_COUNT('c', "count", &pump.count, "N", "end after N messages"),
	OPT_DURATION('t', "timeout", &timeout, "D", "end after D (124)"),
	OPT_FLAG(0, "no-wait", &pump.no_wait,
	    "take what is there; 1 if that is nothing"),
	OPT_COUNT(0, "batch", &batch, "N", "take up to N at once"),
	OPT_STRING(0, "new", &fresh, "PATTERN",
	    "print a fresh name (of p! or p?), receive there"),
	SHOW_OPTIONS(&show),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chrecv",
	.usage = "[OPTION...] CHANNEL...\n"
		 "       chrecv --new PATTERN [OPTION...] [CHANNEL...]",
	.options = options,
	.examples = "  chrecv -c 1 jobs\n"
		    "  chrecv -F '{@channel}: {text}' 'task.*'\n"
		    "  chrecv -e --batch 100 jobs | ./worker | chsend -e\n",
};

/* More at once would only hold others up. */
#define BATCH_MAX 4096

static int
show_one(void *arg, const struct ch_message *message)
{
	(void)arg;
	show_message(&show, message, NULL);
	return 1;
}

/* Print the name that `fresh` gives; *name is where to receive, to be freed. */
static int
new_channel(struct ch_layer *layer, char **name, struct ch_err *err)
{
	char full[CH_NAME_MAX + 1], *mark;
	int rc;

	rc = ch_new_channel(layer, fresh, full, err);
	if (rc != CH_OK)
		return rc;
	put_string(&out, full);
	put_char(&out, show.null ? '\0' : '\n');
	mark = strchr(full, '!');
	if (mark)
		mark[1] = '\0';
	*name = strdup(full);
	if (!*name)
		say_memory();
	return out_flush(pump.deadline, err);
}

static int
receive(struct ch_layer *layer, const char *const names[], size_t n,
    struct ch_err *err)
{
	int rc;

	pump.names = n;
	for (size_t i = 0; i < n; i++)
		if (ch_name_is_glob(names[i]))
			pump.names = 0;
	rc = ch_receiver_new(&pump.receiver, layer, names, n, 0, err);
	if (rc == CH_OK)
		rc = pump_run(&pump, err);
	ch_receiver_free(pump.receiver);
	return rc;
}

static int
run(struct ch_layer *layer, char **operands, struct ch_err *err)
{
	size_t n = opt_operands(operands);
	char *name = NULL;
	const char **names;
	int rc = CH_OK;

	names = calloc(n + 1, sizeof(*names));
	if (!names)
		say_memory();
	for (size_t i = 0; i < n; i++)
		names[i] = operands[i];
	if (fresh)
		rc = new_channel(layer, &name, err);
	if (name)
		names[n++] = name;
	if (rc == CH_OK)
		rc = receive(layer, names, n, err);
	free(name);
	free(names);
	return rc;
}

/* Names are refused before anything is opened. */
static int
check_names(char *const *operands, struct ch_err *err)
{
	int rc = fresh ? ch_name_check(fresh, CH_TO_NEW, err) : CH_OK;

	for (; rc == CH_OK && *operands; operands++)
		rc = ch_name_check(*operands, CH_TO_RECEIVE, err);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	argv = opt_parse(&program, argc, argv);
	pump.deadline = timeout < 0 ? CH_NEVER : ch_clock() + timeout;
	pump.batch = batch < BATCH_MAX ? batch : BATCH_MAX;
	pump.show = show_one;
	show_start(&show, &program);
	if (!argv[0] && !fresh)
		opt_wrong(&program, "no CHANNEL to receive from");
	rc = check_names(argv, &err);
	if (rc == CH_OK)
		rc = out_check(&err);
	if (rc == CH_OK) {
		say_files();
		rc = ch_open(&layer, store, &err);
	}
	if (rc == CH_OK) {
		ch_patience(layer, pump.deadline);
		say_more("store: %s", ch_location(layer));
		rc = run(layer, argv, &err);
	}
	ch_close(layer);
	return say_status(rc, &err);
}
