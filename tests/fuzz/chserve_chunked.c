/*
 * chserve_chunked.c - fuzzes bodies in chunks, as any stranger may send them.
 *
 * However it is cut, the same bytes are the same body with the same end.
 */
#include "chserve/chunked.h"

#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum chunked_result
decode(const uint8_t *data, size_t size, size_t step, struct ch_buf *body,
    size_t *used_up)
{
	struct chunked chunked = { 0, 0, 0, 0 };
	enum chunked_result result = CHUNKED_MORE;
	size_t n, used, at, len;
	char *piece;

	for (*used_up = 0; *used_up < size; *used_up += used) {
		n = size - *used_up < step ? size - *used_up : step;
		piece = malloc(n); /* exactly: beyond is seen */
		memcpy(piece, data + *used_up, n);
		result = chunked_next(&chunked, piece, n, &used, &at, &len);
		if (used > n || (result == CHUNKED_MORE && used != n) ||
		    (result == CHUNKED_DATA && (!len || at + len > n)))
			abort();
		if (result == CHUNKED_DATA)
			ch_buf_add(body, piece + at, len);
		free(piece);
		if (result == CHUNKED_END || result == CHUNKED_WRONG)
			break;
	}
	*used_up += result == CHUNKED_END ? used : 0;
	return result;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ch_buf one = CH_BUF_INIT, two = CH_BUF_INIT;
	enum chunked_result a, b;
	size_t used_a, used_b;

	a = decode(data, size, size ? size : 1, &one, &used_a);
	b = decode(data, size, 1 + size % 3, &two, &used_b);
	if ((a == CHUNKED_END) != (b == CHUNKED_END) ||
	    (a == CHUNKED_WRONG) != (b == CHUNKED_WRONG) ||
	    one.len != two.len ||
	    (one.len && memcmp(one.data, two.data, one.len) != 0) ||
	    (a == CHUNKED_END && used_a != used_b))
		abort();
	ch_buf_release(&one);
	ch_buf_release(&two);
	return 0;
}
