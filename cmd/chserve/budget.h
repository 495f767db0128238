/*
 * budget.h - memory that clients make us hold, all of them together.
 *
 * What one client can make us hold is bounded, but not so that ten thousand of
 * them could be told to do it. So all that grows with what they send, or do not
 * read, is counted here; beyond BUDGET_MAX those are cut who hold as much as
 * the average or more, who began first goes first, until a quarter is free. Who
 * holds little, or nothing, is not touched.
 */
#ifndef CHSERVE_BUDGET_H
#define CHSERVE_BUDGET_H

#include <stddef.h>
#include <sys/types.h>

#define BUDGET_MAX ((size_t)64 << 20)

/* What somebody holds. Zeroed but for `cut`, it is nothing. */
struct budget_share {
	/* Let go of it, as far as that can be done at once. */
	void (*cut)(struct budget_share *share);
	size_t own;
	size_t common;
	struct budget_share *prev, *next;
};

/*
 * It holds so many bytes of its own now, and so many that others may hold as
 * well: those only tell who is to be cut. To be set to 0 at its end. Nobody is
 * cut from here, but soon, from the event loop.
 */
void budget_set(struct budget_share *share, size_t own, size_t common);

/* Bytes that are held in common have become more (less). */
void budget_common(ssize_t more);

/* All that is held. */
size_t budget_held(void);

#endif
