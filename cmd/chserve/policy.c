/* Which requests are answered at all. */
#include "chserve/policy.h"

#include "channel.h"

#include <string.h>
#include <strings.h>

/* The length of the name in "name", "name:port" or "[address]:port". */
static size_t
name_length(const char *host)
{
	const char *end = *host == '[' ? strchr(host, ']') : NULL;

	return end ? (size_t)(end + 1 - host) : strcspn(host, ":");
}

static int
is_name(const char *host, const char *name)
{
	size_t n = name_length(host);

	return strlen(name) == n && strncasecmp(host, name, n) == 0;
}

int
policy_host(const struct policy *policy, const struct head *head,
    const struct event_peer *at)
{
	size_t i;

	if (!policy->loopback || at->local || !*head->host)
		return 1;
	if (is_name(head->host, "localhost") ||
	    is_name(head->host, "127.0.0.1") || is_name(head->host, "[::1]"))
		return 1;
	for (i = 0; i < policy->n_hosts; i++)
		if (is_name(head->host, policy->hosts[i]))
			return 1;
	return 0;
}

/* The port behind the name, "" where it is the scheme's own. */
static const char *
port_of(const char *host, const char *usual)
{
	const char *port = host + name_length(host);

	return *port == ':' && strcmp(port + 1, usual) != 0 ? port : "";
}

static int
is_same(const char *origin, const char *host)
{
	const char *name = strstr(origin, "://"), *usual;
	size_t n;

	if (!name)
		return 0; /* "null": a file, a sandbox */
	usual = strncasecmp(origin, "https:", 6) == 0 ? "443" : "80";
	name += 3;
	n = name_length(name);
	return n && n == name_length(host) && strncasecmp(name, host, n) == 0 &&
	    strcmp(port_of(name, usual), port_of(host, usual)) == 0;
}

int
policy_origin(const struct policy *policy, const struct head *head)
{
	const char *origin = head_get(head, "origin");
	size_t i;

	if (!origin || is_same(origin, head->host))
		return 1;
	for (i = 0; i < policy->n_origins; i++)
		if (ch_glob_match(policy->origins[i], origin))
			return 1;
	return 0;
}
