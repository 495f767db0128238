/* What a client that does nothing wrong has to wait meanwhile. */
#include "hostile/good.h"

#include "bench/bench.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define SAMPLES 100000
#define PAUSE_US 10000 /* between two requests */

struct series {
	pthread_t thread;
	size_t done, failed;
	double ms[SAMPLES];
};

static struct series get_series, echo_series;
static struct sockaddr_storage server;
static atomic_int over;

static int
new_connection(void)
{
	struct timeval patience = { 5, 0 };
	int fd = socket(server.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&server,
		server.ss_family == AF_INET ? sizeof(struct sockaddr_in)
		    : sizeof(struct sockaddr_in6)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Ask; whether the answer begins with these words. */
static int
ask(int fd, const char *request, const char *answer)
{
	char got[4096];
	size_t have = 0, want = strlen(answer);
	ssize_t n;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return 0;
	while (have < sizeof(got) - 1) {
		n = recv(fd, got + have, sizeof(got) - 1 - have, 0);
		if (n <= 0)
			return 0;
		have += (size_t)n;
		got[have] = '\0';
		if (strstr(got, "\r\n\r\n"))
			break;
	}
	return have >= want && memcmp(got, answer, want) == 0;
}

static void
note(struct series *series, double since, int went_well)
{
	if (!went_well)
		series->failed++;
	else if (series->done < SAMPLES)
		series->ms[series->done++] = (bench_us() - since) / 1e3;
	bench_pause(PAUSE_US);
}

static void *
get_files(void *arg)
{
	struct series *series = arg;
	double since;
	int fd, went_well;

	while (!over) {
		since = bench_us();
		fd = new_connection();
		went_well = fd >= 0 && ask(fd, "GET /small HTTP/1.1\r\n"
		    "Host: localhost\r\n\r\n", "HTTP/1.1 200 ");
		note(series, since, went_well);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static int
open_websocket(void)
{
	int fd = new_connection();

	if (fd >= 0 && ask(fd, "GET /good HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
	    "HTTP/1.1 101 "))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* One byte of text, masked with zeros; and back. A ping between is ignored. */
static int
echo(int fd)
{
	static const char out[] = "\x81\x81\0\0\0\0x";
	unsigned char in[128];

	if (send(fd, out, sizeof(out) - 1, MSG_NOSIGNAL) < 0)
		return 0;
	do {
		if (recv(fd, in, 2, MSG_WAITALL) != 2 || in[1] > 125 ||
		    recv(fd, in + 2, in[1], MSG_WAITALL) != in[1])
			return 0;
	} while (in[0] != 0x81);
	return 1;
}

static void *
echo_messages(void *arg)
{
	struct series *series = arg;
	int fd = open_websocket(), went_well;
	double since;

	while (!over) {
		since = bench_us();
		went_well = fd >= 0 && echo(fd);
		note(series, since, went_well);
		if (went_well)
			continue;
		if (fd >= 0)
			close(fd);
		fd = open_websocket();
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

void
good_begin(const char *host, unsigned port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&server;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&server;

	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_addr = in6addr_loopback;
		v6->sin6_port = htons((uint16_t)port);
	}
	if (pthread_create(&get_series.thread, NULL, get_files, &get_series) ||
	    pthread_create(&echo_series.thread, NULL, echo_messages,
		&echo_series))
		exit(74);
}

static void
sum_up(struct good *good, struct series *series)
{
	pthread_join(series->thread, NULL);
	good->done = series->done;
	good->failed = series->failed;
	good->p50 = good->p99 = 0;
	if (!series->done)
		return;
	good->p50 = bench_quantile(series->ms, series->done, 0.5);
	good->p99 = bench_quantile(series->ms, series->done, 0.99);
}

void
good_end(struct good *gets, struct good *echoes)
{
	over = 1;
	sum_up(gets, &get_series);
	sum_up(echoes, &echo_series);
}
