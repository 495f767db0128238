/* sessions.c - sessions made, looked at, changed and ended. */
#include "chsession/verbs.h"

#include "base/clock.h"
#include "base/err.h"
#include "common/compose.h"
#include "common/json.h"
#include "common/out.h"
#include "common/owner.h"
#include "common/put.h"
#include "common/say.h"
#include "common/when.h"

#include <stdlib.h>
#include <string.h>

/* --- which one ------------------------------------------------------------ */

/* An id, or a reply channel; anything else is a key. */
static int
is_id(const char *word)
{
	if (strchr(word, '='))
		return 0;
	return strchr(word, '!') || (strlen(word) == CH_SESSION_ID &&
	    strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789") == CH_SESSION_ID);
}

/* The first operand, which is passed, or the one of the script's visitor. */
static const char *
take_id(char ***operands)
{
	const char *id = getenv("CH_SESSION");

	if (**operands && is_id(**operands))
		return *(*operands)++;
	if (!id || !*id)
		opt_wrong(&program, "no ID, and there is no CH_SESSION");
	return id;
}

/* --- showing -------------------------------------------------------------- */

static void
put_time(struct ch_buf *buf, const char *key, int64_t ms)
{
	char time[WHEN_SIZE];

	when_rfc3339(ms, time);
	put_format(buf, ",\"%s\":\"%s\"", key, time);
}

/* Of a connection's data only the times mean something that they have. */
static void
put_json(struct ch_buf *buf, const struct ch_session *session)
{
	put_format(buf, "{\"id\":\"%s\",\"user\":", session->id);
	if (session->user)
		json_quote(buf, session->user, strlen(session->user));
	else
		put_string(buf, "null");
	put_time(buf, "created", session->created);
	put_time(buf, "seen", session->seen);
	if (session->expires != CH_NEVER)
		put_time(buf, "expires", session->expires);
	put_string(buf, ",\"data\":");
	put_bytes(buf, session->data, session->len);
	put_string(buf, "}\n");
}

static void
put_line(struct ch_buf *buf, const struct ch_session *session)
{
	char seen[WHEN_SIZE], expires[WHEN_SIZE];

	when_local(session->seen, "%Y-%m-%d %H:%M", seen, sizeof(seen));
	when_local(session->expires, "%Y-%m-%d %H:%M", expires,
	    sizeof(expires));
	put_format(buf, "%s  %s  %s  %s\n", session->id, seen, expires,
	    session->user ? session->user : "-");
}

/* --- one session ---------------------------------------------------------- */

int
verb_new(struct context *context, char **operands, struct ch_err *err)
{
	struct ch_session with = { .user = context->user,
		.idle = context->idle, .max_age = context->max_age };
	struct ch_buf data = CH_BUF_INIT;
	struct ch_session session;
	int rc = *operands ? compose(&data, operands, err) : CH_OK;

	with.data = data.data;
	with.len = data.len;
	if (rc == CH_OK)
		rc = ch_session_new(context->sessions, &with, &session, err);
	if (rc == CH_OK)
		put_format(&out, "%s\n", session.id);
	ch_buf_release(&data);
	return rc;
}

/* The values of the keys, a line each; those that are not there are said. */
static int
put_values(const struct ch_session *session, char *const *keys,
    struct ch_err *err)
{
	struct json data = json_value(session->data, session->len), value;
	int rc = CH_OK;

	for (; *keys; keys++) {
		value = json_get(data, *keys, strlen(*keys));
		if (!value.text) {
			rc = ch_err_set(err, CH_NONE, "%s is not set", *keys);
			continue;
		}
		json_bare(&out, value);
		put_char(&out, '\n');
	}
	return rc;
}

int
verb_get(struct context *context, char **operands, struct ch_err *err)
{
	const char *id = take_id(&operands);
	struct ch_session session;
	int rc;

	if (context->json && *operands)
		opt_wrong(&program, "get: either --json or KEY");
	rc = ch_session_get(context->sessions, id, &session, err);
	if (rc != CH_OK)
		return rc;
	if (*operands)
		return put_values(&session, operands, err);
	if (context->json)
		put_json(&out, &session);
	else
		put_format(&out, "%s\n", session.data);
	return CH_OK;
}

int
verb_set(struct context *context, char **operands, struct ch_err *err)
{
	const char *id = take_id(&operands);
	struct ch_buf patch = CH_BUF_INIT;
	int rc;

	if (!*operands)
		opt_wrong(&program, "set: no KEY=TEXT");
	rc = compose(&patch, operands, err);
	if (rc == CH_OK)
		rc = ch_session_merge(context->sessions, id, patch.data,
		    patch.len, NULL, err);
	ch_buf_release(&patch);
	return rc;
}

int
verb_unset(struct context *context, char **operands, struct ch_err *err)
{
	const char *id = take_id(&operands);
	struct ch_buf patch = CH_BUF_INIT;
	int rc = CH_OK;

	if (!*operands)
		opt_wrong(&program, "unset: no KEY");
	put_char(&patch, '{');
	for (; *operands && rc == CH_OK; operands++) {
		if (json_utf8(*operands, strlen(*operands)) !=
		    strlen(*operands))
			rc = ch_err_set(err, CH_REFUSED, "not UTF-8");
		if (patch.len > 1)
			put_char(&patch, ',');
		json_quote(&patch, *operands, strlen(*operands));
		put_string(&patch, ":null");
	}
	put_char(&patch, '}');
	if (rc == CH_OK)
		rc = ch_session_merge(context->sessions, id, patch.data,
		    patch.len, NULL, err);
	ch_buf_release(&patch);
	return rc;
}

/* --- all of them ---------------------------------------------------------- */

/* What was found: lines in no order yet, or ids with their NULs. */
struct found {
	const struct context *context;
	struct row {
		int64_t seen;
		char *text;
	} *rows;
	size_t n, room;
	int ids; /* wanted: ids, not lines */
};

static int
add(void *arg, const struct ch_session *session)
{
	struct found *found = arg;
	const struct context *context = found->context;
	struct ch_buf text = CH_BUF_INIT;

	if (context->user && (!session->user ||
	    strcmp(session->user, context->user) != 0))
		return CH_OK;
	if (found->n == found->room) {
		found->room = found->room ? found->room * 2 : 64;
		found->rows = realloc(found->rows,
		    found->room * sizeof(*found->rows));
		if (!found->rows)
			say_memory();
	}
	if (found->ids)
		put_string(&text, session->id);
	else if (context->json)
		put_json(&text, session);
	else
		put_line(&text, session);
	found->rows[found->n].seen = session->seen;
	found->rows[found->n++].text = text.data;
	return CH_OK;
}

/* Those that were used last come first. */
static int
by_use(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	return (left->seen < right->seen) - (left->seen > right->seen);
}

static int
find(struct context *context, struct found *found, struct ch_err *err)
{
	int rc;

	found->context = context;
	rc = ch_session_each(context->sessions, add, found, err);
	if (found->n)
		qsort(found->rows, found->n, sizeof(*found->rows), by_use);
	return rc;
}

static void
release(struct found *found)
{
	while (found->n)
		free(found->rows[--found->n].text);
	free(found->rows);
}

int
verb_list(struct context *context, char **operands, struct ch_err *err)
{
	struct found found = { .ids = 0 };
	int rc = find(context, &found, err);
	size_t i;

	(void)operands;
	if (found.n && !context->json)
		put_format(&out, "%-*s  %-16s  %-16s  %s\n", CH_SESSION_ID,
		    "ID", "SEEN", "EXPIRES", "USER");
	for (i = 0; i < found.n; i++)
		put_string(&out, found.rows[i].text);
	release(&found);
	return rc;
}

int
verbs_close(struct context *context, const char *id, struct ch_err *err)
{
	char group[CH_NAME_MAX + 1];

	ch_session_group(id, group);
	return ch_group_send(context->layer, group, CH_SESSION_CLOSE,
	    sizeof(CH_SESSION_CLOSE) - 1, NULL, NULL, err);
}

static int
end(struct context *context, const char *id, struct ch_err *err)
{
	int rc = ch_session_end(context->sessions, id, err);

	return rc == CH_OK && !strchr(id, '!')
	    ? verbs_close(context, id, err) : rc;
}

/* Those of a user, or all; one that ends meanwhile by itself is no error. */
static int
end_many(struct context *context, struct ch_err *err)
{
	struct found found = { .ids = 1 };
	int rc = find(context, &found, err);
	size_t i;

	for (i = 0; rc == CH_OK && i < found.n; i++) {
		rc = end(context, found.rows[i].text, err);
		if (rc == CH_NONE)
			rc = CH_OK;
	}
	if (rc == CH_OK)
		say_more("ended %zu", found.n);
	release(&found);
	return rc;
}

int
verb_end(struct context *context, char **operands, struct ch_err *err)
{
	struct ch_err one = CH_ERR_INIT;
	int first = CH_OK, rc;

	if (*operands && (context->user || context->all))
		opt_wrong(&program, "end: either ID or --user or --all");
	if (context->user && context->all)
		opt_wrong(&program, "end: either --user or --all");
	if (context->user || context->all)
		return end_many(context, err);
	if (!*operands)
		return end(context, take_id(&operands), err);
	for (; *operands; operands++) {
		rc = end(context, *operands, &one);
		if (rc != CH_OK && first == CH_OK) {
			first = rc;
			*err = one;
		}
	}
	return first;
}

/* --- what nobody needs ---------------------------------------------------- */

/* The server of a connection knows about the rest. */
static int
lives(void *arg, const char *channel)
{
	const struct context *context = arg;

	return owner_lives(context->layer, channel);
}

int
verb_sweep(struct context *context, char **operands, struct ch_err *err)
{
	uint64_t removed = 0;
	int rc = ch_session_sweep(context->sessions, lives, context, &removed,
	    err);

	(void)operands;
	if (rc == CH_OK)
		say_more("removed %llu", (unsigned long long)removed);
	return rc;
}
