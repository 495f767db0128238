/* Which requests are answered at all. */
#include "chserve/policy.h"

#include "chserve/host.h"

#include "channel.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PATTERN_MAX 512
#define NULL_ORIGIN "null" /* a file, a sandbox */

/* Copy in lower case; 0, or -1 if it does not fit. */
static int
lower(char *to, size_t size, const char *text, size_t n)
{
	size_t i;

	if (n >= size)
		return -1;
	for (i = 0; i < n; i++)
		to[i] = text[i] >= 'A' && text[i] <= 'Z'
		    ? (char)(text[i] | 0x20) : text[i];
	to[n] = '\0';
	return 0;
}

/* Whether the text, in lower case, is what the pattern says. */
static int
is_like(const char *pattern, const char *text)
{
	char low[PATTERN_MAX];

	if (lower(low, sizeof(low), pattern, strlen(pattern)))
		return 0;
	if (strcmp(low, text) == 0) /* [::1] is no set of characters */
		return 1;
	return strchr(low, '*') && ch_glob_match(low, text);
}

/* --- Host ----------------------------------------------------------------- */

int
policy_is_host(const char *pattern)
{
	char name[HOST_MAX + 1];
	size_t i, n = strlen(pattern);
	struct host host;

	if (n >= sizeof(name))
		return 0;
	for (i = 0; i <= n; i++)
		name[i] = pattern[i] == '*' ? 'x' : pattern[i];
	return host_read(&host, name, n) == 0 && host.len == n;
}

/* No name of somebody else's, and no address but this machine's. */
static int
is_loopback_name(const struct host *host)
{
	return host_is(host, "localhost") || host_is(host, "[::1]") ||
	    (strncmp(host->name, "127.", 4) == 0 &&
		strspn(host->name, "0123456789.") >= host->len);
}

static int
is_loopback_address(const struct event_peer *at)
{
	return strncmp(at->host, "127.", 4) == 0 ||
	    strcmp(at->host, "::1") == 0;
}

static int
is_listed(const struct policy *policy, const struct host *host)
{
	size_t i, n = host->len;
	char name[HOST_MAX + 1];

	if (n > 1 && host->name[n - 1] == '.')
		n--;
	if (lower(name, sizeof(name), host->name, n))
		return 0;
	for (i = 0; i < policy->n_hosts; i++)
		if (is_like(policy->hosts[i], name))
			return 1;
	return 0;
}

int
policy_allows_host(const struct policy *policy, const char *text,
    const struct event_peer *at)
{
	struct host host;

	if (at->local)
		return 1;
	if (!*text)
		return policy->loopback || !policy->n_hosts;
	if (host_read(&host, text, strlen(text)))
		return 0;
	if (!policy->loopback && !policy->n_hosts)
		return 1;
	if (is_loopback_name(&host) &&
	    (policy->loopback || is_loopback_address(at)))
		return 1;
	return is_listed(policy, &host);
}

/* --- Origin --------------------------------------------------------------- */

int
policy_is_origin(const char *pattern)
{
	const char *rest = strstr(pattern, "://");

	if (strcmp(pattern, NULL_ORIGIN) == 0 || strcmp(pattern, "*") == 0)
		return 1;
	return rest && rest > pattern && rest[3] && !strchr(rest + 3, '/') &&
	    !strpbrk(pattern, " \t@?#");
}

struct origin {
	const char *scheme;
	size_t scheme_len;
	struct host host;
	unsigned usual; /* the scheme's own port, 0: not known */
};

static int
origin_read(struct origin *origin, const char *text)
{
	const char *end = strstr(text, "://");

	if (!end || end == text)
		return -1;
	origin->scheme = text;
	origin->scheme_len = (size_t)(end - text);
	origin->usual = strncasecmp(text, "https:", 6) == 0 ? 443
	    : strncasecmp(text, "http:", 5) == 0 ? 80 : 0;
	return host_read(&origin->host, end + 3, strlen(end + 3));
}

/*
 * Without https, a Host without a port may mean either: a proxy that we are not
 * told to trust may have taken TLS away, and no browser lets a page that came
 * by https open a connection without it.
 */
static int
is_ours(const struct origin *origin, const char *text, int https)
{
	struct host host;
	unsigned port;

	if (!origin->usual || (https && origin->usual != 443) ||
	    host_read(&host, text, strlen(text)))
		return 0;
	port = origin->host.port ? origin->host.port : origin->usual;
	return port == (host.port ? host.port : origin->usual) &&
	    host.len == origin->host.len &&
	    strncasecmp(host.name, origin->host.name, host.len) == 0;
}

/* Append the port that goes without saying, or take it off; "" for neither. */
static void
other_form(char *to, size_t size, const char *text,
    const struct origin *origin)
{
	const char *name_end = origin->host.name + origin->host.len;

	*to = '\0';
	if (!origin->usual)
		return;
	if (!origin->host.port)
		snprintf(to, size, "%.*s:%u", (int)(name_end - text), text,
		    origin->usual);
	else if (origin->host.port == origin->usual)
		snprintf(to, size, "%.*s", (int)(name_end - text), text);
}

static int
is_let_in(const struct policy *policy, const struct origin *origin,
    const char *text)
{
	char low[PATTERN_MAX], whole[PATTERN_MAX], other[PATTERN_MAX];
	size_t i;

	other_form(other, sizeof(other), text, origin);
	if (lower(low, sizeof(low), text, strlen(text)) ||
	    lower(whole, sizeof(whole), other, strlen(other)))
		return 0;
	for (i = 0; i < policy->n_origins; i++)
		if (is_like(policy->origins[i], low) ||
		    (*whole && is_like(policy->origins[i], whole)))
			return 1;
	return 0;
}

int
policy_allows_origin(const struct policy *policy, const char *text,
    const char *host, int https)
{
	struct origin origin;
	size_t i;

	if (!text)
		return 1;
	if (strcmp(text, NULL_ORIGIN) == 0) {
		for (i = 0; i < policy->n_origins; i++)
			if (strcmp(policy->origins[i], NULL_ORIGIN) == 0)
				return 1;
		return 0;
	}
	if (origin_read(&origin, text))
		return 0;
	return is_ours(&origin, host, https) ||
	    is_let_in(policy, &origin, text);
}
