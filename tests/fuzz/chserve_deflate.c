/*
 * chserve_deflate.c - fuzzes inflating, and that what is deflated inflates to
 * what it was. The first byte is the largest message in 16 bytes.
 */
#include "chserve/deflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
there_and_back(const char *bytes, size_t n, unsigned window)
{
	struct ch_buf packed = CH_BUF_INIT, back = CH_BUF_INIT;

	if (deflate_pack(&packed, bytes, n, window) == 0) {
		if (packed.len >= n ||
		    deflate_unpack(&back, packed.data, packed.len, n) !=
			DEFLATE_OK ||
		    back.len != n || memcmp(back.data, bytes, n) != 0)
			abort();
	}
	ch_buf_release(&packed);
	ch_buf_release(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ch_buf out = CH_BUF_INIT;
	size_t max;
	char *bytes;

	if (size < 2)
		return 0;
	max = data[0] * 16u;
	bytes = malloc(size - 1); /* exactly: beyond is seen */
	memcpy(bytes, data + 1, size - 1);
	if (deflate_unpack(&out, bytes, size - 1, max) == DEFLATE_OK &&
	    out.len > max)
		abort();
	ch_buf_release(&out);
	there_and_back(bytes, size - 1, DEFLATE_WINDOW_MIN);
	there_and_back(bytes, size - 1, DEFLATE_WINDOW_MAX);
	free(bytes);
	return 0;
}
