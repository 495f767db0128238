/* What the command line says. */
#include "chserve/settings.h"

#include "chserve/access.h"
#include "chserve/client.h"
#include "chserve/cookie.h"

#include "common/json.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define DRAIN_TIMEOUT_MS 10000

static uint64_t form_fields, form_files;

static struct settings settings = {
	/* Only we ourselves: who connects passes for anybody it likes. */
	.plan = { 1, { 0600, (uid_t)-1, (gid_t)-1 }, 0 },
	.jobs = 1,
	.drain_timeout = DRAIN_TIMEOUT_MS,
	.conn.body_timeout = 60000,
	.serve = {
		.root_path = "",
		.connect_timeout = 5000,
		.http_timeout = 120000,
		.body = {
			.mode = BODY_SPOOL,
			.inline_max = 65536,
			.max = 32 << 20,
			.form = { .fields = 1000, .field_size = 65536,
			    .total = 1 << 20, .files = 20,
			    .file_size = INT64_MAX },
		},
	},
};

static const char *socket_mode, *socket_owner, *root_path;
static struct opt_list proxies;

static const struct opt options[] = {
	OPT_LIST('l', "listen", &settings.listens, "WHERE",
	    "ADDR:PORT, unix:PATH or fd:N (" PLACES_DEFAULT ")"),
	OPT_STRING(0, "socket-mode", &socket_mode, "MODE",
	    "let them connect to unix sockets (0600)"),
	OPT_STRING(0, "socket-owner", &socket_owner, "USER[:GROUP]",
	    "give unix sockets to them"),
	OPT_FLAG(0, "take-over", &settings.plan.take_over,
	    "get these from the chserve that listens there"),
	OPT_COUNT('j', "jobs", &settings.jobs, "N",
	    "serve with N processes (1)"),
	OPT_DURATION(0, "drain-timeout", &settings.drain_timeout, "D",
	    "when ending, wait so long for connections (10)"),
	OPT_LIST(0, "tls-cert", &settings.certs, "FILE",
	    "speak HTTPS with this certificate and its chain"),
	OPT_LIST(0, "tls-key", &settings.keys, "FILE",
	    "its key, where it is in a file of its own"),
	OPT_STRING(0, "tls-client-ca", &settings.tls.client_ca, "FILE",
	    "ask clients for certificates of these authorities"),
	OPT_CHOICE(0, "tls-client", &settings.tls.client_may, "WHEN",
	    "required|optional", "whether they must have one (required)"),
	OPT_FLAG(0, "no-h2", &settings.conn.no_h2, "speak HTTP/1.1 only"),
	OPT_STRING(0, "root", &settings.root, "DIR", "serve the files in DIR"),
	OPT_STRING(0, "routes", &settings.routes, "FILE",
	    "run chwork on these routes beside it"),
	OPT_COUNT(0, "workers", &settings.workers, "N",
	    "let that run N jobs at once"),
	OPT_LIST(0, "origin", &settings.origins, "PATTERN",
	    "let in pages of these origins, too"),
	OPT_LIST(0, "host", &settings.hosts, "NAME",
	    "answer to this name, or *.NAME"),
	OPT_LIST(0, "trust-proxy", &proxies, "CIDR",
	    "believe what this proxy says of its clients"),
	OPT_STRING(0, "root-path", &root_path, "PATH",
	    "where a proxy has us mounted"),
	OPT_DURATION(0, "connect-timeout", &settings.serve.connect_timeout,
	    "D", "wait so long for a consumer to accept (5)"),
	OPT_DURATION(0, "http-timeout", &settings.serve.http_timeout, "D",
	    "wait so long for a consumer's answer (120)"),
	OPT_CHOICE(0, "body", &settings.serve.body.mode, "HOW",
	    "inline|stream|spool", "where large bodies go (spool)"),
	OPT_SIZE(0, "inline-max", &settings.serve.body.inline_max, "SIZE",
	    "bodies up to this are in the message (64K)"),
	OPT_SIZE(0, "body-max", &settings.serve.body.max, "SIZE",
	    "refuse larger bodies (32M)"),
	OPT_DURATION(0, "body-timeout", &settings.conn.body_timeout, "D",
	    "wait so long for more of a body (60)"),
	OPT_COUNT(0, "form-fields", &form_fields, "N",
	    "refuse forms with more fields (1000)"),
	OPT_COUNT(0, "form-files", &form_files, "N",
	    "refuse forms with more files (20)"),
	OPT_FLAG(0, "no-forms", &settings.serve.body.no_forms,
	    "leave forms unparsed"),
	OPT_LIST(0, "events", &settings.events, "GLOB",
	    "stream these groups at /events/GROUP"),
	OPT_FLAG(0, "sessions", &settings.serve.session.on,
	    "know visitors again by a cookie"),
	OPT_STRING(0, "session-cookie", &settings.serve.session.cookie,
	    "NAME", "its name (session; TLS: __Host-session)"),
	OPT_DURATION(0, "session-idle", &settings.serve.session.idle, "D",
	    "end sessions that are not used for D (7d)"),
	OPT_DURATION(0, "session-max-age", &settings.serve.session.max_age,
	    "D", "end sessions that are so old (30d)"),
	OPT_FLAG(0, "require-login", &settings.serve.session.need_login,
	    "refuse WebSockets and events without a user"),
	OPT_STRING(0, "state", &settings.state, "DIR",
	    "keep sessions and bodies there (the store's directory)"),
	OPT_LIST(0, "subprotocol", &client_settings.subprotocols, "NAME",
	    "choose this one, if a WebSocket offers it"),
	OPT_FLAG(0, "no-deflate", &client_settings.no_deflate,
	    "compress no WebSocket messages"),
	OPT_DURATION(0, "ping-interval", &client_settings.ping_interval, "D",
	    "ping after so long a silence (20)"),
	OPT_DURATION(0, "ping-timeout", &client_settings.ping_timeout, "D",
	    "give up so long after a ping (30)"),
	OPT_DURATION(0, "websocket-timeout", &client_settings.lifetime, "D",
	    "close a WebSocket after D, whatever it does"),
	OPT_COUNT(0, "message-rate", &client_settings.message_rate, "N",
	    "read N messages a second from each"),
	OPT_STRING(0, "access-log", &settings.seen.file, "FILE",
	    "log each request there (- standard output)"),
	OPT_CHOICE(0, "log-format", &settings.seen.format, "FORMAT",
	    ACCESS_FORMATS, ACCESS_FORMATS " (combined)"),
	OPT_STRING(0, "admin", &settings.admin, "WHERE",
	    "have /metrics and /health there, alone"),
	OPT_STRING(0, "metrics", &settings.serve.pages.metrics, "PATH",
	    "have the metrics at that path, too"),
	OPT_STRING(0, "health", &settings.serve.pages.health, "PATH",
	    "say there whether all is well"),
	OPT_FLAG(0, "console", &settings.serve.pages.console,
	    "have a page to try things out at /console"),
	OPT_COUNT(0, "max-connections", &settings.conn.max_connections, "N",
	    "serve N connections at once (open files)"),
	OPT_COUNT(0, "max-per-address", &settings.conn.max_per_address, "N",
	    "serve N of one address (1000, or a quarter)"),
	OPT_COMMON(&settings.store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chserve",
	.usage = "[-l WHERE]... [-j N] [--root DIR] [--routes FILE]",
	.options = options,
	.examples =
	    "  chserve --root public --routes routes   a whole application\n"
	    "  chserve -l 127.0.0.1:0                  on a free port\n",
};

/* --- what the table cannot see ------------------------------------------- */

static int
has_local(void)
{
	size_t i;

	for (i = 0; i < settings.listens.n; i++)
		if (strncmp(settings.listens.items[i], "unix:", 5) == 0)
			return 1;
	return 0;
}

static void
read_local(struct local_how *how)
{
	struct ch_err err = CH_ERR_INIT;
	char *end;

	if ((socket_mode || socket_owner) && !has_local())
		opt_wrong(&program, "--socket-%s needs -l unix:PATH",
		    socket_mode ? "mode" : "owner");
	if (socket_mode) {
		how->mode = (mode_t)strtoul(socket_mode, &end, 8);
		if (*end || !*socket_mode || *socket_mode == '-' ||
		    how->mode > 0777)
			opt_wrong(&program, "--socket-mode %s: is no mode",
			    socket_mode);
	}
	if (socket_owner && local_owner(how, socket_owner, &err) != CH_OK)
		opt_wrong(&program, "--socket-owner %s", err.text);
}

static void
read_names(void)
{
	struct ch_err err = CH_ERR_INIT;
	size_t i;

	for (i = 0; i < settings.hosts.n; i++)
		if (!policy_is_host(settings.hosts.items[i]))
			opt_wrong(&program, "--host %s: is no name without a "
			    "port, and no glob", settings.hosts.items[i]);
	for (i = 0; i < settings.origins.n; i++)
		if (!policy_is_origin(settings.origins.items[i]))
			opt_wrong(&program, "--origin %s: is no "
			    "scheme://host:port, nor a glob over such",
			    settings.origins.items[i]);
	for (i = 0; i < proxies.n; i++)
		if (proxy_trust_add(&settings.serve.trust, proxies.items[i],
			&err) != CH_OK)
			opt_wrong(&program, "--trust-proxy %s", err.text);
}

/* A path as requests have it, decoded; a slash at its end means nothing. */
static void
read_root_path(void)
{
	size_t n = strlen(root_path);
	const char *part;
	char *path;

	while (n && root_path[n - 1] == '/')
		n--;
	path = strndup(root_path, n);
	if (!path)
		say_memory();
	for (part = path; *part == '/'; part += strcspn(part, "/"))
		if (strspn(++part, "./"))
			break;
	if (*part || *root_path != '/' || strpbrk(path, "?#%") ||
	    json_utf8(path, n) != n)
		opt_wrong(&program, "--root-path %s: is no path of a URL",
		    root_path);
	settings.serve.root_path = path;
}

static void
read_tls(struct tls_settings *tls)
{
	tls->certs = settings.certs.items;
	tls->n_certs = settings.certs.n;
	tls->keys = settings.keys.items;
	tls->n_keys = settings.keys.n;
	tls->no_h2 = settings.conn.no_h2;
	if (!tls->n_certs && (tls->n_keys || tls->client_ca))
		opt_wrong(&program, "%s needs --tls-cert",
		    tls->n_keys ? "--tls-key" : "--tls-client-ca");
	if (tls->n_keys && tls->n_keys != tls->n_certs)
		opt_wrong(&program,
		    "there is one --tls-key for each --tls-cert, or none");
	if (tls->client_may && !tls->client_ca)
		opt_wrong(&program, "--tls-client needs --tls-client-ca");
}

static void
check_session(void)
{
	const struct session_settings *session = &settings.serve.session;

	if (!session->on && (session->need_login || session->cookie ||
	    session->idle || session->max_age))
		opt_wrong(&program, "%s needs --sessions",
		    session->need_login ? "--require-login" :
		    session->cookie ? "--session-cookie" :
		    session->idle ? "--session-idle" : "--session-max-age");
	if (session->cookie && !cookie_is_name(session->cookie))
		opt_wrong(&program, "--session-cookie %s: is no cookie's name",
		    session->cookie);
}

static void
check_seeing(void)
{
	const struct pages_settings *pages = &settings.serve.pages;

	if (settings.seen.format && !settings.seen.file)
		opt_wrong(&program, "--log-format needs --access-log");
	if (pages->metrics && *pages->metrics != '/')
		opt_wrong(&program, "--metrics %s: is no path",
		    pages->metrics);
	if (pages->health && *pages->health != '/')
		opt_wrong(&program, "--health %s: is no path", pages->health);
	if (pages->metrics && pages->health &&
	    strcmp(pages->metrics, pages->health) == 0)
		opt_wrong(&program, "--metrics and --health are at one path");
}

struct settings *
settings_read(int argc, char *argv[])
{
	size_t i;

	argv = opt_parse(&program, argc, argv);
	if (*argv)
		opt_wrong(&program, "%s: what is it for?", *argv);
	if (settings.workers && !settings.routes)
		opt_wrong(&program, "--workers needs --routes");
	if (settings.jobs > PLACES_JOBS_MAX)
		opt_wrong(&program, "-j: at most %d", PLACES_JOBS_MAX);
	settings.plan.jobs = (size_t)settings.jobs;
	read_local(&settings.plan.local);
	read_names();
	if (root_path)
		read_root_path();
	read_tls(&settings.tls);
	check_seeing();
	check_session();
	if (form_fields)
		settings.serve.body.form.fields = form_fields;
	if (form_files)
		settings.serve.body.form.files = form_files;
	for (i = 0; i < client_settings.subprotocols.n; i++)
		if (!offer_is_name(client_settings.subprotocols.items[i]))
			opt_wrong(&program, "subprotocol %s: no such name",
			    client_settings.subprotocols.items[i]);
	return &settings;
}
