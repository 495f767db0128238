/* main.c - chtail: watches groups, or channels, live. */
#include "channel.h"

#include "chtail/live.h"
#include "chtail/view.h"
#include "chtail/watch.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/pump.h"
#include "common/say.h"
#include "common/term.h"

/* How many messages are taken, and written, at once. */
#define BATCH 256

static struct watch watch;
static struct pump pump = { .batch = BATCH };
static const char *store;
static int64_t timeout = -1;
static int follow, interactive;

static const struct opt options[] = {
	OPT_COUNT('c', "count", &pump.count, "N", "end after N messages"),
	OPT_DURATION('t', "timeout", &timeout, "D", "end after D (124)"),
	OPT_FLAG('f', "follow", &follow, "nothing more: it always follows"),
	OPT_FLAG('i', "interactive", &interactive,
	    "send the lines that are typed below"),
	OPT_FLAG(0, "channel", &watch.channels,
	    "watch channels, taking nothing out of them"),
	OPT_STRING(0, "grep", &view.pattern, "RE", "only what matches RE"),
	OPT_STRING(0, "field", &view.field, "PATH",
	    "--grep looks at this; without it, show this alone"),
	OPT_OPTIONAL('T', "timestamps", &view.stamp, "FORMAT",
	    "on a terminal: times first, as strftime(3)"),
	OPT_CHOICE(0, "color", &view.color, "WHEN", TERM_CHOICES,
	    "auto, always or never"),
	SHOW_OPTIONS(&view.show),
	OPT_COMMON(&store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chtail",
	.usage = "[OPTION...] GROUP...\n"
		 "       chtail --channel [OPTION...] CHANNEL...",
	.options = options,
	.examples = "  chtail chat\n"
		    "  chtail -i -F '{name}: {text}' chat\n"
		    "  chtail -T --grep error 'log*'\n"
		    "  chtail --channel jobs | jq --unbuffered .file\n",
};

static int
show_one(void *arg, const struct ch_message *message)
{
	(void)arg;
	watch_missed(&watch, 0);
	return view_message(&watch, message);
}

/* Only watch. */
static int
watch_run(struct ch_err *err)
{
	pump.receiver = watch.receiver;
	pump.show = show_one;
	pump.names = watch.channels ? watch.n : 1;
	for (size_t i = 0; watch.channels && i < watch.n; i++)
		if (ch_name_is_glob(watch.list[i].name))
			pump.names = 0;
	return pump_run(&pump, err);
}

static int
run(struct ch_layer *layer, char *const *operands, struct ch_err *err)
{
	struct live live = { &watch, pump.count, pump.deadline };
	int rc = watch_open(&watch, layer, operands, err);

	if (rc == CH_OK)
		rc = interactive ? live_run(&live, err) : watch_run(err);
	watch_missed(&watch, 1);
	watch_close(&watch);
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
	watch.each = interactive;
	view_start(&program);
	if (!argv[0])
		opt_wrong(&program, "no GROUP to watch");
	rc = watch_check(&watch, argv, &err);
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
