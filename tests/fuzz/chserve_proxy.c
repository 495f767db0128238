/*
 * chserve_proxy.c - fuzzes what proxies say: each line a letter for the field's
 * name, then its value.
 *
 * Whatever they say, the client is an address that can be read again, a host is
 * one, a peer that is not trusted is never believed, and what the client puts
 * in front does not matter.
 */
#include "chserve/ip.h"
#include "chserve/policy.h"
#include "chserve/proxy.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct proxy_trust trust;

static void
check(int good)
{
	if (!good)
		abort();
}

/* Cut the text into fields. */
static void
cut(struct head *head, char *text)
{
	static const char *const names[] = { "forwarded", "x-forwarded-for",
		"x-forwarded-proto", "x-forwarded-host", "x-forwarded-port" };
	char *line;

	for (line = strtok(text, "\n"); line && head->n_fields < HEAD_FIELDS;
	    line = strtok(NULL, "\n")) {
		head->fields[head->n_fields].name = names[*line % 5u];
		head->fields[head->n_fields++].value = line + 1;
	}
}

static void
check_seen(const struct proxy_seen *seen)
{
	struct host host;
	struct ip ip;

	check(ip_read(&ip, seen->client.host, strlen(seen->client.host)) == 0);
	check(seen->client.port <= 65535 && !seen->client.local);
	check(!*seen->scheme || !strcmp(seen->scheme, "http") ||
	    !strcmp(seen->scheme, "https"));
	check(!*seen->host ||
	    host_read(&host, seen->host, strlen(seen->host)) == 0);
}

static void
check_policy(const char *text)
{
	static const char *const patterns[] = { "*.example.org" };
	static const struct event_peer at = { "192.0.2.1", 80, 0 };
	const struct policy policy = { 0, patterns, 1, patterns, 1 };
	struct host host;

	policy_allows_origin(&policy, text, "h:8000", 0);
	policy_allows_origin(&policy, "https://h", text, 1);
	policy_is_host(text);
	if (*text && policy_allows_host(&policy, text, &at))
		check(host_read(&host, text, strlen(text)) == 0);
}

/* A client that is found stays the same, whatever it puts before the list. */
static void
check_forged(struct head *head, const struct proxy_seen *seen,
    struct proxy_seen start)
{
	size_t i;

	if (head->n_fields == HEAD_FIELDS || head_get(head, "forwarded") ||
	    proxy_trusts(&trust, &seen->client))
		return;
	for (i = head->n_fields++; i > 0; i--)
		head->fields[i] = head->fields[i - 1];
	head->fields[0].name = "x-forwarded-for";
	head->fields[0].value = "6.6.6.6";
	proxy_read(&trust, head, &start);
	check(!strcmp(start.client.host, seen->client.host));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_seen start = { .client = { "127.0.0.1", 1, 0 } };
	struct proxy_seen seen = start, other = start;
	struct head head = { .n_fields = 0 };
	char *text = malloc(size + 1); /* exactly: beyond is seen */

	if (!text || (!trust.n && (proxy_trust_add(&trust, "127.0.0.1", NULL) ||
	    proxy_trust_add(&trust, "10.0.0.0/8", NULL))))
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	check_policy(text);
	cut(&head, text);
	proxy_read(&trust, &head, &seen);
	check_seen(&seen);
	strcpy(other.client.host, "203.0.113.1");
	proxy_read(&trust, &head, &other);
	check(!strcmp(other.client.host, "203.0.113.1") && !*other.scheme &&
	    !*other.host);
	check_forged(&head, &seen, start);
	free(text);
	return 0;
}
