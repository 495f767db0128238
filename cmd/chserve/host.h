/* host.h - a Host: a name or an address, and perhaps a port. Pure. */
#ifndef CHSERVE_HOST_H
#define CHSERVE_HOST_H

#include <stddef.h>

#define HOST_MAX 255 /* bytes; a name of the DNS is shorter */

struct host {
	const char *name; /* in the text that was read; [::1] with brackets */
	size_t len;
	unsigned port; /* 0: none */
};

/*
 * Read the n bytes "name", "name:port", "1.2.3.4:port" or "[address]:port"; 0,
 * or -1 if they are nothing of the kind. A port that is left empty is none.
 */
int host_read(struct host *host, const char *text, size_t n);

/* Whether it is that name, whatever the case, and a dot at its end. */
int host_is(const struct host *host, const char *name);

#endif
