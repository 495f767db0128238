/*
 * hello.h - the handshake as libwebsockets sees it: what it is asked, and what
 * it answers.
 *
 * The client's own question was read and judged elsewhere. libwebsockets is
 * asked the one whose answer is what was agreed, and is told the rest of the
 * answer when it asks for further fields. Of an extension it knows the name
 * only: to it, permessage-deflate changes nothing.
 */
#ifndef CHSERVE_HELLO_H
#define CHSERVE_HELLO_H

#include "chserve/offer.h"

#include <libwebsockets.h>

/* Bytes of an answer, and of the buffer that libwebsockets makes it in. */
#define HELLO_ANSWER_MAX 16384

/* For the vhost. */
extern const struct lws_extension hello_extensions[];

/* Append the question. */
void hello_put(struct ch_buf *out, const struct ws_offer *agreed);

/* LWS_CALLBACK_ADD_HEADERS; 0, or -1 if they do not fit. */
int hello_add(const struct ws_offer *agreed,
    struct lws_process_html_args *args);

#endif
