/* Which streams of a connection there have been. */
#include "chserve/h2ids.h"

/* A client's streams have odd numbers, counting up (RFC 9113, section 5.1.1) */
void
h2ids_opened(struct h2ids *ids, int32_t id)
{
	int32_t next = ids->last ? ids->last + 2 : 1;

	if (id < next)
		return;
	if (id > next) {
		ids->gap_from = next;
		ids->gap_to = id - 2;
	}
	ids->last = id;
}

void
h2ids_ended(struct h2ids *ids, int32_t id)
{
	ids->ended[ids->at] = id;
	ids->at = (ids->at + 1) % H2IDS_ENDED;
}

enum h2ids_kind
h2ids_kind(const struct h2ids *ids, int32_t id)
{
	size_t i;

	if (ids->gap_from && id >= ids->gap_from && id <= ids->gap_to)
		return H2IDS_PASSED_OVER;
	for (i = 0; id && i < H2IDS_ENDED; i++)
		if (ids->ended[i] == id)
			return H2IDS_ENDED_BY_CLIENT;
	return H2IDS_UNKNOWN;
}
