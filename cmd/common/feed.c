/* feed.c - what is to be sent: out of the operands, or standard input. */
#include "common/send.h"

#include "base/err.h"
#include "base/io.h"
#include "common/compose.h"
#include "common/json.h"
#include "common/put.h"
#include "common/say.h"
#include "common/term.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How much is read at once. */
#define CHUNK 262144

/* An envelope may be so much larger than the message in it. */
#define ENVELOPE_ROOM 1024

/* --- operands ----------------------------------------------------------- */

static void
feed_pairs(struct send *send)
{
	struct ch_buf text = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	rc = compose(&text, send->messages, &err);
	if (rc == CH_OK)
		send_message(send, text.data, text.len);
	else
		send_failed(send, rc, &err);
	send_flush(send);
	ch_buf_release(&text);
}

/* Send the messages that are whole in what the reader was fed. */
static void
feed_reader(struct send *send, struct ch_reader *reader, int lines)
{
	struct ch_err err = CH_ERR_INIT;
	struct ch_message message;
	int rc;

	while (!send->stopped) {
		rc = ch_reader_next(reader, &message, &err);
		if (rc == CH_NONE)
			break;
		if (lines)
			send->place = ch_reader_line(reader);
		if (rc == CH_OK) {
			send_message(send, message.text, message.len);
			continue;
		}
		/* errors come in the order of their places */
		send_flush(send);
		if (rc != CH_REFUSED)
			send_failed(send, rc, &err);
		else if (!send->stopped)
			send_refused(send, 0, &err);
	}
	send_flush(send);
}

static void
feed_json(struct send *send, const char *operand)
{
	struct ch_reader *reader = NULL;
	struct ch_err err = CH_ERR_INIT;
	char source[32] = "message";
	int rc;

	if (send->source)
		snprintf(source, sizeof(source), "message %ju",
		    (uintmax_t)send->place);
	rc = ch_reader_new(&reader, source, ch_max_size(send->layer), '\n',
	    &err);
	if (rc == CH_OK)
		rc = ch_reader_feed(reader, operand, strlen(operand), &err);
	if (rc == CH_OK)
		rc = ch_reader_feed(reader, "", 0, &err);
	if (rc == CH_OK)
		feed_reader(send, reader, 0);
	else
		send_failed(send, rc, &err);
	ch_reader_free(reader);
}

void
feed_operands(struct send *send)
{
	if (send->messages[0][0] != '{' && send->messages[0][0] != '[') {
		feed_pairs(send);
		return;
	}
	if (send->messages[1])
		send->source = "message ";
	for (size_t i = 0; send->messages[i] && !send->stopped; i++) {
		send->place = i + 1;
		feed_json(send, send->messages[i]);
	}
}

/* --- standard input ----------------------------------------------------- */

/* CH_OK when there is something to read, or the end. */
static int
wait_for_input(int64_t deadline, struct ch_err *err)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left = -1;
	int n;

	do {
		if (deadline != CH_NEVER)
			left = deadline - ch_clock();
		if (deadline != CH_NEVER && left < 0)
			left = 0;
		n = poll(&input, 1, left < INT_MAX ? (int)left : INT_MAX);
	} while ((n < 0 && errno == EINTR) || (!n && left));
	if (n > 0)
		return CH_OK;
	return ch_err_set(err, CH_TIMEOUT,
	    "standard input does not end: timed out");
}

/* The next bytes there are; *n is 0 at the end. */
static int
read_input(struct send *send, const char **bytes, size_t *n,
    struct ch_err *err)
{
	static char chunk[CHUNK];
	ssize_t got;
	int rc;

	for (;;) {
		if (send->wait || send->deadline != CH_NEVER) {
			rc = send->wait ? send->wait(send, err)
			    : wait_for_input(send->deadline, err);
			if (rc != CH_OK)
				return rc;
		}
		got = ch_io_read(STDIN_FILENO, chunk, sizeof(chunk));
		if (got >= 0)
			break;
		if (errno != EAGAIN)
			return ch_err_os(err, errno, "read standard input");
		rc = wait_for_input(send->deadline, err);
		if (rc != CH_OK)
			return rc;
	}
	*bytes = chunk;
	*n = (size_t)got;
	return CH_OK;
}

/* What went wrong is not a message's fault: no place. */
static void
input_failed(struct send *send, int rc, const struct ch_err *err)
{
	send->place = 0;
	send_failed(send, rc, err);
}

static void
advise(const struct send *send)
{
	if (say_quiet || !term_is(STDIN_FILENO))
		return;
	if (send->bytes)
		say_note("type what to send; Ctrl-D ends it");
	else if (send->raw)
		say_note("type lines of text; Ctrl-D ends them");
	else if (send->envelopes)
		say_note("type {\"channel\": NAME, \"message\": {...}}, one a "
			 "line; Ctrl-D ends them");
	else
		say_note("type JSON objects; Ctrl-D ends them");
}

