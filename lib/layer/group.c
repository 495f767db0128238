/* group.c - groups: checks in front of the backend. */
#include "layer/front.h"

#include "base/err.h"

/* Check both names and enter. */
static int
enter(struct ch_layer *layer, const char *group, const char *channel,
    struct ch_err *err)
{
	int rc;

	rc = ch_name_check(group, CH_TO_JOIN, err);
	if (rc == CH_OK)
		rc = ch_name_check(channel, CH_TO_SEND, err);
	return rc == CH_OK ? ch_front_enter(layer, err) : rc;
}

int
ch_group_add(struct ch_layer *layer, const char *group, const char *channel,
    struct ch_err *err)
{
	int rc = enter(layer, group, channel, err);

	if (rc != CH_OK)
		return rc;
	rc = layer->backend->group_add(layer, group, channel, err);
	ch_front_leave(layer);
	return rc;
}

int
ch_group_discard(struct ch_layer *layer, const char *group,
    const char *channel, struct ch_err *err)
{
	int rc = enter(layer, group, channel, err);

	if (rc != CH_OK)
		return rc;
	rc = layer->backend->group_discard(layer, group, channel, err);
	ch_front_leave(layer);
	return rc;
}

int
ch_group_has(struct ch_layer *layer, const char *group, const char *channel,
    struct ch_err *err)
{
	int rc = enter(layer, group, channel, err);

	if (rc != CH_OK)
		return rc;
	rc = layer->backend->group_has(layer, group, channel, err);
	ch_front_leave(layer);
	return rc;
}

int
ch_group_drop(struct ch_layer *layer, const char *group, struct ch_err *err)
{
	int rc = ch_name_check(group, CH_TO_JOIN, err);

	if (rc == CH_OK)
		rc = ch_front_enter(layer, err);
	if (rc != CH_OK)
		return rc;
	rc = layer->backend->group_drop(layer, group, err);
	ch_front_leave(layer);
	return rc;
}
