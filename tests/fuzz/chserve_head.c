/*
 * chserve_head.c - fuzzes request heads, as any stranger may send them.
 *
 * What is accepted holds what the header promises, so it may become a message.
 */
#include "chserve/event.h"
#include "chserve/head.h"
#include "chserve/policy.h"

#include "channel.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct head *head)
{
	static const struct who nobody = { "", NULL, 0 };
	static const struct event_of of = { "p!1", "/", 0, &nobody };
	static const struct event_peer peer = { "::1", 1, 0 };
	static const struct policy policy = { .loopback = 1 };
	const struct event_from from = { head, "http", "", &peer, &peer,
		NULL, &nobody };
	struct ch_buf out = CH_BUF_INIT;
	struct offer offer;
	const char *c;
	int status;

	if (*head->path != '/' && (strcmp(head->path, "*") != 0 ||
	    strcmp(head->method, "OPTIONS") != 0))
		abort();
	for (c = head->path; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			abort();
	status = offer_read(&offer, head);
	if (status && status != 400)
		abort();
	event_connect(&out, &of, &from, &offer);
	if (ch_message_check(out.data, out.len, NULL) != CH_OK)
		abort();
	ch_buf_release(&out);
	offer_release(&offer);
	policy_allows_host(&policy, head->host, &peer);
	policy_allows_origin(&policy, head_get(head, "origin"), head->host, 0);
	head_upgrades(head);
	head_keeps(head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size ? size : 1); /* exactly: beyond is seen */
	struct head head;
	size_t n;

	memcpy(bytes, data, size);
	n = head_length(bytes, size);
	if (n > size)
		abort();
	if (n) {
		if (head_parse(&head, bytes, n) == 0)
			check(&head);
		head_release(&head);
	}
	free(bytes);
	return 0;
}
