/*
 * h2ids.h - which streams of a connection there have been. Pure.
 *
 * nghttp2 forgets a stream when it is over (its own memory of them would be a
 * quarter of a KiB each, and it lets some things pass in any case): a client
 * that sends more on a stream that it has ended, or opens one that it has
 * passed over, is not one whose frames make sense. The last few are enough to
 * see that.
 */
#ifndef CHSERVE_H2IDS_H
#define CHSERVE_H2IDS_H

#include <stddef.h>
#include <stdint.h>

#define H2IDS_ENDED 8

/* Zeroed, there were none. */
struct h2ids {
	int32_t last;                /* the highest */
	int32_t gap_from, gap_to;    /* passed over, the last time */
	int32_t ended[H2IDS_ENDED];  /* by the client, the last ones */
	size_t at;
};

/* The client has opened it; has ended or reset it, and it is over. */
void h2ids_opened(struct h2ids *ids, int32_t id);
void h2ids_ended(struct h2ids *ids, int32_t id);

enum h2ids_kind { H2IDS_UNKNOWN, H2IDS_ENDED_BY_CLIENT, H2IDS_PASSED_OVER };
enum h2ids_kind h2ids_kind(const struct h2ids *ids, int32_t id);

#endif
