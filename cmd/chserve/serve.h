/*
 * serve.h - who answers a request: we, a file, or the consumers.
 */
#ifndef CHSERVE_SERVE_H
#define CHSERVE_SERVE_H

#include "chserve/exchange.h"
#include "chserve/pages.h"
#include "chserve/policy.h"
#include "chserve/proxy.h"
#include "chserve/request.h"
#include "chserve/session.h"

struct serve_settings {
	struct policy policy;
	struct proxy_trust trust;
	const char *root_path;   /* where a proxy has us, "" */
	int64_t connect_timeout; /* ms for a consumer to accept a WebSocket */
	int64_t http_timeout;    /* ms for one to answer a request */
	struct body_settings body;
	struct pages_settings pages;
	struct session_settings session;
	const char *const *events; /* --events: groups that are streams */
	size_t n_events;
};

void serve_open(const struct serve_settings *settings);
extern const struct serve_settings *serve_settings;

/* Find who answers it. */
void serve_request(struct request *request);

/* Whether the page that it comes from, if any, may open a stream. */
int serve_lets_in(const struct request *request);

/* The server ends: a request that waits for its body or answer. */
void serve_stop(struct request *request);

#endif
