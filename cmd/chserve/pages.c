/* The pages of our own: the console, the metrics, the health. */
#include "chserve/pages.h"

#include "chserve/answer.h"
#include "chserve/console.h"
#include "chserve/status.h"

#include "common/put.h"

#include <string.h>

static int
is_at(const struct request *request, const char *path)
{
	return path && strcmp(request->path, path) == 0;
}

static void
show_console(struct request *request)
{
	struct ch_buf page = CH_BUF_INIT, fields = CH_BUF_INIT;

	console_page(&page, &fields);
	put_string(&fields, "Content-Type: text/html; charset=utf-8\r\n"
	    "X-Content-Type-Options: nosniff\r\n");
	request_begin(request, 200, &fields, (off_t)page.len);
	request_put(request, page.data, page.len);
	request_end(request);
	ch_buf_release(&page);
	ch_buf_release(&fields);
}

static void
show_status(struct request *request, enum status_page page)
{
	struct ch_buf text = CH_BUF_INIT;
	const char *type;
	int status = status_answer(&text, page, &type);

	answer_text(request, status, type, text.data, text.len);
	ch_buf_release(&text);
}

int
pages_begin(
    struct request *request, const struct pages_settings *settings)
{
	int console = settings->console && is_at(request, CONSOLE_PATH);
	enum status_page page =
	    is_at(request, settings->metrics) ? STATUS_METRICS :
	    is_at(request, settings->health) ? STATUS_HEALTH : STATUS_NONE;

	if (!console && page == STATUS_NONE)
		return 0;
	if (strcmp(request->head.method, "GET") != 0 &&
	    strcmp(request->head.method, "HEAD") != 0)
		answer_words(request, 405, "Allow: GET, HEAD\r\n");
	else if (console)
		show_console(request);
	else
		show_status(request, page);
	return 1;
}
