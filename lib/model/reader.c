/*
 * reader.c - messages out of a stream of bytes, fed in any pieces.
 *
 * All bytes not yet passed on lie in one buffer, where the message that is
 * being scanned is always whole from `start` to `at`. No byte is scanned
 * twice, and what is kept is at most twice the largest message and one feed.
 */
#include "base/buf.h"
#include "base/err.h"
#include "channel.h"
#include "model/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum state {
	BEGINNING, /* of the stream: a byte order mark may come */
	BETWEEN,   /* white space before a message */
	INSIDE,    /* a message */
	BEHIND,    /* what follows it before its NUL */
	SKIPPING   /* what follows an error */
};

struct ch_reader {
	char *source;
	size_t max;
	int separator;
	int ended;
	enum state state;
	struct ch_buf buf;
	size_t start;          /* of the message; all before is done with */
	size_t at;             /* where to go on */
	size_t counted;        /* `here` is the place of this byte */
	struct ch_place here;
	struct ch_place first; /* where the message began */
	struct ch_place cut;   /* where its last byte was before a squeeze, */
	size_t cut_at;         /* if that byte still ends here */
	struct ch_json json;
};

int
ch_reader_new(struct ch_reader **reader, const char *source, size_t max,
    int separator, struct ch_err *err)
{
	struct ch_reader *new = calloc(1, sizeof(*new));

	*reader = NULL;
	if (!new)
		return ch_err_memory(err);
	new->source = strdup(source ? source : "");
	if (!new->source) {
		free(new);
		return ch_err_memory(err);
	}
	new->max = max ? max : CH_MESSAGE_MAX;
	new->separator = separator;
	new->here = new->first = (struct ch_place){ 1, 1 };
	*reader = new;
	return CH_OK;
}

void
ch_reader_free(struct ch_reader *reader)
{
	if (!reader)
		return;
	ch_buf_release(&reader->buf);
	free(reader->source);
	free(reader);
}

uint64_t
ch_reader_line(const struct ch_reader *reader)
{
	return reader->first.line;
}

/* Count lines and columns up to byte `at`. */
static void
count_to(struct ch_reader *reader, size_t at)
{
	if (at <= reader->counted)
		return;
	ch_place_move(&reader->here, reader->buf.data + reader->counted,
	    at - reader->counted);
	reader->counted = at;
}

/* Forget what lies before `start`, when it pays. */
static void
forget(struct ch_reader *reader)
{
	size_t n = reader->start;

	if (n < reader->buf.len - n)
		return;
	count_to(reader, n);
	ch_buf_consume(&reader->buf, n);
	reader->start = 0;
	reader->at -= n;
	reader->counted -= n;
}

int
ch_reader_feed(struct ch_reader *reader, const char *bytes, size_t n,
    struct ch_err *err)
{
	reader->ended = n == 0;
	forget(reader);
	if (ch_buf_add(&reader->buf, bytes, n) < 0)
		return ch_err_memory(err);
	return CH_OK;
}

static int
refuse(struct ch_reader *reader, struct ch_place place, const char *what,
    struct ch_err *err)
{
	reader->start = reader->at;
	reader->state = SKIPPING;
	return ch_err_set(err, CH_REFUSED, "%s:%ju:%ju: %s", reader->source,
	    (uintmax_t)place.line, (uintmax_t)place.column, what);
}

static int
refuse_at(struct ch_reader *reader, size_t at, const char *what,
    struct ch_err *err)
{
	count_to(reader, at);
	return refuse(reader, reader->here, what, err);
}

static int
refuse_large(struct ch_reader *reader, struct ch_err *err)
{
	char what[64];

	snprintf(what, sizeof(what), "message is larger than %zu bytes",
	    reader->max);
	return refuse(reader, reader->first, what, err);
}

/* The message ended too early: say where it last made sense. */
static int
refuse_open(struct ch_reader *reader, const char *what, struct ch_err *err)
{
	if (reader->json.end == reader->cut_at)
		return refuse(reader, reader->cut, what, err);
	return refuse_at(reader, reader->start + reader->json.end, what, err);
}

static void
squeeze(struct ch_reader *reader)
{
	struct ch_json *json = &reader->json;
	char *text = reader->buf.data + reader->start;
	size_t before = json->at, end;

	if (json->end != reader->cut_at) {
		count_to(reader, reader->start + json->end);
		reader->cut = reader->here;
	}
	count_to(reader, reader->at);
	ch_json_squeeze(json, text);
	json->lines = 1;
	reader->cut_at = json->end;
	/* close the gap */
	end = reader->buf.len - reader->at;
	memmove(text + json->at, text + before, end + 1);
	reader->buf.len -= before - json->at;
	reader->at = reader->counted = reader->start + json->at;
}

/* --- the states: each returns 1 to go on, or a status ------------------- */

static int
beginning(struct ch_reader *reader)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t n = reader->buf.len < 3 ? reader->buf.len : 3;

	if (n == 0)
		return CH_NONE;
	if (memcmp(reader->buf.data, mark, n) == 0) {
		if (n < 3 && !reader->ended)
			return CH_NONE;
		if (n == 3)
			reader->start = reader->at = reader->counted = 3;
	}
	reader->state = BETWEEN;
	return 1;
}

