/* transfers.c - HTTP posts, many at once, on the worker's loop. */
#include "chwork/transfers.h"

#include "common/put.h"
#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <curl/curl.h>

#define CONNECT 10000 /* ms until there is a connection, at most */

struct transfers {
	CURLM *multi;
	struct loop *loop;
	struct timer timer;
};

/* A socket of libcurl's. */
struct socket {
	struct source source;
	struct transfers *transfers;
};

/* --- libcurl and the loop ------------------------------------------------ */

static void
finish(struct transfer *transfer, CURLcode code)
{
	CURL *easy = transfer->easy;
	curl_off_t wait = 0;
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	snprintf(transfer->type, sizeof(transfer->type), "%s",
	    type ? type : "");
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wait);
	/* An answer that was cut off by us is one. */
	if (code == CURLE_OK || transfer->too_long) {
		transfer->status = (int)status;
	} else {
		transfer->status = 0;
		transfer->error = *transfer->reason ? transfer->reason
						    : curl_easy_strerror(code);
	}
	transfer->retry_after = wait > 0 && wait < 1000000 ? wait * 1000 : 0;
	curl_multi_remove_handle(transfer->transfers->multi, easy);
	curl_easy_cleanup(easy);
	transfer->easy = NULL;
	transfer->ended(transfer->arg);
}

static void
act(struct transfers *transfers, curl_socket_t fd)
{
	struct transfer *transfer;
	CURLMsg *message;
	int n;

	curl_multi_socket_action(transfers->multi, fd, 0, &n);
	while ((message = curl_multi_info_read(transfers->multi, &n))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    (char **)&transfer);
		finish(transfer, message->data.result);
	}
}

static void
on_ready(void *arg)
{
	struct socket *sock = arg;

	act(sock->transfers, sock->source.fd);
}

static void
on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT);
}

/* libcurl wants to hear of a socket, or no more; it closes it itself. */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct transfers *transfers = arg;
	struct socket *sock = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (sock)
			loop_watch(transfers->loop, &sock->source, 0);
		free(sock);
		return 0;
	}
	if (!sock) {
		sock = calloc(1, sizeof(*sock));
		if (!sock)
			say_memory();
		sock->transfers = transfers;
		sock->source = (struct source) { .fd = fd, .ready = on_ready,
			.arg = sock };
		curl_multi_assign(transfers->multi, fd, sock);
	}
	loop_watch(transfers->loop, &sock->source,
	    (what & CURL_POLL_IN ? EPOLLIN : 0u) |
	    (what & CURL_POLL_OUT ? EPOLLOUT : 0u));
	return 0;
}

static int
on_timeout(CURLM *multi, long ms, void *arg)
{
	struct transfers *transfers = arg;

	(void)multi;
	if (ms < 0)
		loop_unset(transfers->loop, &transfers->timer);
	else
		loop_set(transfers->loop, &transfers->timer, ms);
	return 0;
}

struct transfers *
transfers_new(struct loop *loop)
{
	struct transfers *transfers = calloc(1, sizeof(*transfers));

	if (!transfers)
		say_memory();
	transfers->loop = loop;
	transfers->timer.fire = on_timer;
	transfers->timer.arg = transfers;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		transfers->multi = curl_multi_init();
	if (!transfers->multi) {
		say_error("libcurl cannot be used");
		free(transfers);
		return NULL;
	}
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETFUNCTION,
	    on_socket);
	curl_multi_setopt(transfers->multi, CURLMOPT_SOCKETDATA, transfers);
	curl_multi_setopt(transfers->multi, CURLMOPT_TIMERFUNCTION,
	    on_timeout);
	curl_multi_setopt(transfers->multi, CURLMOPT_TIMERDATA, transfers);
	return transfers;
}

void
transfers_free(struct transfers *transfers)
{
	if (!transfers)
		return;
	curl_multi_cleanup(transfers->multi);
	loop_unset(transfers->loop, &transfers->timer);
	curl_global_cleanup();
	free(transfers);
}

/* --- one transfer -------------------------------------------------------- */

static size_t
on_answer(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *transfer = arg;

	n *= size;
	if (transfer->answer.len + n > transfer->most) {
		transfer->too_long = 1;
		return 0;
	}
	put_bytes(&transfer->answer, bytes, n);
	return n;
}

void
transfer_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *headers;

	headers = curl_slist_append(transfer->headers, line);
	if (!headers)
		say_memory();
	transfer->headers = headers;
}

static void
set_up(struct transfer *transfer, CURL *easy)
{
	int64_t connect = transfer->timeout < CONNECT ? transfer->timeout
						      : CONNECT;
	const char *authorities = getenv("SSL_CERT_FILE");

	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
	if (authorities && *authorities)
		curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)transfer->len);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->body);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfer->timeout);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

void
transfer_start(struct transfer *transfer, struct transfers *transfers)
{
	CURL *easy = curl_easy_init();

	if (!easy)
		say_memory();
	transfer->transfers = transfers;
	transfer->easy = easy;
	set_up(transfer, easy);
	if (curl_multi_add_handle(transfers->multi, easy) != CURLM_OK)
		say_memory();
}

void
transfer_release(struct transfer *transfer)
{
	if (transfer->easy) {
		curl_multi_remove_handle(transfer->transfers->multi,
		    transfer->easy);
		curl_easy_cleanup(transfer->easy);
		transfer->easy = NULL;
	}
	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	ch_buf_release(&transfer->answer);
}
