/* Echoes, connections, requests, memory: chserve beside a reference. */
#include "bench/web/web.h"

#include "bench/bench.h"
#include "bench/web/link.h"
#include "bench/web/net.h"

#include <sys/epoll.h>

#define RUNS 5
#define CONNECTIONS 50
#define RUN_MS 400
#define LATENCY_ROUNDS 400
#define AT_A_TIME 16
#define CONNECT_MS 700
#define IDLE 5000

#define TEXT "{\"text\":\"%087d\"}" /* 98 bytes, and jq can read them */

/* A port, or 0 for a peer that is not there. */
static int
port_of(const char *text)
{
	return atoi(text);
}

/* port: one that nobody listens at, for a server that cannot choose one. */
int
web_port(char *argv[])
{
	int port;

	(void)argv;
	close(net_listen(&port));
	printf("%d\n", port);
	return 0;
}

/* --- echo ----------------------------------------------------------------- */

struct echoes {
	struct link links[CONNECTIONS];
	double latency[RUNS], rate[RUNS];
};

static struct question
echo_question(void)
{
	char text[128];

	snprintf(text, sizeof(text), TEXT, 7);
	return question_text(text);
}

static void
echo_open(struct echoes *echoes, int port)
{
	size_t i;

	for (i = 0; port && i < CONNECTIONS; i++)
		link_open(&echoes->links[i], port, "/idle");
}

static void
echo_run(struct echoes *echoes, int port, int run)
{
	struct question ask = echo_question();

	if (!port)
		return;
	echoes->latency[run] = loop_latency(&echoes->links[0], &ask,
	    LATENCY_ROUNDS);
	echoes->rate[run] = loop_rate(echoes->links, CONNECTIONS, &ask,
	    RUN_MS);
}

static double
median(double values[RUNS])
{
	return bench_quantile(values, RUNS, 0.5);
}

/* A row that is judged where the target is to beat the reference. */
static void
echo_row(const char *what, double ours, double reference, const char *unit,
    const char *target, int more_is_better)
{
	int met = more_is_better ? ours > reference : ours < reference;

	if (reference > 0 && *target != '-')
		bench_judge(what, ours, reference, 0, unit, target, met);
	else
		bench_row(what, ours, reference, 0, unit, target);
}

/* echo WHAT OURS REFERENCE TARGET */
int
web_echo(char *argv[])
{
	static struct echoes ours, theirs;
	int port = port_of(argv[1]), reference = port_of(argv[2]), i;
	char what[64];

	echo_open(&ours, port);
	echo_open(&theirs, reference);
	for (i = 0; i < RUNS; i++) {
		echo_run(&ours, port, i);
		echo_run(&theirs, reference, i);
	}
	snprintf(what, sizeof(what), "echo, %s", argv[0]);
	echo_row(what, median(ours.latency), median(theirs.latency), " us",
	    argv[3], 0);
	echo_row("  50 connections, a second", median(ours.rate),
	    median(theirs.rate), "", argv[3], 1);
	return 0;
}

/* --- connect, echo, close ------------------------------------------------- */

/* What a link of ours does next; 1 when it is over. */
static int
advance(struct link *link)
{
	struct question ask = echo_question(), bye = question_close();
	int got = link_read(link);

	if (got > 0 && !link->got++)
		net_send(link->fd, ask.bytes, ask.len);
	else if (got > 0)
		net_send(link->fd, bye.bytes, bye.len);
	return got < 0;
}

static double
connect_rate(int port)
{
	struct epoll_event events[AT_A_TIME];
	struct link links[AT_A_TIME], *link;
	double start = bench_us(), end = 0;
	int epoll_fd = epoll_create1(0), ready, i, open;
	size_t all = 0;

	for (open = 0; open < AT_A_TIME; open++) {
		link_start(&links[open], port, "/idle");
		link_watch(&links[open], epoll_fd);
	}
	while (open) {
		ready = epoll_wait(epoll_fd, events, AT_A_TIME, -1);
		for (i = 0; i < ready; i++) {
			link = events[i].data.ptr;
			if (!advance(link))
				continue;
			link_close(link);
			all += !end;
			if (bench_us() - start < CONNECT_MS * 1000) {
				link_start(link, port, "/idle");
				link_watch(link, epoll_fd);
			} else {
				end = end > 0 ? end : bench_us();
				open--;
			}
		}
	}
	close(epoll_fd);
	return (double)all / (end - start) * 1e6;
}

/* connect OURS BARE */
int
web_connect(char *argv[])
{
	double ours[RUNS], bare[RUNS];
	int i;

	for (i = 0; i < RUNS; i++) {
		ours[i] = connect_rate(port_of(argv[0]));
		bare[i] = connect_rate(port_of(argv[1]));
	}
	bench_rate("connect, echo, close, a second; bare", median(ours),
	    median(bare), 5000, 0.36);
	return 0;
}

/* --- requests ------------------------------------------------------------- */

struct requests {
	struct link links[CONNECTIONS];
	double rate[RUNS];
};

static void
requests_open(struct requests *requests, int port)
{
	size_t i;

	for (i = 0; port && i < CONNECTIONS; i++)
		link_open_http(&requests->links[i], port);
}

/* http WHAT OURS REFERENCE PATH TARGET RATIO */
int
web_http(char *argv[])
{
	static struct requests ours, theirs;
	struct question ask = question_get(argv[3]);
	int reference = port_of(argv[2]), i;

	requests_open(&ours, port_of(argv[1]));
	requests_open(&theirs, reference);
	for (i = 0; i < RUNS; i++) {
		ours.rate[i] = loop_rate(ours.links, CONNECTIONS, &ask,
		    RUN_MS);
		theirs.rate[i] = reference ? loop_rate(theirs.links,
		    CONNECTIONS, &ask, RUN_MS) : 0;
	}
	bench_rate(argv[0], median(ours.rate), median(theirs.rate),
	    atof(argv[4]), atof(argv[5]));
	return 0;
}

/* --- memory --------------------------------------------------------------- */

/* What a process has of its own, and its share of what it shares, in KB. */
static double
pss(const char *pid)
{
	char path[64], line[256];
	double kb = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/smaps_rollup", pid);
	file = fopen(path, "r");
	if (!file)
		net_fail(path);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "Pss:", 4) == 0)
			kb = atof(line + 4);
	fclose(file);
	return kb;
}

static double
memory_of(const char *port, const char *pid)
{
	struct link *links = calloc(IDLE, sizeof(*links));
	double before = pss(pid), after;
	size_t i;

	for (i = 0; links && i < IDLE; i++)
		link_open(&links[i], port_of(port), "/idle");
	after = pss(pid);
	for (i = 0; links && i < IDLE; i++)
		link_close(&links[i]);
	free(links);
	return (after - before) / IDLE;
}

/* memory OURS PID BARE PID */
int
web_memory(char *argv[])
{
	double ours, bare;

	net_descriptors();
	ours = memory_of(argv[0], argv[1]);
	bare = memory_of(argv[2], argv[3]);
	bench_judge("memory of an idle connection; bare", ours, bare, 2,
	    " KB", "8 KB", ours < 8);
	return 0;
}
