/* backlog.c - the lines that a copy of a stream may not have read yet. */
#include "chwork/backlog.h"

#include "common/put.h"

#include <string.h>

void
backlog_release(struct backlog *backlog)
{
	ch_buf_release(&backlog->pending);
	ch_buf_release(&backlog->sent);
	ch_buf_release(&backlog->last);
}

/* Where the first line at or behind `from` ends, with its end. */
static size_t
line_end(const struct backlog *backlog, const struct ch_buf *buf, size_t from)
{
	const char *end = NULL;

	if (from < buf->len)
		end = memchr(buf->data + from, backlog->end, buf->len - from);
	return end ? (size_t)(end - buf->data) + 1 : buf->len;
}

/* Where the line begins that holds the byte before `to`. */
static size_t
line_start(const struct backlog *backlog, const struct ch_buf *buf, size_t to)
{
	const char *end = NULL;

	if (to > 1)
		end = memrchr(buf->data, backlog->end, to - 1);
	return end ? (size_t)(end - buf->data) + 1 : 0;
}

size_t
backlog_line(const struct backlog *backlog)
{
	return line_end(backlog, &backlog->pending, 0);
}

void
backlog_wrote(struct backlog *backlog, size_t n)
{
	put_bytes(&backlog->sent, backlog->pending.data, n);
	ch_buf_consume(&backlog->pending, n);
}

static size_t
bytes_read(const struct backlog *backlog, size_t unread)
{
	return unread < backlog->sent.len ? backlog->sent.len - unread : 0;
}

void
backlog_trim(struct backlog *backlog, size_t unread)
{
	ch_buf_consume(&backlog->sent,
	    line_start(backlog, &backlog->sent, bytes_read(backlog, unread)));
}

void
backlog_died(struct backlog *backlog, size_t unread)
{
	struct ch_buf *all = &backlog->sent;
	size_t read = bytes_read(backlog, unread);
	size_t start = line_start(backlog, all, read), end;

	if (backlog->pending.len)
		put_bytes(all, backlog->pending.data, backlog->pending.len);
	end = read ? line_end(backlog, all, read - 1) : 0;
	ch_buf_clear(&backlog->last);
	ch_buf_clear(&backlog->pending);
	if (end > start)
		put_bytes(&backlog->last, all->data + start, end - start - 1);
	if (all->len > end)
		put_bytes(&backlog->pending, all->data + end, all->len - end);
	ch_buf_clear(all);
}

void
backlog_again(struct backlog *backlog)
{
	struct ch_buf all = backlog->last;

	put_char(&all, backlog->end);
	if (backlog->pending.len)
		put_bytes(&all, backlog->pending.data, backlog->pending.len);
	ch_buf_release(&backlog->pending);
	backlog->pending = all;
	backlog->last = (struct ch_buf)CH_BUF_INIT;
}
