/*
 * chsession_users.c - fuzzes the file of users.
 *
 * A name that was set is found with what it was set to, and no other name's
 * hash has changed.
 */
#include "chsession/users.h"

#include "common/opt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const struct opt_program program = { .name = "chsession" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
is_same(struct users_hash a, struct users_hash b)
{
	return !a.text == !b.text && a.len == b.len &&
	    (!a.len || memcmp(a.text, b.text, a.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* exactly: beyond is seen */
	struct ch_buf after = CH_BUF_INIT;
	struct users_hash hash;

	memcpy(text, data, size);
	users_change(&after, text, size, "ana", "$y$x");
	hash = users_find(after.data, after.len, "ana");
	if (hash.len != 4 || memcmp(hash.text, "$y$x", 4) != 0)
		abort();
	if (!is_same(users_find(text, size, "b"),
		users_find(after.data, after.len, "b")))
		abort();
	users_first(text, size);
	ch_buf_release(&after);
	free(text);
	return 0;
}
