/*
 * cgi.h - the variables of CGI/1.1 (RFC 3875) for a request, and those of
 * websocketd for a WebSocket. Pure.
 */
#ifndef CHWORK_CGI_H
#define CHWORK_CGI_H

#include "base/buf.h"
#include "common/json.h"

#include <stdint.h>

struct cgi {
	size_t script;         /* bytes of the path that are SCRIPT_NAME */
	const char *program;   /* SCRIPT_FILENAME */
	int64_t length;        /* of the body, -1: not known, 0: none */
	const char *id;        /* of a WebSocket; NULL: it is a request */
	int authorization;     /* the program may see that field */
	char *const *settings; /* NAME=VALUE, which count more; may be NULL */
};

/*
 * Add them to an environment: NAME=VALUE, each with its NUL. What holds a NUL
 * itself, or is longer than 64 KiB, is left out.
 */
void cgi_put(struct ch_buf *text, struct json message, const struct cgi *cgi);

#endif
