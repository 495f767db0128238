/* settings.h - what the command line says. */
#ifndef CHSERVE_SETTINGS_H
#define CHSERVE_SETTINGS_H

#include "chserve/conn.h"
#include "chserve/places.h"
#include "chserve/seen.h"
#include "chserve/serve.h"
#include "chserve/tls.h"

#include "common/opt.h"

struct settings {
	const char *store, *state, *root, *routes, *admin;
	struct opt_list listens, origins, hosts, events, certs, keys;
	uint64_t workers, jobs;
	struct places_plan plan;
	int64_t drain_timeout; /* ms for what is in hand when we are to end */
	struct tls_settings tls; /* n_certs 0: none */
	struct seen_settings seen;
	struct conn_settings conn;
	struct serve_settings serve;
};

/*
 * Read the command line; does not return when it makes no sense (64). The
 * texts are words of argv.
 */
struct settings *settings_read(int argc, char *argv[]);

#endif
