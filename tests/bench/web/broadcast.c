/* A message to many connections, and to one of many. */
#include "bench/web/web.h"

#include "bench/bench.h"
#include "bench/web/link.h"
#include "bench/web/net.h"

#include <sys/epoll.h>

#define IN_FLIGHT 16 /* a power of two */
#define EVENTS 512
#define RUNS 3
#define RUN_US 1000000
#define SINGLES 31 /* rounds of one at a time */
#define PAUSE_US 2000
#define MANY 5000 /* connections for which the time has a target */
#define MOST 10000 /* idle ones, or what descriptors allow */
#define FEW 10
#define RESERVED 200 /* descriptors that are not for connections */

#define MESSAGE "{\"text\":\"%091d\"}" /* 102 bytes */

/* A server's connections, and how to send to all of them. */
struct crowd {
	struct link *links;
	size_t n;
	int epoll_fd;
	struct ch_layer *layer; /* chserve: to a group; NULL: the bare server */
	char group[32];
	struct link sender;
};

static struct crowd
crowd_open(int port, size_t n, struct ch_layer *layer, const char *group)
{
	struct crowd crowd = { .n = n, .layer = layer };
	char path[64];
	size_t i;

	snprintf(crowd.group, sizeof(crowd.group), "%s", group);
	snprintf(path, sizeof(path), "/%s", group);
	crowd.epoll_fd = epoll_create1(0);
	crowd.links = calloc(n, sizeof(*crowd.links));
	if (!crowd.links)
		net_fail("connections");
	for (i = 0; i < n; i++) {
		link_open(&crowd.links[i], port, path);
		link_watch(&crowd.links[i], crowd.epoll_fd);
	}
	if (!layer)
		link_open(&crowd.sender, port, "/sender");
	return crowd;
}

static void
crowd_close(struct crowd *crowd)
{
	size_t i;

	for (i = 0; i < crowd->n; i++)
		link_close(&crowd->links[i]);
	if (!crowd->layer)
		link_close(&crowd->sender);
	free(crowd->links);
	close(crowd->epoll_fd);
}

static void
send_one(const struct crowd *crowd)
{
	struct ch_send_opts opts = { .flags = CH_CHECKED };
	struct ch_err err = CH_ERR_INIT;
	struct question ask;
	char text[128];
	int n = snprintf(text, sizeof(text), MESSAGE, 7);

	if (crowd->layer) {
		bench_must(ch_group_send(crowd->layer, crowd->group, text,
		    (size_t)n, &opts, NULL, &err), &err);
		return;
	}
	ask = question_text(text);
	net_send(crowd->sender.fd, ask.bytes, ask.len);
}

/* Frames that came to one of the connections, which is stored. */
static size_t
came(const struct epoll_event *event, struct link **link)
{
	int got;

	*link = event->data.ptr;
	got = link_read(*link);
	if (got >= 0)
		return (size_t)got;
	fprintf(stderr, "bench: a connection was closed\n");
	exit(1);
}

/* --- one at a time -------------------------------------------------------- */

/* From the send until the last one has it, in us. */
static double
last_served(const struct crowd *crowd)
{
	struct epoll_event events[EVENTS];
	size_t left = crowd->n;
	double start;
	struct link *link;
	int n, i;

	bench_pause(PAUSE_US);
	start = bench_us();
	send_one(crowd);
	while (left) {
		n = epoll_wait(crowd->epoll_fd, events, EVENTS, -1);
		for (i = 0; i < n; i++)
			left -= came(&events[i], &link);
	}
	return bench_us() - start;
}

static void
one_at_a_time(const struct crowd *ours, const struct crowd *bare)
{
	double a[SINGLES], b[SINGLES], served, reference;
	char what[64];
	int i;

	for (i = 0; i < SINGLES; i++) {
		a[i] = last_served(ours);
		b[i] = last_served(bare);
	}
	served = bench_quantile(a, SINGLES, 0.5) / 1000;
	reference = bench_quantile(b, SINGLES, 0.5) / 1000;
	snprintf(what, sizeof(what),
	    "broadcast to %zu, the last one served; bare", ours->n);
	if (ours->n < MANY)
		bench_row(what, served, reference, 2, " ms", "");
	else
		bench_judge(what, served, reference, 2, " ms", "1.4 x",
		    served <= 1.4 * reference);
}

