/* One HTTP request, whatever carried it here. */
#include "chserve/request.h"

#include "chserve/metrics.h"
#include "chserve/seen.h"

#include "base/io.h"

#include <stdlib.h>
#include <string.h>

void
request_take(struct request *request, const struct request_taker *taker,
    void *taken)
{
	request->taker = taker;
	request->taken = taken;
}

void
request_let_go(struct request *request)
{
	request->taker = NULL;
	request->taken = NULL;
}

/* RFC 9110, section 6.4.1. */
static int
has_no_content(const struct request *request, int status)
{
	const char *method = request->head.method; /* NULL: no head */

	return (method && strcmp(method, "HEAD") == 0) || status < 200 ||
	    status == 204 || status == 304;
}

void
request_begin(struct request *request, int status,
    const struct ch_buf *fields, off_t length)
{
	static const struct ch_buf none = CH_BUF_INIT;

	request->status = status;
	request->bodiless = has_no_content(request, status);
	request->wire->begin(request, status, fields ? fields : &none, length);
}

void
request_put(struct request *request, const char *bytes, size_t n)
{
	if (request->bodiless || !n)
		return;
	request->sent += (off_t)n;
	metrics_add(METRIC_BYTES_OUT, (int64_t)n);
	request->wire->put(request, bytes, n);
}

void
request_file(struct request *request, int fd, off_t at, off_t len)
{
	if (request->bodiless || !len) {
		ch_io_close(&fd);
		return;
	}
	request->sent += len;
	metrics_add(METRIC_BYTES_OUT, len);
	request->wire->file(request, fd, at, len);
}

void
request_end(struct request *request)
{
	request->ended = 1;
	request->wire->end(request);
}

void
request_cut(struct request *request)
{
	request->wire->cut(request);
}

void
request_hint(struct request *request, const char *link)
{
	request->wire->hint(request, link);
}

void
request_read(struct request *request, int on)
{
	request->wire->read(request, on);
}

void
request_over(struct request *request, int lost, off_t left)
{
	request->sent -= left < request->sent ? left : request->sent;
	request->lost = lost;
	if (request->taker)
		request->taker->over(request);
	seen_request(request);
	head_release(&request->head);
	free(request->told_host);
	who_forget(&request->who);
}
