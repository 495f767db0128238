/* What RFC 6455 asks of frames, where libwebsockets does not look. */
#undef _FORTIFY_SOURCE /* whose headers define recv(2) themselves */

#include "chserve/strict.h"

#include "chserve/client.h"
#include "common/json.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FIN          0x80
#define RSV1         0x40 /* deflated */
#define RSV_OTHERS   0x30
#define OPCODE       0x0f
#define CONTINUES    0
#define BINARY       2 /* the last of those that begin a message */
#define CLOSE        8 /* the first of the control frames */
#define PING         9
#define PONG         10 /* the last one */
#define MASKED       0x80
#define LENGTH       0x7f
#define LENGTH_2     126 /* the length is in the next 2 bytes */
#define LENGTH_8     127 /* the next 8 bytes */
#define MASK         4
#define CODE         2

static struct strict **watched; /* by descriptor */
static size_t n_watched;

/* --- heads ---------------------------------------------------------------- */

static unsigned
opcode_of(const struct strict *strict)
{
	return strict->head[0] & OPCODE;
}

static int
is_control(const struct strict *strict)
{
	return opcode_of(strict) >= CLOSE;
}

/* Taken out, and not passed on. */
static int
is_ours(const struct strict *strict)
{
	return opcode_of(strict) > CLOSE;
}

static unsigned
length_width(const unsigned char *head)
{
	unsigned n = head[1] & LENGTH;

	return n == LENGTH_2 ? 2 : n == LENGTH_8 ? 8 : 0;
}

/* Wrong by its first byte. */
static int
starts_wrong(const struct strict *strict)
{
	unsigned first = strict->head[0], opcode = first & OPCODE;

	if (first & RSV_OTHERS || opcode > PONG ||
	    (opcode > BINARY && opcode < CLOSE))
		return 1;
	if (opcode >= CLOSE)
		return !(first & FIN) || first & RSV1;
	if (first & RSV1 && (!strict->deflates || opcode == CONTINUES))
		return 1;
	return (opcode == CONTINUES) != strict->fragments;
}

/* Wrong by its second one. */
static int
goes_on_wrong(const struct strict *strict)
{
	unsigned n = strict->head[1] & LENGTH;

	return !(strict->head[1] & MASKED) ||
	       (is_control(strict) && n > STRICT_CONTROL);
}

static uint64_t
payload_length(const unsigned char *head)
{
	unsigned width = length_width(head), i;
	uint64_t n = 0;

	if (!width)
		return head[1] & LENGTH;
	for (i = 0; i < width; i++)
		n = n << 8 | head[2 + i];
	return n;
}

/* --- payloads ------------------------------------------------------------- */

static const unsigned char *
mask_of(const struct strict *strict)
{
	return strict->head + 2 + length_width(strict->head);
}

static void
keep_control(struct strict *strict, const char *bytes, size_t n)
{
	const unsigned char *mask = mask_of(strict);

	for (; n; n--, bytes++) {
		strict->control[strict->n] =
		    (char)(*bytes ^ mask[strict->n % MASK]);
		strict->n++;
	}
}

/* A close frame is whole. */
static unsigned
take_close(struct strict *strict)
{
	const char *payload = strict->control;
	size_t reason = strict->n - CODE;

	if (!strict->n) {
		strict->closed = CODE_NO_STATUS;
		return 0;
	}
	if (strict->n < CODE)
		return CODE_PROTOCOL;
	strict->closed =
	    (unsigned)(unsigned char)payload[0] << 8 |
	    (unsigned char)payload[1];
	if (!event_may_be_sent(strict->closed))
		return CODE_PROTOCOL;
	return json_utf8(payload + CODE, reason) == reason ? 0 : CODE_BAD_TEXT;
}

static unsigned
end_frame(struct strict *strict)
{
	strict->have = 0;
	switch (opcode_of(strict)) {
	case CLOSE:
		return take_close(strict);
	case PING:
		strict->calls->ping(strict->arg, strict->control, strict->n);
		return 0;
	case PONG:
		strict->calls->pong(strict->arg);
		return 0;
	default:
		strict->fragments = !(strict->head[0] & FIN);
		return 0;
	}
}

/* --- following ------------------------------------------------------------ */

/* One more byte of a head. 0, or the code to close with. */
static unsigned
take_head(struct strict *strict, char byte)
{
	strict->head[strict->have++] = (unsigned char)byte;
	if (strict->have == 1)
		return starts_wrong(strict) ? CODE_PROTOCOL : 0;
	if (strict->have == 2)
		return goes_on_wrong(strict) ? CODE_PROTOCOL : 0;
	if (strict->have < 2 + length_width(strict->head) + MASK)
		return 0;
	strict->at = 0;
	strict->n = 0;
	strict->length = payload_length(strict->head);
	if (strict->length > INT64_MAX)
		return CODE_PROTOCOL;
	return strict->length ? 0 : end_frame(strict);
}

/* Some of a payload, n bytes at most; how many it were. */
static size_t
take_payload(struct strict *strict, const char *bytes, size_t n)
{
	uint64_t left = strict->length - strict->at;

	n = left < n ? (size_t)left : n;
	if (is_control(strict))
		keep_control(strict, bytes, n);
	strict->at += n;
	return n;
}

static int
in_payload(const struct strict *strict)
{
	return strict->have > 2 &&
	    strict->have == 2 + length_width(strict->head) + MASK;
}

size_t
strict_follow(struct strict *strict, char *bytes, size_t size)
{
	char *at = bytes, *to = bytes, *end = bytes + size, *frame = bytes;
	unsigned code = 0;
	size_t n;

	while (at < end && !strict->closed && !code) {
		n = 1;
		if (in_payload(strict)) {
			n = take_payload(strict, at, (size_t)(end - at));
			if (strict->at == strict->length)
				code = end_frame(strict);
		} else {
			if (!strict->have)
				frame = to;
			code = take_head(strict, *at);
		}
		if (!is_ours(strict)) {
			memmove(to, at, n);
			to += n;
		}
		at += n;
	}
	if (!code) /* nothing counts behind a close frame */
		return (size_t)(to - bytes);
	strict->wrong = code;
	strict->calls->wrong(strict->arg, code);
	return (size_t)(frame - bytes);
}

/* --- sockets -------------------------------------------------------------- */

void
strict_begin(struct strict *strict, int fd, const struct strict_calls *calls,
    void *arg)
{
	size_t n = n_watched ? n_watched : 64;

	memset(strict, 0, sizeof(*strict));
	strict->fd = fd;
	strict->calls = calls;
	strict->arg = arg;
	while (n <= (size_t)fd)
		n *= 2;
	if (n > n_watched) {
		watched = realloc(watched, n * sizeof(*watched));
		if (!watched)
			say_memory();
		memset(
		    watched + n_watched, 0, (n - n_watched) * sizeof(*watched));
		n_watched = n;
	}
	watched[fd] = strict;
}

void
strict_end(struct strict *strict)
{
	if (strict->calls)
		watched[strict->fd] = NULL;
}

/* In the place of the C library's, for libwebsockets and for us. */
__attribute__((visibility("default"))) ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
	ssize_t n = recvfrom(fd, bytes, size, flags, NULL, NULL);
	struct strict *strict =
	    fd >= 0 && (size_t)fd < n_watched ? watched[fd] : NULL;
	size_t kept;

	if (n <= 0 || !strict || flags & MSG_PEEK)
		return n;
	kept = strict->wrong || strict->deaf
	    ? 0 : strict_follow(strict, bytes, (size_t)n);
	if (kept)
		return (ssize_t)kept;
	errno = EAGAIN;
	return -1;
}
