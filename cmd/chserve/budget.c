/* Memory that clients make us hold, all of them together. */
#include "chserve/budget.h"

#include "chserve/loop.h"
#include "chserve/seldom.h"

#define GOAL (BUDGET_MAX / 4 * 3)
#define AGAIN_MS 10 /* where it takes the cut a turn to go */

static void cut_some(struct due *due);

static struct budget_share *first, *last; /* who began first is first */
static size_t n_shares;
static size_t held;   /* bytes, those in common once */
static size_t weight; /* the same, but as often as they are held */
static struct due_queue cuts = { .expired = cut_some };
static struct due cut;

static void
link_share(struct budget_share *share)
{
	share->prev = last;
	share->next = NULL;
	if (last)
		last->next = share;
	else
		first = share;
	last = share;
	n_shares++;
}

static void
unlink_share(struct budget_share *share)
{
	if (share->prev)
		share->prev->next = share->next;
	else
		first = share->next;
	if (share->next)
		share->next->prev = share->prev;
	else
		last = share->prev;
	n_shares--;
}

/*
 * Each has its turn at most once: it is put to the end, whether it is cut or
 * not, for who is cut may take others with it.
 */
static void
cut_some(struct due *due)
{
	static struct seldom seldom = { .what = "clients cut that held much" };
	struct budget_share *share;
	size_t left = n_shares, fair = n_shares ? weight / n_shares : 0;

	seldom_say(&seldom, "clients make us hold %zu MiB: those are cut that "
	    "hold much", held >> 20);
	for (; left && first && held > GOAL; left--) {
		share = first;
		unlink_share(share);
		link_share(share);
		if (share->own + share->common >= fair)
			share->cut(share);
	}
	if (held > BUDGET_MAX)
		due_set(&cuts, due, AGAIN_MS);
}

static void
look(void)
{
	if (held > BUDGET_MAX && !cut.queue)
		due_set(&cuts, &cut, 0);
}

void
budget_set(struct budget_share *share, size_t own, size_t common)
{
	size_t before = share->own + share->common;

	if (share->own == own && share->common == common)
		return;
	held += own - share->own;
	weight += own + common - before;
	share->own = own;
	share->common = common;
	if (!before)
		link_share(share);
	else if (!own && !common)
		unlink_share(share);
	look();
}

void
budget_common(ssize_t more)
{
	held += (size_t)more;
	look();
}

size_t
budget_held(void)
{
	return held;
}
