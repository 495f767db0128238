/*
 * chserve_h2head.c - fuzzes the fields of HTTP/2 requests, parted by ; with
 * the name of each before its first =, as any stranger may send them.
 *
 * Whatever they are, nothing of a value becomes a field of its own.
 */
#include "chserve/h2head.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct h2head in = H2HEAD_INIT;
	const uint8_t *end = data + size, *line, *next, *mark;
	struct head head;
	size_t n = 0;

	for (line = data; line < end; line = next + (next < end)) {
		next = memchr(line, ';', (size_t)(end - line));
		if (!next)
			next = end;
		mark = memchr(line, '=', (size_t)(next - line));
		if (!mark)
			continue;
		h2head_add(&in, line, (size_t)(mark - line), mark + 1,
		    (size_t)(next - mark - 1));
		n++;
	}
	if (h2head_parse(&in, &head) == 0 && head.n_fields > n + 4)
		abort();
	head_release(&head);
	h2head_release(&in);
	return 0;
}
