/* What RFC 6455 asks of frames, where libwebsockets does not look. */
#undef _FORTIFY_SOURCE /* whose headers define recv(2) themselves */

#include "chserve/strict.h"

#include "chserve/event.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define OPCODE       0x0f
#define OPCODE_CLOSE 8 /* the first of the control frames */
#define MASKED       0x80
#define LENGTH       0x7f
#define LENGTH_2     126 /* the length is in the next 2 bytes */
#define LENGTH_8     127 /* the next 8 bytes */
#define CONTROL_MAX  125
#define MASK         4
#define CODE         2

static struct strict **watched; /* by descriptor */
static size_t n_watched;

/* --- frames --------------------------------------------------------------- */

static unsigned
length_width(const unsigned char *head)
{
	unsigned n = head[1] & LENGTH;

	return n == LENGTH_2 ? 2 : n == LENGTH_8 ? 8 : 0;
}

static int
is_close_with_code(const unsigned char *head)
{
	return (head[0] & OPCODE) == OPCODE_CLOSE && head[1] & LENGTH;
}

/* How much there is to look at; two bytes of it are known. */
static unsigned
head_size(const unsigned char *head)
{
	return 2 + length_width(head) + MASK +
	       (is_close_with_code(head) ? CODE : 0);
}

/* Wrong by its first two bytes. */
static int
starts_wrong(const unsigned char *head)
{
	unsigned n = head[1] & LENGTH;

	return !(head[1] & MASKED) ||
	       ((head[0] & OPCODE) >= OPCODE_CLOSE && n > CONTROL_MAX) ||
	       (is_close_with_code(head) && n < CODE);
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

static int
has_wrong_code(const unsigned char *head)
{
	const unsigned char *mask = head + 2, *code = mask + MASK;

	return is_close_with_code(head) &&
	       !event_may_be_sent(
		   (code[0] ^ mask[0]) << 8 | (code[1] ^ mask[1]));
}

/* The head is whole. */
static int
take_head(struct strict *strict)
{
	uint64_t n = payload_length(strict->head);

	if (n > INT64_MAX || has_wrong_code(strict->head))
		return -1;
	strict->left = n - (is_close_with_code(strict->head) ? CODE : 0);
	strict->have = 0;
	return 0;
}

int
strict_follow(struct strict *strict, const char *bytes, size_t n)
{
	const char *end = bytes + n;

	while (bytes < end && !strict->wrong) {
		if (strict->left) {
			n = (size_t)(end - bytes);
			n = strict->left < n ? (size_t)strict->left : n;
			strict->left -= n;
			bytes += n;
			continue;
		}
		strict->head[strict->have++] = (unsigned char)*bytes++;
		if (strict->have == 2)
			strict->wrong = starts_wrong(strict->head);
		else if (strict->have > 2 &&
			 strict->have == head_size(strict->head))
			strict->wrong = take_head(strict) != 0;
	}
	return strict->wrong ? -1 : 0;
}

/* --- sockets -------------------------------------------------------------- */

void
strict_begin(struct strict *strict, int fd, void (*tell)(void *arg), void *arg)
{
	size_t n = n_watched ? n_watched : 64;

	memset(strict, 0, sizeof(*strict));
	strict->fd = fd;
	strict->tell = tell;
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
	watched[strict->fd] = NULL;
}

/* In the place of the C library's, for libwebsockets and for us. */
__attribute__((visibility("default"))) ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
	ssize_t n = recvfrom(fd, bytes, size, flags, NULL, NULL);
	struct strict *strict =
	    fd >= 0 && (size_t)fd < n_watched ? watched[fd] : NULL;
	int was_wrong;

	if (n <= 0 || !strict || flags & MSG_PEEK)
		return n;
	was_wrong = strict->wrong;
	if (strict_follow(strict, bytes, (size_t)n) == 0)
		return n;
	if (!was_wrong)
		strict->tell(strict->arg);
	errno = EAGAIN;
	return -1;
}
