/* What the command line says. */
#include "chserve/settings.h"

#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000
#define DRAIN_TIMEOUT_MS 10000

static struct settings settings = {
	/* Only we ourselves: who connects passes for anybody it likes. */
	.plan = { 1, { 0600, (uid_t)-1, (gid_t)-1 } },
	.drain_timeout = DRAIN_TIMEOUT_MS,
	.http.connect_timeout = CONNECT_TIMEOUT_MS,
};

static const char *socket_mode, *socket_owner;

static const struct opt options[] = {
	OPT_LIST('l', "listen", &settings.listens, "WHERE",
	    "ADDR:PORT, unix:PATH or fd:N (" PLACES_DEFAULT ")"),
	OPT_STRING(0, "socket-mode", &socket_mode, "MODE",
	    "let them connect to unix sockets (0600)"),
	OPT_STRING(0, "socket-owner", &socket_owner, "USER[:GROUP]",
	    "give unix sockets to them"),
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
	.usage = "[-l WHERE]... [--root DIR] [--routes FILE]",
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

struct settings *
settings_read(int argc, char *argv[])
{
	argv = opt_parse(&program, argc, argv);
	if (*argv)
		opt_wrong(&program, "%s: what is it for?", *argv);
	if (settings.workers && !settings.routes)
		opt_wrong(&program, "--workers needs --routes");
	read_local(&settings.plan.local);
	return &settings;
}
