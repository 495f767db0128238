/*
 * link.h - connections of the load generator: WebSockets and HTTP.
 *
 * A link is opened, then put into an epoll instance as itself; whoever waits
 * there calls link_read, which says how many answers (frames with data, or
 * whole HTTP responses) came.
 */
#ifndef TESTS_BENCH_WEB_LINK_H
#define TESTS_BENCH_WEB_LINK_H

#include <stddef.h>
#include <stdint.h>

#define LINK_HEAD 2048
#define LINK_KEY "dGhlIHNhbXBsZSBub25jZQ==" /* the example of RFC 6455 */
#define LINK_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

struct link {
	int fd;
	int is_http;
	unsigned char *head; /* of an answer, not whole yet: n_head bytes */
	size_t n_head;
	int counts;    /* what is being read is an answer */
	uint64_t left; /* bytes of it still to come */
	size_t got;    /* answers, for the caller */
};

/* What a client sends: a question, the same again and again. */
struct question {
	char bytes[1024];
	size_t len;
};

/* A text in a masked frame; a close; a GET. */
struct question question_text(const char *text);
struct question question_close(void);
struct question question_get(const char *path);

/* A WebSocket that was accepted; one whose first answer is yet to say that. */
void link_open(struct link *link, int port, const char *path);
void link_start(struct link *link, int port, const char *path);

/* A connection for HTTP. */
void link_open_http(struct link *link, int port);
void link_close(struct link *link);

/* Put it into the epoll instance. */
void link_watch(struct link *link, int epoll_fd);

/* Answers that came with one read, waiting for it if need be; -1: closed. */
int link_read(struct link *link);

/*
 * Links that each ask and, once answered, ask again.
 * loop_rate: answers a second, over so many ms.
 * loop_latency: the median of one link, in us, over so many rounds.
 */
double loop_rate(struct link links[], size_t n, const struct question *ask,
    double ms);
double loop_latency(struct link *link, const struct question *ask,
    size_t rounds);

#endif