static void
input_json(struct send *send)
{
	size_t n = 1, max = ch_max_size(send->layer);
	struct ch_reader *reader = NULL;
	struct ch_err err = CH_ERR_INIT;
	const char *bytes;
	int rc;

	if (send->envelopes)
		max += ENVELOPE_ROOM;
	rc = ch_reader_new(&reader, "stdin", max, send->null ? '\0' : '\n',
	    &err);
	while (rc == CH_OK && n && !send->stopped) {
		rc = read_input(send, &bytes, &n, &err);
		if (rc == CH_OK)
			rc = ch_reader_feed(reader, bytes, n, &err);
		if (rc == CH_OK)
			feed_reader(send, reader, 1);
	}
	if (rc != CH_OK)
		input_failed(send, rc, &err);
	ch_reader_free(reader);
}

/* --- lines -------------------------------------------------------------- */

struct lines {
	struct ch_buf rest;  /* what was read and is no whole line yet */
	struct ch_buf texts; /* of messages that are gathered; never moves */
	int too_long;        /* the line that goes on was refused already */
};

/* Column 0: the whole line. */
static void
refuse_line(struct send *send, size_t column, const char *what)
{
	struct ch_err err = CH_ERR_INIT;

	send_flush(send);
	if (send->stopped)
		return;
	ch_err_set(&err, CH_REFUSED, "%s", what);
	if (column)
		send_refused(send, column, &err);
	else
		send_failed(send, CH_REFUSED, &err);
}

/* Which character, from 1, the byte at `at` is in. */
static size_t
column_of(const char *line, size_t at)
{
	size_t column = 1;

	for (size_t i = 0; i < at; i++)
		column += (line[i] & 0xc0) != 0x80;
	return column;
}

static void
send_line(struct send *send, struct lines *lines, const char *line, size_t len)
{
	/* every character may become \u0000 */
	size_t need = len * 6 + sizeof("{\"text\":\"\"}"), start, bad;

	send->place++;
	bad = json_utf8(line, len);
	if (bad < len) {
		refuse_line(send, column_of(line, bad), "not UTF-8");
		return;
	}
	if (lines->texts.len + need >= lines->texts.size) {
		send_flush(send);
		ch_buf_clear(&lines->texts);
		if (ch_buf_reserve(&lines->texts, need + CHUNK) < 0)
			say_memory();
	}
	start = lines->texts.len;
	put_string(&lines->texts, "{\"text\":");
	json_quote(&lines->texts, line, len);
	put_char(&lines->texts, '}');
	send_message(send, lines->texts.data + start, lines->texts.len - start);
}

/* Send the whole lines; keep the rest, if it may still become one. */
static void
cut_lines(struct send *send, struct lines *lines, size_t scanned)
{
	const char *line = lines->rest.data, *p = line + scanned, *end;

	end = line + lines->rest.len;
	while (!send->stopped &&
	    (p = memchr(p, send->null ? '\0' : '\n', (size_t)(end - p)))) {
		if (!lines->too_long)
			send_line(send, lines, line, (size_t)(p - line));
		lines->too_long = 0;
		line = ++p;
	}
	ch_buf_consume(&lines->rest, (size_t)(line - lines->rest.data));
	if (lines->rest.len <= ch_max_size(send->layer))
		return;
	if (!lines->too_long) {
		send->place++;
		refuse_line(send, 0,
		    "the line is longer than a message may be");
	}
	lines->too_long = 1;
	ch_buf_clear(&lines->rest);
}

static void
input_lines(struct send *send)
{
	struct lines lines = { CH_BUF_INIT, CH_BUF_INIT, 0 };
	struct ch_err err = CH_ERR_INIT;
	const char *bytes;
	size_t n, scanned;
	int rc;

	do {
		rc = read_input(send, &bytes, &n, &err);
		if (rc != CH_OK) {
			input_failed(send, rc, &err);
			break;
		}
		scanned = lines.rest.len;
		put_bytes(&lines.rest, bytes, n);
		cut_lines(send, &lines, scanned);
		/* the last line may lack its newline */
		if (!n && lines.rest.len && !lines.too_long && !send->stopped)
			send_line(send, &lines, lines.rest.data,
			    lines.rest.len);
		send_flush(send);
	} while (n && !send->stopped);
	ch_buf_release(&lines.rest);
	ch_buf_release(&lines.texts);
}

/* --- bytes -------------------------------------------------------------- */

static int
read_all(struct send *send, struct ch_buf *all, struct ch_err *err)
{
	size_t n, max = ch_max_size(send->layer);
	const char *bytes;
	int rc;

	do {
		rc = read_input(send, &bytes, &n, err);
		if (rc != CH_OK)
			return rc;
		put_bytes(all, bytes, n);
		if (all->len > max)
			return ch_err_set(err, CH_REFUSED,
			    "stdin: larger than a message may be (%zu bytes)",
			    max);
	} while (n);
	return CH_OK;
}

static void
input_bytes(struct send *send)
{
	struct ch_buf all = CH_BUF_INIT, text = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int rc;

	send->source = NULL;
	rc = read_all(send, &all, &err);
	if (rc == CH_OK) {
		put_string(&text, "{\"bytes\":");
		json_box(&text, all.data, all.len);
		put_char(&text, '}');
		send_message(send, text.data, text.len);
	} else {
		send_failed(send, rc, &err);
	}
	send_flush(send);
	ch_buf_release(&all);
	ch_buf_release(&text);
}

void
feed_input(struct send *send)
{
	advise(send);
	send->source = "stdin:";
	send->place = 0;
	if (send->bytes)
		input_bytes(send);
	else if (send->raw)
		input_lines(send);
	else
		input_json(send);
}
