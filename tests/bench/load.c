/*
 * load VERB OPERAND... - what is measured of chserve, from the other end of its
 * connections, and what stands beside it there; tests/bench/serve tells how.
 */
#include "bench/web/web.h"

#include <stdio.h>
#include <string.h>

static const struct verb {
	const char *name;
	int operands;
	int (*run)(char *argv[]);
} verbs[] = {
	{ "bare", 0, web_bare },
	{ "consumer", 0, web_consumer },
	{ "filter", 0, web_filter },
	{ "port", 0, web_port },
	{ "broadcast", 3, web_broadcast },
	{ "one", 2, web_one },
	{ "echo", 4, web_echo },
	{ "connect", 2, web_connect },
	{ "http", 6, web_http },
	{ "memory", 4, web_memory },
};

int
main(int argc, char *argv[])
{
	const struct verb *end = verbs + sizeof(verbs) / sizeof(*verbs), *verb;

	for (verb = verbs; argc > 1 && verb < end; verb++)
		if (strcmp(argv[1], verb->name) == 0 &&
		    argc - 2 >= verb->operands)
			return verb->run(argv + 2);
	fprintf(stderr, "usage: load VERB OPERAND...\n");
	return 64;
}
