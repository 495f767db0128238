/* Who holds much is cut when all hold too much. */
#include "chserve/budget.h"
#include "chserve/loop.h"

#include "tap.h"

#include <stdlib.h>

#define SMALL 1000
#define MIB ((size_t)1 << 20)

struct holder {
	struct budget_share share; /* first: a share is its holder */
	int cut;
	struct holder *with; /* goes as well */
};

static struct holder many[SMALL], big[80];

static void
let_go(struct budget_share *share)
{
	struct holder *holder = (struct holder *)share;

	holder->cut++;
	budget_set(share, 0, 0);
	if (holder->with)
		budget_set(&holder->with->share, 0, 0);
}

static void
hold(struct holder *holder, size_t own, size_t common)
{
	holder->share.cut = let_go;
	budget_set(&holder->share, own, common);
}

static int
n_cut(const struct holder *holders, size_t n)
{
	int cut = 0;

	while (n--)
		cut += holders[n].cut;
	return cut;
}

static void
test_own(void)
{
	size_t i;

	for (i = 0; i < SMALL; i++)
		hold(&many[i], 1000, 0);
	for (i = 0; i < 63; i++)
		hold(&big[i], MIB, 0);
	is_int(budget_held(), 63 * MIB + 1000 * SMALL, "it is added up");
	hold(&big[0], MIB / 2, 0);
	hold(&big[0], MIB, 0);
	is_int(budget_held(), 63 * MIB + 1000 * SMALL, "also when it changes");
	for (; i < 65; i++)
		hold(&big[i], MIB, 0);
	is_int(n_cut(big, 80), 0, "nobody is cut from where it grows");
	big[0].with = &big[1];
	loop_wait();
	is_int(n_cut(many, SMALL), 0, "who holds little is not cut");
	ok(big[0].cut && !big[1].cut && big[2].cut,
	    "who holds much is, the first one first, unless it went already");
	ok(!big[64].cut, "the last one is not");
	ok(budget_held() <= BUDGET_MAX / 4 * 3, "a quarter is free");
	ok(budget_held() > BUDGET_MAX / 4 * 3 - 3 * MIB, "and no more");
	for (i = 0; i < SMALL; i++)
		hold(&many[i], 0, 0);
	for (i = 0; i < 65; i++)
		hold(&big[i], 0, 0);
	is_int(budget_held(), 0, "all is given back");
}

static void
test_common(void)
{
	size_t i;

	memset(big, 0, sizeof(big));
	memset(many, 0, sizeof(many));
	for (i = 0; i < 80; i++)
		hold(&big[i], 10, MIB);
	is_int(budget_held(), 800, "what is held in common is not counted");
	budget_common((ssize_t)MIB);
	is_int(budget_held(), 800 + MIB, "but where it is");
	hold(&many[0], 100, 0);
	budget_common((ssize_t)(64 * MIB));
	loop_wait();
	is_int(n_cut(big, 80), 80, "who holds it is cut");
	is_int(many[0].cut, 0, "who does not is not");
	budget_common(-(ssize_t)(65 * MIB));
	hold(&many[0], 0, 0);
	is_int(budget_held(), 0, "all is given back");
}

int
main(void)
{
	int fds = loop_open(NULL);

	is_int(fds, CH_OK, "an event loop");
	test_own();
	test_common();
	loop_close();
	return done_testing();
}
