/* mount.c - which part of a path leads to a route. */
#include "chwork/mount.h"

#include "common/put.h"

#include <string.h>

/* What the server says that all its paths begin with. */
static size_t
below_root(struct json message, const struct ch_buf *path)
{
	struct ch_buf root = CH_BUF_INIT;
	size_t len;

	put_string(&root, "");
	json_bare(&root, json_get(message, "root_path", 9));
	len = root.len;
	if (len > path->len || memcmp(root.data, path->data, len) != 0 ||
	    (len < path->len && path->data[len] != '/'))
		len = 0;
	ch_buf_release(&root);
	return len;
}

size_t
mount_length(const struct match *match, struct json message)
{
	struct ch_buf path = CH_BUF_INIT;
	size_t len;

	put_string(&path, "");
	json_bare(&path, json_get(message, "path", 4));
	len = match->mounted ? match->mount : below_root(message, &path);
	if (len > path.len)
		len = path.len;
	ch_buf_release(&path);
	return len;
}
