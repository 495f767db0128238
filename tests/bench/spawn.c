/*
 * spawn N COMMAND... -- REFERENCE... - the median time of a process, beside
 * that of another, N of each in turns, and the memory that the first takes.
 */
#include "bench/bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

static double
run(char *argv[], long *rss)
{
	struct rusage usage;
	double start = bench_us();
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) ||
	    wait4(pid, &status, 0, &usage) != pid || status) {
		fprintf(stderr, "spawn: %s failed\n", argv[0]);
		exit(1);
	}
	*rss = usage.ru_maxrss;
	return bench_us() - start;
}

int
main(int argc, char *argv[])
{
	size_t i, n = argc > 2 ? (size_t)atol(argv[1]) : 0;
	double *ours = calloc(n + 1, sizeof(*ours));
	double *theirs = calloc(n + 1, sizeof(*theirs));
	char **reference = argv;
	long rss = 0, unused;

	while (*reference && strcmp(*reference, "--"))
		reference++;
	if (!n || !ours || !theirs || !*reference)
		return 64;
	*reference++ = NULL;
	for (i = 0; i < n; i++) {
		ours[i] = run(argv + 2, &rss);
		theirs[i] = run(reference, &unused);
	}
	bench_row("one chsend, a process, beside /bin/true",
	    bench_quantile(ours, n, 0.5), bench_quantile(theirs, n, 0.5), 0,
	    " us", "1.3 x");
	bench_row("  its memory", (double)rss / 1024, 0, 2, " MB", "2.5 MB");
	free(ours);
	free(theirs);
	return 0;
}
