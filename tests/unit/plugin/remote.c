/*
 * remote.c - a backend that is loaded on demand, for open.c to load: it opens,
 * keeps its URL as location, and closes. $TEST_PLUGIN_ABI makes it a stranger.
 */
#include "layer/backend.h"

#include <stdlib.h>
#include <string.h>

static int
open_layer(struct ch_layer **layer, const char *url, struct ch_err *err)
{
	(void)err;
	*layer = calloc(1, sizeof(**layer));
	if (!*layer)
		return CH_IO;
	(*layer)->location = strdup(url);
	return CH_OK;
}

static void
close_layer(struct ch_layer *layer)
{
	free(layer);
}

CH_API struct ch_backend ch_backend_plugin = {
	.abi = CH_BACKEND_ABI,
	.name = "remote",
	.open = open_layer,
	.close = close_layer,
};

__attribute__((constructor)) static void
set_abi(void)
{
	const char *abi = getenv("TEST_PLUGIN_ABI");

	if (abi)
		ch_backend_plugin.abi = atoi(abi);
}
