/* The handshake as libwebsockets sees it. */
#include "chserve/hello.h"

#include "common/put.h"

#include <string.h>

static lws_extension_callback_function extension_event;

/* What may stand in the answer: what was in the question that we made. */
static const struct lws_ext_options extension_options[] = {
	{ "server_no_context_takeover", EXTARG_NONE },
	{ "client_no_context_takeover", EXTARG_NONE },
	{ "server_max_window_bits=8", EXTARG_NONE },
	{ "server_max_window_bits=9", EXTARG_NONE },
	{ "server_max_window_bits=10", EXTARG_NONE },
	{ "server_max_window_bits=11", EXTARG_NONE },
	{ "server_max_window_bits=12", EXTARG_NONE },
	{ "server_max_window_bits=13", EXTARG_NONE },
	{ "server_max_window_bits=14", EXTARG_NONE },
	{ "server_max_window_bits=15", EXTARG_NONE },
	{ NULL, 0 },
};

const struct lws_extension hello_extensions[] = {
	{ "permessage-deflate", extension_event, NULL },
	{ NULL, NULL, NULL },
};

static int
extension_event(struct lws_context *of, const struct lws_extension *extension,
    struct lws *wsi, enum lws_extension_callback_reasons reason, void *user,
    void *in, size_t len)
{
	(void)of, (void)extension, (void)wsi, (void)user, (void)len;
	if (reason == LWS_EXT_CB_CONSTRUCT)
		*(const struct lws_ext_options **)in = extension_options;
	return 0;
}

void
hello_put(struct ch_buf *out, const struct ws_offer *agreed)
{
	put_format(out,
	    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: %s\r\n",
	    agreed->key);
	if (agreed->window) {
		put_string(out, "Sec-WebSocket-Extensions: ");
		offer_put_extension(out, agreed);
		put_string(out, "\r\n");
	}
	put_string(out, "\r\n");
}

int
hello_add(const struct ws_offer *agreed, struct lws_process_html_args *args)
{
	struct ch_buf lines = CH_BUF_INIT;
	int fits;

	if (*agreed->subprotocol)
		put_format(&lines, "Sec-WebSocket-Protocol: %s\r\n",
		    agreed->subprotocol);
	put_string(&lines, agreed->fields);
	fits = lines.len + 2 < (size_t)args->max_len;
	if (fits && lines.len) {
		memcpy(args->p, lines.data, lines.len);
		args->p += lines.len;
	}
	ch_buf_release(&lines);
	return fits ? 0 : -1;
}
