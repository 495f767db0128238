/* Who answers a request: we, a file, or the consumers. */
#include "chserve/serve.h"

#include "chserve/answer.h"
#include "chserve/conn.h"
#include "chserve/events.h"
#include "chserve/metrics.h"
#include "chserve/script.h"
#include "chserve/session.h"
#include "chserve/upgrade.h"

#include "common/say.h"

#include <stdlib.h>
#include <string.h>

const struct serve_settings *serve_settings;

void
serve_open(const struct serve_settings *settings)
{
	serve_settings = settings;
}

/* What of the path lies below --root-path; all of it if none does. */
static const char *
below_root(const char *path)
{
	const char *root = serve_settings->root_path;
	size_t n = strlen(root);

	return strncmp(path, root, n) == 0 && (!path[n] || path[n] == '/')
	    ? path + n : path;
}

/* What a trusted proxy says counts instead of what the socket says. */
static void
ask_proxy(struct request *request)
{
	struct proxy_seen seen = { .client = request->from };

	proxy_read(&serve_settings->trust, &request->head, &seen);
	request->from = seen.client;
	if (*seen.scheme)
		request->scheme = strcmp(seen.scheme, "https") == 0 ? "https"
		    : "http";
	if (!*seen.host)
		return;
	request->told_host = strdup(seen.host);
	if (!request->told_host)
		say_memory();
}

/*
 * Host is looked at as well as what a proxy told: a page that another name
 * brought here can tell what it likes.
 */
static int
is_for_us(const struct request *request)
{
	const struct policy *policy = &serve_settings->policy;

	return policy_allows_host(policy, request->head.host, &request->to) &&
	    (!request->told_host || policy_allows_host(policy,
		request->told_host, &request->to));
}

int
serve_lets_in(const struct request *request)
{
	const char *host = request->told_host ? request->told_host
	    : request->head.host;

	return policy_allows_origin(&serve_settings->policy,
	    head_get(&request->head, "origin"), host,
	    strcmp(request->scheme, "https") == 0);
}

/* Whether it may change something (RFC 9110, section 9.2.1). */
static int
changes(const struct head *head)
{
	static const char *const safe[] = { "GET", "HEAD", "OPTIONS",
		"TRACE" };
	size_t i;

	for (i = 0; i < sizeof(safe) / sizeof(*safe); i++)
		if (strcmp(head->method, safe[i]) == 0)
			return 0;
	return 1;
}

/*
 * A browser sends our cookie whoever wrote the page; it also says who did.
 * Where it does not say so, the cookie is worth nothing.
 */
static int
is_forged(const struct request *request)
{
	return session_is_shown(request) &&
	    (!head_get(&request->head, "origin") || !serve_lets_in(request));
}

/* OPTIONS * asks nothing of anybody (RFC 9110, section 9.3.7). */
static void
answer_ping(struct request *request)
{
	struct ch_buf none = CH_BUF_INIT;

	request_begin(request, 204, &none, -1);
	request_end(request);
}

void
serve_request(struct request *request)
{
	int status;

	request->path = below_root(request->head.path);
	ask_proxy(request);
	if (!is_for_us(request)) {
		metrics_add(METRIC_REFUSED_HOST, 1);
		answer_words(request, 421, NULL);
		return;
	}
	if (strcmp(request->path, "*") == 0) {
		answer_ping(request);
		return;
	}
	status = head_upgrades(&request->head);
	if ((status == 1 || changes(&request->head)) && is_forged(request)) {
		metrics_add(METRIC_REFUSED_ORIGIN, 1);
		answer_words(request, 403, NULL);
		return;
	}
	if (status == 1)
		upgrade_begin(request);
	else if (status)
		answer_words(request, status, NULL);
	else if (!pages_begin(request, &serve_settings->pages) &&
	    !events_begin(request) && !answer_file(request) &&
	    !script_begin(request))
		exchange_begin(request);
}

void
serve_stop(struct request *request)
{
	upgrade_stop(request);
	events_stop(request);
	exchange_stop(request);
}
