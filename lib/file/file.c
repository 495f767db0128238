/* file.c - the file backend's table: a store in a directory. */
#include "file/file.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "file/chan.h"
#include "file/dir.h"
#include "file/group.h"
#include "file/live.h"
#include "file/receive.h"
#include "file/room.h"
#include "file/send.h"
#include "file/sweep.h"

static int
open_caches(struct ch_file *file, struct ch_err *err)
{
	int rc;

	rc = ch_dir_open(file, file->base.location, err);
	if (rc == CH_OK)
		rc = ch_chans_new(file, err);
	file->boot = ch_clock_boot();
	return rc;
}

static void
close_file(struct ch_layer *layer)
{
	struct ch_file *file = ch_file(layer);

	ch_live_release(file);
	ch_groups_free(file);
	ch_chans_free(file);
	ch_dir_close(file);
	free(file);
}

static int
open_file(struct ch_layer **layer, const char *path, struct ch_err *err)
{
	struct ch_file *file = calloc(1, sizeof(*file));
	int rc;

	if (!file)
		return ch_err_memory(err);
	file->root = file->channels = file->groups = file->live = -1;
	file->base.patience = CH_NEVER;
	ch_limits_init(&file->base.limits);
	file->base.location = strdup(path);
	rc = file->base.location ? open_caches(file, err) : ch_err_memory(err);
	if (rc != CH_OK) {
		ch_limits_release(&file->base.limits);
		free(file->base.location);
		close_file(&file->base);
		return rc;
	}
	*layer = &file->base;
	return CH_OK;
}

/*
 * The child of a fork shares its parent's descriptors, and with them the
 * parent's locks: it lets go of all of them, and opens its own.
 */
static int
reopen_file(struct ch_layer *layer, struct ch_err *err)
{
	struct ch_file *file = ch_file(layer);

	ch_live_forget(file);
	ch_groups_free(file);
	ch_chans_free(file);
	ch_dir_close(file);
	ch_limits_release(&layer->limits);
	ch_limits_init(&layer->limits);
	return open_caches(file, err);
}

const struct ch_backend ch_backend_file = {
	.abi = CH_BACKEND_ABI,
	.name = "file",
	.open = open_file,
	.close = close_file,
	.reopen = reopen_file,
	.send = ch_send_file,
	.wait_room = ch_room_wait,
	.new_receiver = ch_receive_file_new,
	.free_receiver = ch_receive_file_free,
	.take = ch_receive_file_take,
	.wait = ch_receive_file_wait,
	.fd = ch_receive_file_fd,
	.until = ch_receive_file_until,
	.own = ch_live_own,
	.will = ch_live_will,
	.group_add = ch_group_file_add,
	.group_discard = ch_group_file_discard,
	.group_has = ch_group_file_has,
	.group_send = ch_group_file_send,
	.group_drop = ch_group_file_drop,
	.group_members = ch_group_file_members,
	.stat_channels = ch_stat_file,
	.stat_groups = ch_group_file_stat,
	.peek = ch_peek_file,
	.flush = ch_flush_file,
	.sweep = ch_sweep_file,
};
