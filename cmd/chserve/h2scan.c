/* Where frames begin in what a client sends. */
#include "chserve/h2scan.h"

#include <string.h>

static uint32_t
read_31(const uint8_t *bytes)
{
	return (uint32_t)(bytes[0] & 0x7f) << 24 | (uint32_t)bytes[1] << 16 |
	    (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t
length_of(const uint8_t *head)
{
	return (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
}

/* How long the head is that begins there, as far as that can be told. */
static size_t
head_size(const struct h2scan *scan)
{
	if (scan->n < H2SCAN_HEAD || scan->head[3] != H2SCAN_WINDOW_UPDATE ||
	    length_of(scan->head) != 4)
		return H2SCAN_HEAD;
	return H2SCAN_HEAD + 4;
}

static void
read_head(struct h2scan *scan, struct h2scan_frame *frame)
{
	const uint8_t *head = scan->head;

	frame->length = length_of(head);
	frame->type = head[3];
	frame->flags = head[4];
	frame->stream = (int32_t)read_31(head + 5);
	frame->increment = 0;
	scan->left = frame->length;
	if (scan->n > H2SCAN_HEAD) {
		frame->increment = read_31(head + H2SCAN_HEAD);
		scan->left = 0;
	}
	scan->n = 0;
}

size_t
h2scan_next(struct h2scan *scan, const uint8_t *bytes, size_t n,
    struct h2scan_frame *frame, int *begun)
{
	size_t used;

	*begun = 0;
	if (scan->before) {
		used = n < scan->before ? n : scan->before;
		scan->before -= used;
		return used;
	}
	if (scan->left) {
		used = n < scan->left ? n : scan->left;
		scan->left -= (uint32_t)used;
		return used;
	}
	used = head_size(scan) - scan->n;
	if (used > n)
		used = n;
	memcpy(scan->head + scan->n, bytes, used);
	scan->n += used;
	if (scan->n == head_size(scan)) {
		read_head(scan, frame);
		*begun = 1;
	}
	return used;
}
