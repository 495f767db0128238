/*
 * chserve_strict.c - fuzzes frames as any client may send them: what is passed
 * on does not depend on how they were cut into pieces.
 *
 * The first byte chooses the size of the pieces and whether RSV1 is allowed.
 */
#include "chserve/client.h"
#include "chserve/strict.h"

#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct ch_buf passed, pings;
	size_t pongs;
	unsigned wrong;
};

static void
see_wrong(void *arg, unsigned code)
{
	struct seen *seen = arg;

	if (seen->wrong || (code != CODE_PROTOCOL && code != CODE_BAD_TEXT))
		abort();
	seen->wrong = code;
}

static void
see_ping(void *arg, const char *payload, size_t n)
{
	struct seen *seen = arg;

	if (n > STRICT_CONTROL)
		abort();
	ch_buf_add(&seen->pings, payload, n);
	ch_buf_addc(&seen->pings, '\n');
}

static void
see_pong(void *arg)
{
	struct seen *seen = arg;

	seen->pongs++;
}

static const struct strict_calls calls = { see_wrong, see_ping, see_pong };

static void
follow(struct seen *seen, const uint8_t *data, size_t size, size_t piece,
    int deflates)
{
	struct strict strict;
	size_t at, n, kept;
	char *copy;

	memset(seen, 0, sizeof(*seen));
	memset(&strict, 0, sizeof(strict));
	strict.calls = &calls;
	strict.arg = seen;
	strict.deflates = deflates;
	for (at = 0; at < size && !strict.wrong; at += n) {
		n = size - at < piece ? size - at : piece;
		copy = malloc(n); /* exactly: beyond is seen */
		memcpy(copy, data + at, n);
		kept = strict_follow(&strict, copy, n);
		if (kept > n)
			abort();
		ch_buf_add(&seen->passed, copy, kept);
		free(copy);
	}
	if (strict.wrong != seen->wrong)
		abort();
}

static void
same(const struct ch_buf *a, const struct ch_buf *b)
{
	if (a->len != b->len || (a->len && memcmp(a->data, b->data, a->len)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, pieces;
	size_t piece;
	int deflates;

	if (size < 2)
		return 0;
	deflates = data[0] & 1;
	piece = 1 + data[0] / 2;
	follow(&whole, data + 1, size - 1, size, deflates);
	follow(&pieces, data + 1, size - 1, piece, deflates);
	if (whole.wrong != pieces.wrong || whole.pongs != pieces.pongs)
		abort();
	same(&whole.pings, &pieces.pings);
	if (!whole.wrong)
		same(&whole.passed, &pieces.passed);
	ch_buf_release(&whole.passed);
	ch_buf_release(&whole.pings);
	ch_buf_release(&pieces.passed);
	ch_buf_release(&pieces.pings);
	return 0;
}
