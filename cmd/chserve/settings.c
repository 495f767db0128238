/* What the command line says. */
#include "chserve/settings.h"

#include "chserve/listen.h"

#include "common/say.h"

#define CONNECT_TIMEOUT_MS 5000
#define DRAIN_TIMEOUT_MS 10000

static struct settings settings = {
	.drain_timeout = DRAIN_TIMEOUT_MS,
	.http.connect_timeout = CONNECT_TIMEOUT_MS,
};

static const struct opt options[] = {
	OPT_LIST('l', "listen", &settings.listens, "ADDR:PORT",
	    "listen there (" LISTEN_DEFAULT ")"),
	OPT_DURATION(0, "drain-timeout", &settings.drain_timeout, "D",
	    "when ending, wait so long for connections (10)"),
	OPT_STRING(0, "root", &settings.root, "DIR", "serve the files in DIR"),
	OPT_STRING(0, "routes", &settings.routes, "FILE",
	    "run chwork on these routes beside it"),
	OPT_COUNT(0, "workers", &settings.workers, "N",
	    "let that run N jobs at once"),
	OPT_LIST(0, "origin", &settings.origins, "PATTERN",
	    "let in pages of these origins, too"),
	OPT_LIST(0, "host", &settings.hosts, "NAME",
	    "answer to this name, or *.NAME"),
	OPT_DURATION(0, "connect-timeout", &settings.http.connect_timeout,
	    "D", "wait so long for a consumer to accept (5)"),
	OPT_COMMON(&settings.store),
	OPT_END,
};

static const struct opt_program program = {
	.name = "chserve",
	.usage = "[-l ADDR:PORT]... [--root DIR] [--routes FILE]",
	.options = options,
	.examples =
	    "  chserve --root public --routes routes   a whole application\n"
	    "  chserve -l 127.0.0.1:0                  on a free port\n",
};

struct settings *
settings_read(int argc, char *argv[])
{
	argv = opt_parse(&program, argc, argv);
	if (*argv)
		opt_wrong(&program, "%s: what is it for?", *argv);
	if (settings.workers && !settings.routes)
		opt_wrong(&program, "--workers needs --routes");
	return &settings;
}
