/* mount.c - which part of a path leads to a route. */
#include "chwork/mount.h"

#include "common/put.h"

#include <string.h>

/* Up to the first capture of the filter, if it is one on the path. */
static size_t
before_capture(const struct filter *filter, const struct ch_buf *path)
{
	struct captures found = { .n = 0 };
	size_t len = path->len;

	if (!pattern_match(&filter->pattern, path->data, path->len, &found) ||
	    !found.n)
		return len;
	len = (size_t)(found.list[0].value - path->data);
	return len && path->data[len - 1] == '/' ? len - 1 : len;
}

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
mount_length(const struct route *route, struct json message)
{
	struct ch_buf path = CH_BUF_INIT;
	size_t len;

	put_string(&path, "");
	json_bare(&path, json_get(message, "path", 4));
	len = below_root(message, &path);
	for (size_t i = 0; i < route->nfilters; i++)
		if (!strcmp(route->filters[i].key, "path"))
			len = before_capture(&route->filters[i], &path);
	ch_buf_release(&path);
	return len;
}
