/* Bodies of multipart/form-data, piece by piece. */
#include "chserve/multipart.h"

#include "common/put.h"

#include <string.h>

/* What a line is that begins with CR LF, as far as it is there. */
enum line {
	LINE_MAYBE, /* a delimiter, perhaps */
	LINE_DATA,
	LINE_NEXT, /* the delimiter before a part */
	LINE_LAST  /* the one behind the last part */
};

static int
is_boundary(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && n <= MULTIPART_BOUNDARY && text[n - 1] != ' ' &&
	    strspn(text, "0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ") == n;
}

/* What has the CR LF of a delimiter already. */
static void
give_line_end(struct multipart *multipart)
{
	memcpy(multipart->held, "\r\n", 2);
	multipart->n_held = 2;
	multipart->n_given = 2;
}

int
multipart_init(struct multipart *multipart, const char *boundary,
    struct fields *fields)
{
	if (!is_boundary(boundary))
		return 400;
	multipart->fields = fields;
	multipart->state = MULTIPART_PREAMBLE;
	multipart->head = (struct ch_buf)CH_BUF_INIT;
	memcpy(multipart->delimiter, "\r\n--", 4);
	memcpy(multipart->delimiter + 4, boundary, strlen(boundary) + 1);
	multipart->n_delimiter = 4 + strlen(boundary);
	give_line_end(multipart);
	return 0;
}

void
multipart_release(struct multipart *multipart)
{
	ch_buf_release(&multipart->head);
}

/* --- delimiters ---------------------------------------------------------- */

/* What the held line has become with its last character. */
static enum line
judge(const struct multipart *multipart)
{
	const char *p = multipart->held + multipart->n_delimiter;
	const char *end = multipart->held + multipart->n_held;
	enum line line = LINE_NEXT;

	if (multipart->n_held <= multipart->n_delimiter)
		return end[-1] == multipart->delimiter[multipart->n_held - 1] ?
		    LINE_MAYBE : LINE_DATA;
	if (*p == '-') {
		if (++p == end)
			return LINE_MAYBE;
		if (*p++ != '-')
			return LINE_DATA;
		line = LINE_LAST;
	}
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end)
		return multipart->n_held > sizeof(multipart->held) - 2 ?
		    LINE_DATA : LINE_MAYBE;
	if (*p++ != '\r')
		return LINE_DATA;
	if (p == end)
		return LINE_MAYBE;
	return *p == '\n' ? line : LINE_DATA;
}

/* Whether what is held is the last delimiter but for the end of its line. */
static int
is_last(const struct multipart *multipart)
{
	return multipart->n_held >= multipart->n_delimiter + 2 &&
	    multipart->held[multipart->n_delimiter] == '-';
}

static int
pass(struct multipart *multipart, const char *bytes, size_t n)
{
	if (multipart->state == MULTIPART_PREAMBLE)
		return 0;
	return fields_add(multipart->fields, bytes, n);
}

/* A part has ended; what is next? */
static int
turn(struct multipart *multipart, enum line line)
{
	int status = 0;

	if (multipart->state == MULTIPART_DATA)
		status = fields_end(multipart->fields);
	multipart->n_held = multipart->n_given = 0;
	multipart->state = line == LINE_LAST ? MULTIPART_EPILOGUE :
	    MULTIPART_HEAD;
	return status;
}

/* The held line is data: pass on what is not in this piece. */
static int
let_go(struct multipart *multipart, size_t earlier)
{
	size_t given = multipart->n_given;

	multipart->n_held = multipart->n_given = 0;
	return pass(multipart, multipart->held + given, earlier - given);
}

/*
 * Data up to the next delimiter or the end of the piece. It is passed on in
 * runs as long as can be: a file of line ends shall not cost a write each.
 */
static int
feed_data(struct multipart *multipart, const char **at, const char *end)
{
	const char *start = *at, *p = start;
	size_t earlier = multipart->n_held; /* of what is held */
	enum line line = LINE_MAYBE;
	int status = 0;

	while (!status && p < end && line < LINE_NEXT) {
		if (!multipart->n_held)
			p = memchr(p, '\r', (size_t)(end - p));
		if (!p) {
			p = end;
			break;
		}
		multipart->held[multipart->n_held++] = *p++;
		line = judge(multipart);
		if (line != LINE_DATA)
			continue;
		status = let_go(multipart, earlier);
		earlier = 0;
		if (p[-1] == '\r')
			p--; /* another may begin there */
	}
	*at = p;
	if (!status)
		status = pass(multipart, start, (size_t)(p - start) -
		    (multipart->n_held - earlier));
	if (!status && line >= LINE_NEXT)
		status = turn(multipart, line);
	return status;
}

/* --- heads --------------------------------------------------------------- */

static int
is_whole(const struct ch_buf *head)
{
	const char *end = head->data + head->len;

	return (head->len >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0) ||
	    (head->len == 2 && memcmp(end - 2, "\r\n", 2) == 0);
}

static int
feed_head(struct multipart *multipart, const char **at, const char *end)
{
	struct ch_buf *head = &multipart->head;
	const char *feed = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = (size_t)((feed ? feed + 1 : end) - *at);
	struct part part;
	int status;

	if (n > PART_HEAD_MAX - head->len)
		return 413;
	put_bytes(head, *at, n);
	*at += n;
	if (!is_whole(head))
		return 0;
	status = part_parse(&part, head->data, head->len);
	if (!status)
		status = fields_begin(multipart->fields, &part);
	ch_buf_clear(head);
	multipart->state = MULTIPART_DATA;
	/* a part without a body may end with its head's blank line */
	give_line_end(multipart);
	return status;
}

int
multipart_feed(struct multipart *multipart, const char *bytes, size_t n)
{
	const char *end = bytes + n;
	int status = 0;

	while (!status && bytes < end) {
		if (multipart->state == MULTIPART_EPILOGUE)
			break;
		if (multipart->state == MULTIPART_HEAD)
			status = feed_head(multipart, &bytes, end);
		else
			status = feed_data(multipart, &bytes, end);
	}
	return status;
}

int
multipart_end(struct multipart *multipart)
{
	if (multipart->state == MULTIPART_EPILOGUE)
		return 0;
	if (multipart->state == MULTIPART_HEAD || !is_last(multipart))
		return 400;
	return turn(multipart, LINE_LAST);
}
