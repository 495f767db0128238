/* parse FILE - JSON lines a second through jansson alone: nothing is faster. */
#include "bench/bench.h"

#include <jansson.h>

int
main(int argc, char *argv[])
{
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	double start = bench_us();
	size_t size = 0, n = 0;
	char *line = NULL;
	ssize_t len;
	json_t *json;

	if (!in)
		return 64;
	while ((len = getline(&line, &size, in)) > 0) {
		json = json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES,
		    NULL);
		json_decref(json);
		n++;
	}
	printf("%.0f\n", (double)n / (bench_us() - start) * 1e6);
	free(line);
	fclose(in);
	return 0;
}
