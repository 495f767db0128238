/* mount.h - which part of a path leads to a route. Pure. */
#ifndef CHWORK_MOUNT_H
#define CHWORK_MOUNT_H

#include "chwork/routes.h"
#include "common/json.h"

/*
 * How many bytes of the path of a message lead to the route that took it, as
 * the match says; the rest is its own. That is the path up to the first capture
 * of its filter, without a slash before it, or all of it where nothing is
 * captured; the prefix of an include, where the route has no filter on the
 * path; without either, the server's root_path.
 */
size_t mount_length(const struct match *match, struct json message);

#endif
