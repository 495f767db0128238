/* cookie.h - cookies, as RFC 6265 has them. Pure. */
#ifndef CHSERVE_COOKIE_H
#define CHSERVE_COOKIE_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Whether a cookie can have that name. */
int cookie_is_name(const char *name);

/*
 * The next cookie of that name in the value of a Cookie field, from *at on,
 * which moves behind it: its value without quotes, *len bytes; NULL if there
 * is none. *at NULL: it was the last.
 *
 *     for (at = field; (value = cookie_next(&at, "session", &len));)
 *         …
 */
const char *cookie_next(const char **at, const char *name, size_t *len);

/*
 * Append the field that sets a cookie for the whole site, for so many seconds
 * (0: it is taken away), unseen by scripts and by requests that other sites
 * make but for links; over TLS only if `secure`.
 */
void cookie_put(struct ch_buf *fields, const char *name, const char *value,
    int64_t seconds, int secure);

#endif
