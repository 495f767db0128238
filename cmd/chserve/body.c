/* A request's body on its way into a message. */
#include "chserve/body.h"

#include "chserve/bridge.h"
#include "chserve/metrics.h"

#include "common/json.h"
#include "common/put.h"
#include "common/say.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define BODY_CHANNEL "http.request.body?"
#define PIECE_MAX 65536 /* bytes of a stream in one message */

static size_t held; /* by all bodies */
static int said;

/* Count what the body has in memory; 0, or 503 where it must have no more. */
static int
count(struct body *body)
{
	size_t now = body->text.size;

	if (body->form)
		now += form_held(body->form);
	held += now - body->held;
	body->held = now;
	if (held < BODY_MEMORY / 2)
		said = 0;
	if (held <= BODY_MEMORY || now <= BODY_SMALL)
		return 0;
	if (!said++)
		say_error("bodies take %zu MiB of memory: larger ones are "
		    "told 503", held >> 20);
	return 503;
}

/* What does not go into the message need not be read to be refused. */
static uint64_t
largest(const struct body_settings *settings, const struct head *head)
{
	const char *type = head_get(head, "content-type");
	int parts = type && strncasecmp(type, "multipart/", 10) == 0;

	return settings->mode == BODY_INLINE && !parts &&
	    settings->inline_max < settings->max ? settings->inline_max
						 : settings->max;
}

int
body_init(struct body *body, const struct body_settings *settings,
    const struct head *head, off_t length)
{
	const char *type = head_get(head, "content-type");
	int status = 0;

	memset(body, 0, sizeof(*body));
	body->spool = (struct spool)SPOOL_INIT;
	body->settings = settings;
	if (length >= 0 && (uint64_t)length > largest(settings, head))
		return 413;
	if (!settings->no_forms)
		body->form = form_new(type, &settings->form, &status);
	body->parts = body->form && strncasecmp(type, "multipart/", 10) == 0;
	return status;
}

/* --- a stream ------------------------------------------------------------- */

/* Send n bytes of the text: 0, BODY_FULL, or a status. */
static int
send_piece(struct body *body, size_t n)
{
	struct ch_buf piece = CH_BUF_INIT;
	struct ch_err err = CH_ERR_INIT;
	int last = body->ended && n == body->text.len, rc;

	put_string(&piece, "{\"content\":");
	json_bytes(&piece, n ? body->text.data : "", n);
	put_format(&piece, ",\"closed\":false,\"more_content\":%s}",
	    last ? "false" : "true");
	rc = bridge_send(body->channel, &piece, &err);
	ch_buf_release(&piece);
	if (rc == CH_OK)
		ch_buf_consume(&body->text, n);
	else if (rc != CH_FULL)
		say_more("%s: %s", body->channel, err.text);
	return rc == CH_OK ? 0 : rc == CH_FULL ? BODY_FULL : 503;
}

int
body_flush(struct body *body)
{
	int rc = 0, last = 0;
	size_t n;

	body->sending = 1;
	while (!rc && *body->channel && !last &&
	    (body->text.len >= PIECE_MAX || body->ended)) {
		n = body->text.len < PIECE_MAX ? body->text.len : PIECE_MAX;
		last = body->ended && n == body->text.len;
		rc = send_piece(body, n);
	}
	if (!rc && last)
		*body->channel = '\0'; /* no more goes there */
	return rc;
}

/* No more will come: a reader of the stream is told. */
static void
close_stream(struct body *body)
{
	static const char closed[] =
	    "{\"content\":\"\",\"closed\":true,\"more_content\":false}";
	struct ch_buf piece = CH_BUF_INIT;

	if (!*body->channel || !body->sending)
		return;
	put_string(&piece, closed);
	bridge_send(body->channel, &piece, NULL);
	ch_buf_release(&piece);
}

/* --- gathering ------------------------------------------------------------ */

/* It is too large for the message: 0, or a status. */
static int
overflow(struct body *body)
{
	struct ch_err err = CH_ERR_INIT;

	if (body->settings->mode == BODY_INLINE)
		return 413;
	if (body->settings->mode == BODY_SPOOL)
		return spool_new(&body->spool) ? spool_status(errno) : 0;
	if (bridge_new_channel(BODY_CHANNEL, body->channel, &err) != CH_OK) {
		say_more("%s: %s", BODY_CHANNEL, err.text);
		return 503;
	}
	return 0;
}

static int
is_inline(const struct body *body)
{
	return !body->spool.path && !*body->channel;
}

static int
add_to_file(struct body *body, const char *bytes, size_t n)
{
	if (body->text.len &&
	    spool_write(&body->spool, body->text.data, body->text.len))
		return spool_status(errno);
	ch_buf_release(&body->text);
	return spool_write(&body->spool, bytes, n) ? spool_status(errno) : 0;
}

/*
 * What the parser says. Whatever a program posts without a word on its type is
 * called urlencoded; what is not that is no form, but still a body.
 */
static int
judge_form(struct body *body, int status)
{
	if (status != 400 || body->parts)
		return status;
	form_free(body->form);
	body->form = NULL;
	return 0;
}

static int
add(struct body *body, const char *bytes, size_t n)
{
	int status = 0;

	body->size += n;
	metrics_add(METRIC_BYTES_IN, (int64_t)n);
	if (body->size > body->settings->max)
		return 413;
	if (body->form) {
		status = judge_form(body, form_feed(body->form, bytes, n));
		if (status || body->parts)
			return status;
	}
	if (is_inline(body) && body->size > body->settings->inline_max)
		status = overflow(body);
	if (status)
		return status;
	if (body->spool.path)
		return add_to_file(body, bytes, n);
	put_bytes(&body->text, bytes, n);
	return *body->channel && body->sending ? body_flush(body) : 0;
}

int
body_add(struct body *body, const char *bytes, size_t n)
{
	int status = add(body, bytes, n), full = count(body);

	return status ? status : full;
}

int
body_end(struct body *body)
{
	int status = 0;

	body->ended = 1;
	if (body->form)
		status = judge_form(body, form_end(body->form));
	if (status || body->parts)
		return status;
	if (body->spool.path)
		return spool_done(&body->spool) ? spool_status(errno) : 0;
	return *body->channel && body->sending ? body_flush(body) : 0;
}

int
body_is_ready(const struct body *body)
{
	return body->ended || *body->channel;
}

void
body_put(struct body *body, struct ch_buf *message)
{
	int empty = body->spool.path || !body->text.len;

	put_string(message, ",\"body\":");
	json_bytes(message, empty ? "" : body->text.data,
	    empty ? 0 : body->text.len);
	if (body->form && body->ended) {
		put_char(message, ',');
		form_put(body->form, message);
	}
	if (body->spool.path) {
		put_string(message, ",\"body_file\":");
		json_quote(message, body->spool.path,
		    strlen(body->spool.path));
	}
	if (*body->channel)
		put_format(message, ",\"body_channel\":\"%s\"", body->channel);
	ch_buf_release(&body->text);
	if (body->form && body->ended)
		form_forget(body->form);
	count(body);
}

void
body_release(struct body *body)
{
	close_stream(body);
	ch_buf_release(&body->text);
	spool_release(&body->spool);
	form_free(body->form);
	body->form = NULL;
	count(body);
}
