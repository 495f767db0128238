/* Answers that we give ourselves. */
#include "chserve/answer.h"

#include "chserve/date.h"
#include "chserve/static.h"

#include "common/put.h"

#include <time.h>

const char *
answer_reason(int status)
{
	static const struct {
		int status;
		const char *words;
	} table[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
		{ 204, "No Content" }, { 206, "Partial Content" },
		{ 301, "Moved Permanently" }, { 302, "Found" },
		{ 303, "See Other" }, { 304, "Not Modified" },
		{ 307, "Temporary Redirect" }, { 308, "Permanent Redirect" },
		{ 400, "Bad Request" }, { 401, "Unauthorized" },
		{ 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 406, "Not Acceptable" },
		{ 408, "Request Timeout" }, { 409, "Conflict" },
		{ 410, "Gone" }, { 411, "Length Required" },
		{ 412, "Precondition Failed" }, { 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 416, "Range Not Satisfiable" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 426, "Upgrade Required" }, { 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].status == status)
			return table[i].words;
	return "Status";
}

void
answer_put_date(struct ch_buf *out)
{
	static char text[DATE_SIZE];
	static time_t of;
	time_t now = time(NULL);

	if (now != of) {
		of = now;
		date_write(text, now);
	}
	put_format(out, "Date: %s\r\nServer: chserve\r\n", text);
}

void
answer_words(struct request *request, int status, const char *fields)
{
	struct ch_buf head = CH_BUF_INIT, body = CH_BUF_INIT;

	put_format(&body, "%d %s\n", status, answer_reason(status));
	if (fields)
		put_string(&head, fields);
	if (status == 503 || status == 429)
		put_string(&head, "Retry-After: 1\r\n");
	if (status == 426)
		put_string(&head, "Upgrade: websocket\r\n"
		    "Sec-WebSocket-Version: 13\r\n");
	put_string(&head, "Content-Type: text/plain; charset=utf-8\r\n"
	    "X-Content-Type-Options: nosniff\r\n");
	request_begin(request, status, &head, (off_t)body.len);
	request_put(request, body.data, body.len);
	request_end(request);
	ch_buf_release(&head);
	ch_buf_release(&body);
}

void
answer_text(struct request *request, int status, const char *type,
    const char *text, size_t len)
{
	struct ch_buf head = CH_BUF_INIT;

	put_format(&head, "Content-Type: %s\r\nCache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n", type);
	request_begin(request, status, &head, (off_t)len);
	request_put(request, text, len);
	request_end(request);
	ch_buf_release(&head);
}

int
answer_file(struct request *request)
{
	struct static_answer answer;

	static_find(&answer, &request->head, request->path);
	switch (answer.status) {
	case 404:
		break;
	case 200:
	case 206:
	case 304:
		request_begin(request, answer.status, &answer.fields,
		    answer.status == 304 ? -1 : answer.len);
		if (answer.fd >= 0)
			request_file(request, answer.fd, answer.at,
			    answer.len);
		request_end(request);
		break;
	default:
		answer_words(request, answer.status, answer.fields.data);
	}
	ch_buf_release(&answer.fields);
	return answer.status != 404;
}
