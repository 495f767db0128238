/*
 * show.h - a received message on standard output: as it is, as an envelope
 * (-e), its content alone (--raw), or by a template (-F).
 */
#ifndef CMD_COMMON_SHOW_H
#define CMD_COMMON_SHOW_H

#include "channel.h"
#include "common/json.h"
#include "common/opt.h"

struct show {
	int envelope;
	int raw;
	int null;
	const char *format;
	const char *field; /* this field's value alone; NULL: none */
	int terminal;      /* standard output is one: commands it gets none */
	int pretty;        /* JSON with spaces, */
	int colors;        /* and coloured */
};

#define SHOW_OPTIONS(show) \
	OPT_FLAG('e', "envelope", &(show)->envelope, \
	    "print {\"channel\": NAME, \"message\": {...}}"), \
	OPT_FLAG(0, "raw", &(show)->raw, \
	    "print the text, or the bytes, of messages bare"), \
	OPT_FLAG('0', "null", &(show)->null, \
	    "end messages with NUL, not newline"), \
	OPT_STRING('F', "format", &(show)->format, "TEMPLATE", \
	    "print this, {a.b} being a field, {@channel}, {@time}")

/* Whether the options agree, and what standard output is; else exit 64. */
void show_start(struct show *show, const struct opt_program *program);

/*
 * Add a message to `out`, with what ends it. `group` is the group it was sent
 * to, NULL if it is not known to be any.
 *
 * --raw: the value of "text", or the bytes of "bytes", to which nothing is
 * added but NUL with -0; any other message is shown as JSON.
 */
void show_message(const struct show *show, const struct ch_message *message,
    const char *group);

#endif
