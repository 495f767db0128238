/* Turns of one key come one after the other, of others side by side. */
#include "chwork/lanes.h"

#include "tap.h"

#include <stdlib.h>

static int
enter(struct lanes *lanes, const char *key, struct turn *turn)
{
	return lanes_enter(lanes, key, strlen(key), turn);
}

static void
test_order(void)
{
	struct lanes lanes = { .n = 0 };
	struct turn a[3], b[2];

	ok(!lanes_busy(&lanes, "a", 1), "nothing is busy at first");
	is_int(enter(&lanes, "a", &a[0]), 1, "the first may run");
	is_int(enter(&lanes, "a", &a[1]), 0, "the second waits");
	is_int(enter(&lanes, "b", &b[0]), 1, "another key may run");
	is_int(enter(&lanes, "a", &a[2]), 0, "the third waits");
	ok(lanes_busy(&lanes, "a", 1), "a is busy");
	ok(!lanes_busy(&lanes, "ab", 2), "ab is another");
	ok(lanes_leave(&lanes, &a[0]) == &a[1], "then the second");
	is_int(enter(&lanes, "b", &b[1]), 0, "the second of b waits");
	ok(lanes_leave(&lanes, &a[1]) == &a[2], "then the third");
	ok(lanes_leave(&lanes, &a[2]) == NULL, "then none");
	ok(!lanes_busy(&lanes, "a", 1), "a is busy no more");
	is_int(enter(&lanes, "a", &a[0]), 1, "and begins anew");
	ok(lanes_leave(&lanes, &a[0]) == NULL, "and ends");
	ok(lanes_leave(&lanes, &b[0]) == &b[1], "b goes on");
	ok(lanes_leave(&lanes, &b[1]) == NULL, "to its end");
	is_int(lanes.n, 0, "no lane is left");
	lanes_release(&lanes);
}

static void
test_many(void)
{
	static struct turn turns[2][5000];
	struct lanes lanes = { .n = 0 };
	int first = 0, second = 0, next = 0, last = 0;
	char key[32];

	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "websocket.send.x!%d", i);
		first += enter(&lanes, key, &turns[0][i]);
		second += enter(&lanes, key, &turns[1][i]);
	}
	is_int(first, 5000, "5000 lanes begin");
	is_int(second, 0, "and hold their second");
	for (int i = 0; i < 5000; i++)
		next += lanes_leave(&lanes, &turns[0][i]) == &turns[1][i];
	for (int i = 0; i < 5000; i++)
		last += lanes_leave(&lanes, &turns[1][i]) == NULL;
	is_int(next, 5000, "each finds its own next");
	is_int(last, 5000, "and its end");
	is_int(lanes.n, 0, "no lane is left");
	lanes_release(&lanes);
}

int
main(void)
{
	test_order();
	test_many();
	return done_testing();
}