static int
is_white(char c)
{
	return c == '\n' || c == ' ' || c == '\t' || c == '\r';
}

/* Go on behind the white space at `at`; 0 when there is nothing else yet. */
static int
skip_white(struct ch_reader *reader)
{
	const char *p = reader->buf.data + reader->at;
	const char *end = reader->buf.data + reader->buf.len;

	while (p < end && is_white(*p))
		p++;
	reader->at = (size_t)(p - reader->buf.data);
	return p < end;
}

static int
between(struct ch_reader *reader, struct ch_err *err)
{
	int more = skip_white(reader);

	reader->start = reader->at;
	if (!more)
		return CH_NONE;
	if (!reader->separator && !reader->buf.data[reader->at]) {
		reader->start = ++reader->at;
		return 1;
	}
	count_to(reader, reader->at);
	reader->first = reader->here;
	if (reader->buf.data[reader->at] != '{')
		return refuse(reader, reader->first, "not an object", err);
	reader->state = INSIDE;
	reader->cut_at = 0;
	ch_json_init(&reader->json, reader->separator == '\n');
	return 1;
}

/* Pass the message on. */
static int
pass(struct ch_reader *reader, struct ch_message *message,
    struct ch_err *err)
{
	char *text = reader->buf.data + reader->start;

	if (reader->json.lines || reader->json.end > reader->max) {
		count_to(reader, reader->at);
		ch_json_squeeze(&reader->json, text);
	}
	if (reader->json.end > reader->max)
		return refuse_large(reader, err);
	memset(message, 0, sizeof(*message));
	message->text = text;
	message->len = reader->json.end;
	reader->state = BETWEEN;
	reader->start = reader->at;
	return CH_OK;
}

static int
grown(struct ch_reader *reader, struct ch_err *err)
{
	if (reader->ended)
		return refuse_open(reader, "the stream ends inside a message",
		    err);
	if (reader->json.at / 2 > reader->max) {
		squeeze(reader);
		if (reader->json.end <= reader->max)
			return CH_NONE;
		/* a line feed just read may be what the next line begins at */
		reader->at -= reader->buf.data[reader->at - 1] == '\n';
		return refuse_large(reader, err);
	}
	return CH_NONE;
}

static int
inside(struct ch_reader *reader, struct ch_message *message,
    struct ch_err *err)
{
	struct ch_json *json = &reader->json;
	enum ch_json_answer answer;
	int rc;

	answer = ch_json_scan(json, reader->buf.data + reader->start,
	    reader->buf.len - reader->start);
	reader->at = reader->start + json->at;
	switch (answer) {
	case CH_JSON_MORE:
		return grown(reader, err);
	case CH_JSON_DONE:
		if (reader->separator)
			return pass(reader, message, err);
		reader->state = BEHIND;
		return 1;
	case CH_JSON_CUT:
		rc = refuse_open(reader, "the line ends inside a message",
		    err);
		reader->state = BETWEEN;
		return rc;
	default:
		if (!reader->separator && !reader->buf.data[reader->at])
			return refuse_at(reader, reader->at,
			    "the NUL stands inside a message", err);
		return refuse_at(reader, reader->at, json->what, err);
	}
}

static int
behind(struct ch_reader *reader, struct ch_message *message,
    struct ch_err *err)
{
	int more = skip_white(reader);

	if (!more && !reader->ended)
		return CH_NONE;
	if (more && reader->buf.data[reader->at])
		return refuse_at(reader, reader->at,
		    "expected a NUL behind the message", err);
	return pass(reader, message, err);
}

/* Where reading goes on after an error; NULL: not before more was fed. */
static const char *
resumption(const struct ch_reader *reader, const char **p, const char *end)
{
	for (;;) {
		*p = memchr(*p, reader->separator, (size_t)(end - *p));
		if (!*p) {
			*p = end;
			return NULL;
		}
		if (!reader->separator)
			return *p + 1;
		if (*p + 1 == end)
			return NULL;
		if (*++*p == '{')
			return *p;
	}
}

static int
skipping(struct ch_reader *reader)
{
	const char *data = reader->buf.data, *p = data + reader->at, *next;

	next = resumption(reader, &p, data + reader->buf.len);
	if (next)
		p = next;
	reader->start = reader->at = (size_t)(p - data);
	if (!next)
		return CH_NONE;
	reader->state = BETWEEN;
	return 1;
}

int
ch_reader_next(struct ch_reader *reader, struct ch_message *message,
    struct ch_err *err)
{
	int rc;

	do {
		if (reader->state == BEGINNING)
			rc = beginning(reader);
		else if (reader->state == BETWEEN)
			rc = between(reader, err);
		else if (reader->state == INSIDE)
			rc = inside(reader, message, err);
		else if (reader->state == BEHIND)
			rc = behind(reader, message, err);
		else
			rc = skipping(reader);
	} while (rc > 0);
	return rc;
}
