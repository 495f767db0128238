/* owner.c - whether there is somebody behind a reply channel. */
#include "common/owner.h"

#include <string.h>

static int
note_owner(void *arg, const struct ch_channel_stat *stat)
{
	*(pid_t *)arg = stat->owner;
	return CH_OK;
}

int
owner_lives(struct ch_layer *layer, const char *channel)
{
	size_t n = strcspn(channel, "!") + 1;
	char prefix[CH_NAME_MAX + 1];
	pid_t owner = 0;

	if (n > CH_NAME_MAX)
		return 0;
	memcpy(prefix, channel, n);
	prefix[n] = '\0';
	return ch_stat_channels(layer, prefix, note_owner, &owner, NULL) !=
	    CH_OK || owner > 0;
}
