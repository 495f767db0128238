/* Cookies, as RFC 6265 has them. */
#include "chserve/cookie.h"

#include "chserve/token.h"

#include "common/put.h"

#include <inttypes.h>
#include <string.h>

int
cookie_is_name(const char *name)
{
	size_t n = 0;

	while (token_has(name[n]))
		n++;
	return n && !name[n];
}

/* What stands between `from` and `to`, without blanks around it. */
static const char *
trim(const char *from, const char *to, size_t *len)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	*len = (size_t)(to - from);
	return from;
}

/* One of a field's parts; 1 if it is a cookie of that name. */
static int
read_pair(const char *pair, size_t n, const char *name, const char **value,
    size_t *len)
{
	const char *mark = memchr(pair, '=', n), *key;
	size_t key_len;

	if (!mark)
		return 0;
	key = trim(pair, mark, &key_len);
	if (key_len != strlen(name) || memcmp(key, name, key_len) != 0)
		return 0;
	*value = trim(mark + 1, pair + n, len);
	if (*len >= 2 && **value == '"' && (*value)[*len - 1] == '"') {
		++*value;
		*len -= 2;
	}
	return 1;
}

const char *
cookie_next(const char **at, const char *name, size_t *len)
{
	const char *value = NULL, *pair;
	size_t n;

	while (!value && *at) {
		pair = *at;
		n = strcspn(pair, ";");
		*at = pair[n] ? pair + n + 1 : NULL;
		if (!read_pair(pair, n, name, &value, len))
			value = NULL;
	}
	return value;
}

void
cookie_put(struct ch_buf *fields, const char *name, const char *value,
    int64_t seconds, int secure)
{
	put_format(fields, "Set-Cookie: %s=%s; Path=/; Max-Age=%" PRId64
	    "; HttpOnly; SameSite=Lax%s\r\n", name, value, seconds,
	    secure ? "; Secure" : "");
}
