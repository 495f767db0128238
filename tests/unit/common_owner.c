/* Whether there is somebody behind a reply channel. */
#include "common/owner.h"

#include "tap.h"

#include <stdio.h>

int
main(void)
{
	struct ch_layer *layer = NULL;
	struct ch_err err = CH_ERR_INIT;
	char prefix[CH_NAME_MAX + 1], channel[2 * CH_NAME_MAX];

	is_int(ch_open(&layer, "mem:", &err), CH_OK, "a layer");
	is_int(ch_own_random(layer, "r", prefix, &err), CH_OK, "an owner");
	snprintf(channel, sizeof(channel), "%s1", prefix);
	ok(owner_lives(layer, channel), "lives");
	ok(!owner_lives(layer, "r.other!1"), "nobody has owned that");
	ok(!owner_lives(layer, "no.mark"), "nor what is no such channel");
	ch_close(layer);
	return done_testing();
}