/* --- sustained ------------------------------------------------------------ */

/* Deliveries a second, with IN_FLIGHT messages on their way. */
static double
sustained(struct crowd *crowd)
{
	size_t left[IN_FLIGHT], done = 0, sent = 0, all = 0, got, k;
	struct epoll_event events[EVENTS];
	double start = bench_us(), end = 0;
	struct link *link;
	int n, i;

	for (k = 0; k < crowd->n; k++)
		crowd->links[k].got = 0;
	for (; sent < IN_FLIGHT; sent++) {
		left[sent] = crowd->n;
		send_one(crowd);
	}
	while (done < sent) {
		n = epoll_wait(crowd->epoll_fd, events, EVENTS, -1);
		for (i = 0; i < n; i++) {
			got = came(&events[i], &link);
			all += end > 0 ? 0 : got;
			for (; got; got--)
				left[link->got++ % IN_FLIGHT]--;
		}
		if (!(end > 0) && bench_us() - start >= RUN_US)
			end = bench_us();
		for (; done < sent && !left[done % IN_FLIGHT]; done++) {
			if (end > 0)
				continue;
			left[done % IN_FLIGHT] = crowd->n;
			send_one(crowd);
			sent++;
		}
	}
	return (double)all / (end - start) * 1e6;
}

/* The target is a million, of what the bare server did when it was set. */
static void
in_flight(struct crowd *ours, struct crowd *bare)
{
	double ratio = ours->n <= 100 ? 0.71 : ours->n <= 1000 ? 0.83 : 1;
	double a[RUNS], b[RUNS];
	char what[64];
	int i;

	for (i = 0; i < RUNS; i++) {
		a[i] = sustained(ours);
		b[i] = sustained(bare);
	}
	snprintf(what, sizeof(what), "  to %zu, %d in flight, deliveries/s",
	    ours->n, IN_FLIGHT);
	bench_rate(what, bench_quantile(a, RUNS, 0.5),
	    bench_quantile(b, RUNS, 0.5), 1000000, ratio);
}

/* broadcast OURS BARE N... */
int
web_broadcast(char *argv[])
{
	int ours_at = atoi(argv[0]), bare_at = atoi(argv[1]);
	struct ch_layer *layer = bench_open();
	struct crowd ours, bare;
	char group[32];
	size_t n;

	net_descriptors();
	for (argv += 2; *argv; argv++) {
		n = strtoul(*argv, NULL, 10);
		snprintf(group, sizeof(group), "crowd-%zu", n);
		ours = crowd_open(ours_at, n, layer, group);
		bare = crowd_open(bare_at, n, NULL, "member");
		one_at_a_time(&ours, &bare);
		in_flight(&ours, &bare);
		crowd_close(&ours);
		crowd_close(&bare);
	}
	ch_close(layer);
	return 0;
}

/* --- to one of many ------------------------------------------------------- */

/* one FEW MANY: two servers on one store */
int
web_one(char *argv[])
{
	size_t most = net_descriptors() - RESERVED, i;
	struct ch_layer *layer = bench_open();
	struct crowd few, many, idle[2];
	double a[SINGLES * 10], b[SINGLES * 10], ours;
	char what[64];

	most = most < MOST ? most : MOST;
	few = crowd_open(atoi(argv[0]), 1, layer, "few");
	many = crowd_open(atoi(argv[1]), 1, layer, "many");
	idle[0] = crowd_open(atoi(argv[0]), FEW, layer, "idle");
	idle[1] = crowd_open(atoi(argv[1]), most - 2 - FEW, layer, "idle");
	for (i = 0; i < SINGLES * 10; i++) {
		a[i] = last_served(&many);
		b[i] = last_served(&few);
	}
	ours = bench_quantile(a, SINGLES * 10, 0.5);
	snprintf(what, sizeof(what), "to one, while %zu are idle; while %d",
	    idle[1].n, FEW);
	bench_judge(what, ours, bench_quantile(b, SINGLES * 10, 0.5), 0,
	    " us", "1.2 x",
	    ours <= 1.2 * bench_quantile(b, SINGLES * 10, 0.5));
	crowd_close(&idle[1]);
	crowd_close(&idle[0]);
	crowd_close(&many);
	crowd_close(&few);
	ch_close(layer);
	return 0;
}
