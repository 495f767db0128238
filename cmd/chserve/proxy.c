/* What the proxies before us say of a request. */
#include "chserve/proxy.h"

#include "chserve/forwarded.h"
#include "chserve/ip.h"

#include "base/err.h"
#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANK " \t"
#define HOPS 32 /* so many proxies in a row are believed */

/* --- trust ---------------------------------------------------------------- */

int
proxy_trust_add(struct proxy_trust *trust, const char *what,
    struct ch_err *err)
{
	struct ip_net net, *nets;

	if (strcmp(what, "unix") == 0) {
		trust->local = 1;
		return CH_OK;
	}
	if (ip_net_read(&net, what))
		return ch_err_set(err, CH_USAGE,
		    "%s is no address, no network and not unix", what);
	nets = realloc(trust->nets, (trust->n + 1) * sizeof(*nets));
	if (!nets)
		say_memory();
	nets[trust->n++] = net;
	trust->nets = nets;
	return CH_OK;
}

void
proxy_trust_release(struct proxy_trust *trust)
{
	free(trust->nets);
	*trust = (struct proxy_trust)PROXY_TRUST_INIT;
}

static int
trusts(const struct proxy_trust *trust, const struct ip *ip)
{
	size_t i;

	for (i = 0; i < trust->n; i++)
		if (ip_net_has(&trust->nets[i], ip))
			return 1;
	return 0;
}

int
proxy_trusts(const struct proxy_trust *trust, const struct event_peer *peer)
{
	struct ip ip;

	if (peer->local)
		return trust->local;
	return trust->n && /* fe80::1%eth0 */
	    !ip_read(&ip, peer->host, strcspn(peer->host, "%")) &&
	    trusts(trust, &ip);
}

/* --- what both kinds say -------------------------------------------------- */

static void
see_client(struct proxy_seen *seen, const struct ip *ip)
{
	memset(&seen->client, 0, sizeof(seen->client));
	ip_write(ip, seen->client.host);
	seen->client.port = ip->port;
}

/* "https"; some say it of a WebSocket as "wss". Others are not told. */
static void
see_scheme(struct proxy_seen *seen, const char *text, size_t n)
{
	static const struct {
		const char *told, *scheme;
	} known[] = {
		{ "http", "http" },
		{ "https", "https" },
		{ "ws", "http" },
		{ "wss", "https" },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].told) == n &&
		    strncasecmp(known[i].told, text, n) == 0)
			strcpy(seen->scheme, known[i].scheme);
}

static void
see_host(struct proxy_seen *seen, const char *text, size_t n)
{
	struct host host;

	if (host_read(&host, text, n) == 0) {
		memcpy(seen->host, text, n);
		seen->host[n] = '\0';
	}
}

/* --- Forwarded ------------------------------------------------------------ */

/* Take an element in; whether the one who wrote the next is trusted, too. */
static int
see_element(const struct proxy_trust *trust, struct proxy_seen *seen,
    const struct forwarded *element)
{
	size_t n = strlen(element->node);
	struct ip ip;
	int named = !n || *element->node == '_' ||
	    (strncasecmp(element->node, "unknown", 7) == 0 &&
		(n == 7 || element->node[7] == ':'));

	if (!named && ip_read(&ip, element->node, n))
		return 0;
	see_scheme(seen, element->proto, strlen(element->proto));
	see_host(seen, element->host, strlen(element->host));
	if (named)
		return 0;
	see_client(seen, &ip);
	return trusts(trust, &ip);
}

/* A line, from its right end on; whether it goes on with the line before. */
static int
see_line(const struct proxy_trust *trust, struct proxy_seen *seen,
    const char *line)
{
	struct forwarded ring[HOPS];
	size_t n = 0, i;
	int rc;

	while ((rc = forwarded_next(&line, &ring[n % HOPS])) > 0)
		n++;
	if (rc < 0)
		return 0;
	for (i = 0; i < n && i < HOPS; i++)
		if (!see_element(trust, seen, &ring[(n - 1 - i) % HOPS]))
			return 0;
	return i == n;
}

static void
see_forwarded(const struct proxy_trust *trust, const struct head *head,
    struct proxy_seen *seen)
{
	size_t i = head->n_fields;

	while (i-- > 0)
		if (strcmp(head->fields[i].name, "forwarded") == 0 &&
		    !see_line(trust, seen, head->fields[i].value))
			return;
}

/* --- X-Forwarded-* -------------------------------------------------------- */

