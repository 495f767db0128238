/* An address of its own for /metrics and /health. */
#include "chserve/admin.h"

#include "chserve/answer.h"
#include "chserve/loop.h"
#include "chserve/status.h"

#include "base/io.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define VISITORS_MAX 16
#define VISIT_MS 5000 /* from the first byte to the last */
#define EVENTS (EPOLLIN | EPOLLOUT | EPOLLET)

/* Its head is read, then it is answered, then its end is waited for. */
struct visitor {
	struct watch watch; /* first: a watch is its visitor */
	struct due due;
	struct event_peer at;
	struct ch_buf out; /* empty until there is a head */
	size_t out_at;
	struct visitor *next;
};

static void visit_over(struct due *due);

static const struct policy *policy;
static struct visitor *visitors;
static size_t n_visitors;
static struct due_queue visits = { .expired = visit_over };

static void
leave(struct visitor *visitor)
{
	struct visitor **at = &visitors;

	while (*at != visitor)
		at = &(*at)->next;
	*at = visitor->next;
	n_visitors--;
	loop_remove(&visitor->watch);
	due_clear(&visitor->due);
	ch_io_close(&visitor->watch.fd);
	ch_buf_release(&visitor->out);
	free(visitor);
}

static void
visit_over(struct due *due)
{
	leave((struct visitor *)(void *)((char *)due -
	    offsetof(struct visitor, due)));
}

/* --- answers -------------------------------------------------------------- */

static enum status_page
page_of(const char *path)
{
	return strcmp(path, "/metrics") == 0 ? STATUS_METRICS :
	    strcmp(path, "/health") == 0 ? STATUS_HEALTH : STATUS_NONE;
}

/* The status to refuse a request with; 0: it is answered. */
static int
refuses(const struct visitor *visitor, const struct head *head)
{
	if (!policy_allows_host(policy, head->host, &visitor->at))
		return 421;
	if (page_of(head->path) == STATUS_NONE)
		return 404;
	return strcmp(head->method, "GET") && strcmp(head->method, "HEAD")
	    ? 405 : 0;
}

static void
answer(struct visitor *visitor, const struct head *head, int status)
{
	const char *type = "text/plain; charset=utf-8";
	struct ch_buf body = CH_BUF_INIT;

	if (!status)
		status = refuses(visitor, head);
	if (status)
		put_format(&body, "%d %s\n", status, answer_reason(status));
	else
		status = status_answer(&body, page_of(head->path), &type);
	put_format(&visitor->out, "HTTP/1.1 %d %s\r\n", status,
	    answer_reason(status));
	answer_put_date(&visitor->out);
	put_format(&visitor->out,
	    "Content-Type: %s\r\n"
	    "Content-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "%sConnection: close\r\n\r\n",
	    type, body.len, status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (!head || strcmp(head->method, "HEAD"))
		put_bytes(&visitor->out, body.data, body.len);
	ch_buf_release(&body);
}

/* --- the network ---------------------------------------------------------- */

/* Look for a head, and make its answer; -1 if the visitor has gone. */
static int
read_head(struct visitor *visitor)
{
	static char bytes[HEAD_MAX];
	ssize_t n = recv(visitor->watch.fd, bytes, sizeof(bytes), MSG_PEEK);
	struct head head;
	size_t len;
	int status;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	len = head_length(bytes, (size_t)n);
	if (n == 0 || (!len && n < HEAD_MAX))
		return n ? 0 : -1;
	if (!len) {
		answer(visitor, NULL, 400);
		return 0;
	}
	recv(visitor->watch.fd, bytes, len, 0);
	status = head_parse(&head, bytes, len);
	answer(visitor, status ? NULL : &head, status);
	head_release(&head);
	return 0;
}

/* -1 if the visitor has gone. */
static int
write_answer(struct visitor *visitor)
{
	ssize_t n;

	while (visitor->out_at < visitor->out.len) {
		n = send(visitor->watch.fd,
		    visitor->out.data + visitor->out_at,
		    visitor->out.len - visitor->out_at, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -1;
		visitor->out_at += (size_t)n;
		if (visitor->out_at == visitor->out.len)
			shutdown(visitor->watch.fd, SHUT_WR);
	}
	return 0;
}

/* Read and forget, so that closing resets nothing; -1 at the end. */
static int
linger(struct visitor *visitor)
{
	static char bytes[HEAD_MAX];
	ssize_t n;

	do
		n = recv(visitor->watch.fd, bytes, sizeof(bytes), 0);
	while (n > 0);
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void
visitor_ready(struct watch *watch, uint32_t ready)
{
	struct visitor *visitor = (struct visitor *)watch;
	int rc = 0;

	(void)ready;
	if (!visitor->out.len)
		rc = read_head(visitor);
	if (rc == 0 && visitor->out.len)
		rc = write_answer(visitor);
	if (rc == 0 && visitor->out.len &&
	    visitor->out_at == visitor->out.len)
		rc = linger(visitor);
	if (rc)
		leave(visitor);
}

void
admin_accepted(int fd, const struct event_peer *from,
    const struct event_peer *to)
{
	struct visitor *visitor;

	(void)from;
	if (n_visitors == VISITORS_MAX) {
		ch_io_close(&fd);
		return;
	}
	visitor = calloc(1, sizeof(*visitor));
	if (!visitor)
		say_memory();
	visitor->watch.fd = fd;
	visitor->watch.ready = visitor_ready;
	visitor->at = *to;
	visitor->next = visitors;
	visitors = visitor;
	n_visitors++;
	due_set(&visits, &visitor->due, VISIT_MS);
	loop_add(&visitor->watch, EVENTS);
}

void
admin_open(const struct policy *with)
{
	policy = with;
}

void
admin_close(void)
{
	while (visitors)
		leave(visitors);
}
