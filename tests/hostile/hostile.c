/*
 * hostile - attack a server on this machine, and say what that did to it and
 * to a client that does nothing wrong.
 *
 *     hostile list
 *     hostile MODE HOST PORT PID CLIENTS SECONDS
 *
 * Prints a line of JSON: what the attackers met, the most memory that the
 * server (PID) had, and the times of the good client. Loopback only. They are
 * on the server's machine: so that it is the server that is measured, not who
 * gets a processor, the attackers (not the good client) are nice.
 */
#include "hostile/good.h"
#include "hostile/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *server_pid;
static long most_rss, most_anon; /* KiB */

static void
look_at_server(void)
{
	char path[64], line[256];
	long kib;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/status", server_pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmRSS: %ld", &kib) == 1 && kib > most_rss)
			most_rss = kib;
		if (sscanf(line, "RssAnon: %ld", &kib) == 1 &&
		    kib > most_anon)
			most_anon = kib;
	}
	if (file)
		fclose(file);
}

static void
report(const char *mode, const char *n)
{
	const struct peers_counts *c = &peers_counts;
	struct good gets, echoes;

	good_end(&gets, &echoes);
	printf("{\"mode\":\"%s\",\"clients\":%s,\"most\":%zu,\"opened\":%zu,"
	    "\"refused\":%zu,\"closed\":%zu,\"failed\":%zu,\"sent_kb\":%llu,"
	    "\"rss_kb\":%ld,\"anon_kb\":%ld,", mode, n, c->most, c->opened,
	    c->refused, c->closed, c->failed,
	    (unsigned long long)c->sent >> 10, most_rss, most_anon);
	printf("\"good\":%zu,\"bad\":%zu,\"p50_ms\":%.1f,\"p99_ms\":%.1f,"
	    "\"echoes\":%zu,\"bad_echoes\":%zu,\"echo_p50_ms\":%.1f,"
	    "\"echo_p99_ms\":%.1f}\n", gets.done, gets.failed, gets.p50,
	    gets.p99, echoes.done, echoes.failed, echoes.p50, echoes.p99);
}

int
main(int argc, char *argv[])
{
	const struct mode *mode;
	struct rlimit files;

	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		modes_list();
		return 0;
	}
	mode = argc == 7 ? modes_find(argv[1]) : NULL;
	if (!mode) {
		fprintf(stderr, "usage: hostile MODE HOST PORT PID CLIENTS "
		    "SECONDS\n");
		return 64;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	server_pid = argv[4];
	good_begin(argv[2], (unsigned)atoi(argv[3]));
	if (nice(19) == -1) /* this thread, not those that were begun */
		perror("hostile: nice");
	peers_run(mode, argv[2], (unsigned)atoi(argv[3]),
	    (size_t)atol(argv[5]), atof(argv[6]), look_at_server);
	report(argv[1], argv[5]);
	return 0;
}