/* Walks a list that may have several lines, from its right end on. */
struct back {
	const struct head *head;
	const char *name;
	size_t field;     /* those from here on are done */
	const char *line; /* NULL: take the one before */
	size_t left;      /* bytes of it */
	const char *item;
	size_t n;
};

static struct back
back_from(const struct head *head, const char *name)
{
	return (struct back){ head, name, head->n_fields, NULL, 0, NULL, 0 };
}

/* 1 for each item, without space around it; 0 at the list's left end. */
static int
back_next(struct back *back)
{
	const char *comma;

	while (!back->line) {
		if (!back->field)
			return 0;
		back->field--;
		if (strcmp(back->head->fields[back->field].name, back->name))
			continue;
		back->line = back->head->fields[back->field].value;
		back->left = strlen(back->line);
	}
	comma = memrchr(back->line, ',', back->left);
	back->item = comma ? comma + 1 : back->line;
	back->n = (size_t)(back->line + back->left - back->item);
	while (back->n && strchr(BLANK, back->item[back->n - 1]))
		back->n--;
	while (back->n && strchr(BLANK, *back->item)) {
		back->item++;
		back->n--;
	}
	back->left = comma ? (size_t)(comma - back->line) : 0;
	back->line = comma ? back->line : NULL;
	return 1;
}

static size_t
back_count(const struct head *head, const char *name)
{
	struct back back = back_from(head, name);
	size_t n = 0;

	while (back_next(&back))
		n++;
	return n;
}

/*
 * The item about the hop at that place from the right: lists of the same length
 * go together, of others the right-most is the nearest proxy's.
 */
static struct back
back_at(const struct head *head, const char *name, size_t place, size_t length)
{
	struct back back = back_from(head, name);

	if (back_count(head, name) != length)
		place = 0;
	do
		if (!back_next(&back))
			break;
	while (place-- > 0);
	return back;
}

/* The port that the client came to, where the host has none and needs it. */
static void
see_port(struct proxy_seen *seen, const struct back *port)
{
	static const char *const usual[] = { "80", "443" };
	int secure = strcmp(seen->scheme, "https") == 0;
	char whole[sizeof(seen->host)];
	struct host host;
	int n;

	if (!*seen->host || !port->n || port->n > 5 ||
	    host_read(&host, seen->host, strlen(seen->host)) || host.port ||
	    (strlen(usual[secure]) == port->n &&
		memcmp(usual[secure], port->item, port->n) == 0))
		return;
	n = snprintf(whole, sizeof(whole), "%.*s:%.*s", (int)host.len,
	    host.name, (int)port->n, port->item);
	if (host_read(&host, whole, (size_t)n) == 0 && host.port)
		strcpy(seen->host, whole);
}

static void
see_x_forwarded(const struct proxy_trust *trust, const struct head *head,
    struct proxy_seen *seen)
{
	struct back back = back_from(head, "x-forwarded-for");
	size_t length = back_count(head, back.name), hops = 0, place;
	struct ip ip;

	while (hops < HOPS && back_next(&back) &&
	    ip_read(&ip, back.item, back.n) == 0) {
		hops++;
		see_client(seen, &ip);
		if (!trusts(trust, &ip))
			break;
	}
	place = hops ? hops - 1 : 0;
	back = back_at(head, "x-forwarded-proto", place, length);
	see_scheme(seen, back.item, back.n);
	back = back_at(head, "x-forwarded-host", place, length);
	see_host(seen, back.item, back.n);
	back = back_at(head, "x-forwarded-port", place, length);
	see_port(seen, &back);
}

/* --- both ----------------------------------------------------------------- */

/* Whether they differ in what X-Forwarded-* tells and Forwarded tells, too. */
static int
contradict(const struct head *head, const struct proxy_seen *a,
    const struct proxy_seen *b)
{
	return (head_get(head, "x-forwarded-for") &&
		strcmp(a->client.host, b->client.host) != 0) ||
	    (*a->scheme && *b->scheme && strcmp(a->scheme, b->scheme) != 0) ||
	    (*a->host && *b->host && strcasecmp(a->host, b->host) != 0);
}

void
proxy_read(const struct proxy_trust *trust, const struct head *head,
    struct proxy_seen *seen)
{
	struct proxy_seen one, other;

	*seen->scheme = *seen->host = '\0';
	if (!proxy_trusts(trust, &seen->client))
		return;
	one = other = *seen;
	see_x_forwarded(trust, head, &other);
	if (!head_get(head, "forwarded")) {
		*seen = other;
		return;
	}
	see_forwarded(trust, head, &one);
	if (!contradict(head, &one, &other))
		*seen = one;
}
