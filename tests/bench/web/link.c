/* Connections of the load generator: WebSockets and HTTP. */
#include "bench/web/link.h"

#include "bench/bench.h"
#include "bench/web/net.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define READ_SIZE 65536
#define FRAME_HEAD 10 /* at most, as servers do not mask */
#define EVENTS 512
#define DATA_OPCODES 8 /* those below */

/* --- questions ------------------------------------------------------------ */

/* A frame, masked as a client has to; of fewer than 126 bytes. */
static struct question
frame(unsigned opcode, const char *payload, size_t n)
{
	static const unsigned char key[4] = { 0x37, 0xfa, 0x21, 0x3d };
	struct question ask;
	size_t i;

	ask.bytes[0] = (char)(0x80 | opcode);
	ask.bytes[1] = (char)(0x80 | n);
	memcpy(ask.bytes + 2, key, sizeof(key));
	for (i = 0; i < n; i++)
		ask.bytes[6 + i] = (char)(payload[i] ^ key[i % 4]);
	ask.len = 6 + n;
	return ask;
}

struct question
question_text(const char *text)
{
	return frame(1, text, strlen(text));
}

struct question
question_close(void)
{
	return frame(8, "\x03\xe8", 2);
}

struct question
question_get(const char *path)
{
	struct question ask;

	ask.len = (size_t)snprintf(ask.bytes, sizeof(ask.bytes),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\n"
	    "Accept: */*\r\n\r\n", path);
	return ask;
}

/* --- opening -------------------------------------------------------------- */

void
link_open_http(struct link *link, int port)
{
	memset(link, 0, sizeof(*link));
	link->fd = net_connect(port);
	link->is_http = 1;
}

void
link_start(struct link *link, int port, const char *path)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: " LINK_KEY "\r\n\r\n", path);

	link_open_http(link, port);
	net_send(link->fd, text, (size_t)len);
}

void
link_open(struct link *link, int port, const char *path)
{
	int got;

	link_start(link, port, path);
	while (!(got = link_read(link)))
		continue;
	if (got < 0 || link->is_http)
		net_fail("handshake");
}

void
link_close(struct link *link)
{
	close(link->fd);
	free(link->head);
	link->head = NULL;
}

void
link_watch(struct link *link, int epoll_fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	event.data.ptr = link;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, link->fd, &event))
		net_fail("watch");
}

/* --- answers -------------------------------------------------------------- */

/* The length of the frame's head, 0 if that is not whole. */
static size_t
frame_head(struct link *link, const unsigned char *head, size_t n)
{
	size_t more, i;

	if (n < 2)
		return 0;
	more = (head[1] & 127) == 126 ? 2 : (head[1] & 127) == 127 ? 8 : 0;
	if (n < 2 + more)
		return 0;
	link->left = more ? 0 : head[1] & 127;
	for (i = 0; i < more; i++)
		link->left = link->left << 8 | head[2 + i];
	link->counts = (head[0] & 15) < DATA_OPCODES;
	return 2 + more;
}

static size_t
http_head(struct link *link, const unsigned char *head, size_t n)
{
	static const char field[] = "content-length:";
	const char *text = (const char *)head, *at = text, *end;

	end = memmem(text, n, "\r\n\r\n", 4);
	if (!end)
		return 0;
	link->is_http = n > 12 && memcmp(text + 8, " 101", 4) != 0;
	if (link->is_http && memcmp(text + 8, " 200", 4) != 0) {
		fprintf(stderr, "bench: %.*s\n", (int)strcspn(text, "\r"),
		    text);
		exit(1);
	}
	link->left = 0;
	link->counts = 1;
	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		at++;
		if (strncasecmp(at, field, sizeof(field) - 1) == 0)
			link->left = strtoul(at + sizeof(field) - 1, NULL, 10);
	}
	return (size_t)(end - text) + 4;
}

static size_t
read_head(struct link *link, const unsigned char *head, size_t n)
{
	return link->is_http ? http_head(link, head, n)
			     : frame_head(link, head, n);
}

/* A head that begins here: bytes used. What is not whole is put aside. */
static size_t
take_head(struct link *link, const unsigned char *bytes, size_t n)
{
	size_t used, before = link->n_head;

	if (!before) {
		used = read_head(link, bytes, n);
		if (used)
			return used;
	}
	if (!link->head && !(link->head = malloc(LINK_HEAD)))
		net_fail("head");
	if (n > LINK_HEAD - before)
		n = LINK_HEAD - before;
	memcpy(link->head + before, bytes, n);
	link->n_head += n;
	used = read_head(link, link->head, link->n_head);
	if (!used)
		return n;
	link->n_head = 0;
	return used - before;
}

int
link_read(struct link *link)
{
	static unsigned char bytes[READ_SIZE];
	ssize_t n = recv(link->fd, bytes, sizeof(bytes), 0);
	size_t at = 0, len;
	int whole = 0;

	if (n <= 0)
		return n < 0 && errno != ECONNRESET ? 0 : -1;
	while (at < (size_t)n) {
		len = (size_t)n - at;
		if (link->left) {
			if (len > link->left)
				len = link->left;
			link->left -= len;
		} else {
			len = take_head(link, bytes + at, len);
			if (link->n_head)
				break;
		}
		at += len;
		whole += !link->left && link->counts;
	}
	return whole;
}

/* --- asking again and again ----------------------------------------------- */

static size_t
answers(struct link *link)
{
	int got = link_read(link);

	if (got >= 0)
		return (size_t)got;
	fprintf(stderr, "bench: a connection was closed\n");
	exit(1);
}

double
loop_rate(struct link links[], size_t n, const struct question *ask, double ms)
{
	struct epoll_event events[EVENTS];
	int epoll_fd = epoll_create1(0), ready, i;
	size_t all = 0, asked = 0, got;
	double start, end = 0;
	struct link *link;

	for (; asked < n; asked++)
		link_watch(&links[asked], epoll_fd);
	start = bench_us();
	for (link = links; link < links + n; link++)
		net_send(link->fd, ask->bytes, ask->len);
	while (asked) {
		ready = epoll_wait(epoll_fd, events, EVENTS, -1);
		if (!end && bench_us() - start >= ms * 1000)
			end = bench_us();
		for (i = 0; i < ready; i++) {
			link = events[i].data.ptr;
			got = answers(link);
			if (end)
				asked -= got;
			else
				all += got;
			for (; !end && got; got--)
				net_send(link->fd, ask->bytes, ask->len);
		}
	}
	close(epoll_fd);
	return (double)all / (end - start) * 1e6;
}

double
loop_latency(struct link *link, const struct question *ask, size_t rounds)
{
	double *times = calloc(rounds, sizeof(*times)), start, median;
	size_t i;

	for (i = 0; times && i < rounds; i++) {
		start = bench_us();
		net_send(link->fd, ask->bytes, ask->len);
		while (!answers(link))
			continue;
		times[i] = bench_us() - start;
	}
	median = bench_quantile(times, rounds, 0.5);
	free(times);
	return median;
}
