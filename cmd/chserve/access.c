/* The access log: what its lines say. */
#include "chserve/access.h"

#include "chserve/logfile.h"

#include "base/clock.h"
#include "common/json.h"
#include "common/put.h"
#include "common/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Longest word where the line has to be short: seven make less than 4 KiB. */
#define SHORT_WORD 512
#define LONGEST_ESCAPE 6

static enum access_format style;
static int opened;
static struct ch_buf scratch = CH_BUF_INIT;

/* --- combined ------------------------------------------------------------- */

/* A word, nothing in it that could end it. `also` is to be escaped, too. */
static void
put_word(struct ch_buf *line, const char *text, size_t limit, char also)
{
	size_t end = line->len + limit;

	if (!text || !*text) {
		put_char(line, '-');
		return;
	}
	for (; *text && line->len + LONGEST_ESCAPE <= end; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c > '~' || c == '"' || c == '\\' ||
		    *text == also)
			put_format(line, "\\x%02X", c);
		else
			put_char(line, *text);
	}
}

/* "24/Nov/2026:18:30:00 +0000"; most lines have the second of the last one. */
static void
put_time(struct ch_buf *line, int64_t ms)
{
	static char text[64];
	static int64_t of = -1;

	if (ms / 1000 != of) {
		of = ms / 1000;
		when_local(ms, "%d/%b/%Y:%H:%M:%S %z", text, sizeof(text));
	}
	put_string(line, text);
}

static void
put_request(
    struct ch_buf *line, const struct access_entry *entry, size_t limit)
{
	if (entry->event) {
		put_format(line, "%s ", entry->event);
		put_word(line, entry->target, limit, ' ');
	} else if (!entry->method) {
		put_char(line, '-');
	} else {
		put_word(line, entry->method, limit, ' ');
		put_char(line, ' ');
		put_word(line, entry->target, limit, ' ');
		put_char(line, ' ');
		put_word(line, entry->version, limit, ' ');
	}
}

static void
put_combined(struct ch_buf *line, const struct access_entry *entry,
    int64_t time, size_t limit)
{
	put_word(line, entry->client, limit, ' ');
	put_string(line, " - ");
	put_word(line, entry->user, limit, ' ');
	put_string(line, " [");
	put_time(line, time);
	put_string(line, "] \"");
	put_request(line, entry, limit);
	put_format(line, "\" %d ", entry->status);
	if (entry->bytes)
		put_format(line, "%" PRIu64, entry->bytes);
	else
		put_char(line, '-');
	put_string(line, " \"");
	put_word(line, entry->referer, limit, 0);
	put_string(line, "\" \"");
	put_word(line, entry->agent, limit, 0);
	put_string(line, "\"\n");
}

/* --- JSON ----------------------------------------------------------------- */

/* A member, if there is something to say; bytes that are no UTF-8 as \xHH. */
static void
put_member(
    struct ch_buf *line, const char *key, const char *text, size_t limit)
{
	size_t len = text ? strlen(text) : 0, end, valid, i;

	if (!len)
		return;
	put_format(line, ",\"%s\":\"", key);
	end = line->len + limit;
	valid = json_utf8(text, len);
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((i == valid || (c & 0xc0) != 0x80) &&
		    line->len + LONGEST_ESCAPE > end)
			break; /* not within a character */
		if (i == valid) {
			put_format(line, "\\\\x%02X", c);
			valid += 1 + json_utf8(text + i + 1, len - i - 1);
		} else if (c < ' ' || c == 0x7f || c == '"' || c == '\\') {
			put_format(line, "\\u%04x", c);
		} else {
			put_char(line, text[i]);
		}
	}
	put_char(line, '"');
}

static void
put_object(struct ch_buf *line, const struct access_entry *entry,
    int64_t time, size_t limit)
{
	char text[WHEN_SIZE];

	when_rfc3339(time, text);
	put_format(line, "{\"time\":\"%s\",\"event\":\"%s\"", text,
	    entry->event ? entry->event : "HTTP");
	put_member(line, "client", entry->client, limit);
	put_member(line, "user", entry->user, limit);
	put_member(line, "method", entry->method, limit);
	put_member(line, "target", entry->target, limit);
	put_member(line, "version", entry->version, limit);
	put_format(line, ",\"status\":%d,\"bytes\":%" PRIu64, entry->status,
	    entry->bytes);
	if (entry->ms >= 0)
		put_format(line, ",\"ms\":%" PRId64, entry->ms);
	put_member(line, "host", entry->host, limit);
	put_member(line, "referer", entry->referer, limit);
	put_member(line, "agent", entry->agent, limit);
	put_string(line, "}\n");
}

void
access_line(struct ch_buf *line, const struct access_entry *entry,
    enum access_format format, size_t limit)
{
	int64_t time = entry->time ? entry->time : ch_clock_real();

	if (format == ACCESS_JSON)
		put_object(line, entry, time, limit);
	else
		put_combined(line, entry, time, limit);
}

/* --- the log -------------------------------------------------------------- */

int
access_open(const char *file, enum access_format format, struct ch_err *err)
{
	int rc = logfile_open(file, err);

	style = format;
	opened = rc == CH_OK;
	return rc;
}

int
access_is_open(void)
{
	return opened;
}

void
access_log(const struct access_entry *entry)
{
	if (!opened)
		return;
	ch_buf_clear(&scratch);
	access_line(&scratch, entry, style, SIZE_MAX / 2);
	if (scratch.len > logfile_line_max()) {
		ch_buf_clear(&scratch);
		access_line(&scratch, entry, style, SHORT_WORD);
	}
	logfile_add(scratch.data, scratch.len);
}

int
access_reopen(struct ch_err *err)
{
	return opened ? logfile_reopen(err) : CH_OK;
}

void
access_close(void)
{
	if (opened)
		logfile_close();
	opened = 0;
	ch_buf_release(&scratch);
}
