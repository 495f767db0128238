/* cgi.c - the variables of CGI/1.1 (RFC 3875) for a request. */
#include "chwork/cgi.h"

#include "chwork/environ.h"
#include "chwork/settings.h"
#include "common/put.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FIELDS_MOST 131072 /* bytes of all header fields */

/* Variables being added. */
struct variables {
	struct ch_buf *text;
	const struct cgi *cgi;
	struct json message;
};

static void
put(struct variables *to, const char *name, const char *value, size_t len)
{
	if (settings_find(to->cgi->settings, name) || len > ENVIRON_VALUE ||
	    memchr(value, '\0', len))
		return;
	put_format(to->text, "%s=", name);
	put_bytes(to->text, value, len);
	put_char(to->text, '\0');
}

static void
put_text(struct variables *to, const char *name, const char *value)
{
	put(to, name, value, strlen(value));
}

static struct json
get(const struct variables *to, const char *path)
{
	return json_get(to->message, path, strlen(path));
}

/* The value of the message's key, empty where it has none. */
static void
put_key(struct variables *to, const char *name, const char *path)
{
	struct json value = get(to, path);
	struct ch_buf bare = CH_BUF_INIT;

	put_string(&bare, "");
	if (json_kind(value) != 'n' && json_unbox(&bare, value) < 0)
		json_bare(&bare, value);
	put(to, name, bare.data, bare.len);
	ch_buf_release(&bare);
}

/* --- the header ---------------------------------------------------------- */

/* The values of all fields of that name; how many there are. */
static int
field(struct ch_buf *value, struct json headers, const char *name, size_t len)
{
	struct json_walk walk = json_walk(headers);
	const char *between = len == 6 && !memcmp(name, "cookie", 6) ? "; "
								     : ", ";
	int n = 0;

	put_string(value, "");
	while (json_next(&walk)) {
		if (!json_is(json_get(walk.value, "0", 1), name, len))
			continue;
		put_string(value, n++ ? between : "");
		json_unbox(value, json_get(walk.value, "1", 1));
	}
	return n;
}

static int
is_one_of(const struct ch_buf *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcasecmp(name->data, *list))
			return 1;
	return 0;
}

/*
 * Whether a program sees the field as HTTP_*. Proxy would be HTTP_PROXY, which
 * libraries take for the proxy to use; what is about the connection is done
 * with; the two about the body have variables of their own.
 */
static int
is_shown(const struct ch_buf *name, const struct cgi *cgi)
{
	static const char *const never[] = { "proxy", "connection",
		"transfer-encoding", "content-length", "content-type",
		"proxy-authorization", NULL };
	static const char *const secret[] = { "authorization", NULL };

	for (size_t i = 0; i < name->len; i++)
		if (!isalnum((unsigned char)name->data[i]) &&
		    name->data[i] != '-')
			return 0;
	return name->len && !is_one_of(name, never) &&
	    (cgi->authorization || !is_one_of(name, secret));
}

static int
came_before(struct json headers, const struct json_walk *at,
    const struct ch_buf *name)
{
	struct json_walk walk = json_walk(headers);

	while (json_next(&walk) && walk.value.text != at->value.text)
		if (json_is(json_get(walk.value, "0", 1), name->data,
			name->len))
			return 1;
	return 0;
}

static void
put_field(struct variables *to, const struct ch_buf *name)
{
	struct ch_buf value = CH_BUF_INIT, variable = CH_BUF_INIT;

	put_string(&variable, "HTTP_");
	for (size_t i = 0; i < name->len; i++)
		put_char(&variable, name->data[i] == '-' ? '_'
			: (char)toupper((unsigned char)name->data[i]));
	field(&value, get(to, "headers"), name->data, name->len);
	put(to, variable.data, value.data, value.len);
	ch_buf_release(&value);
	ch_buf_release(&variable);
}

static void
put_fields(struct variables *to)
{
	struct json headers = get(to, "headers");
	struct json_walk walk = json_walk(headers);
	size_t before = to->text->len;
	struct ch_buf name = CH_BUF_INIT;

	while (json_next(&walk) && to->text->len - before < FIELDS_MOST) {
		ch_buf_clear(&name);
		put_string(&name, "");
		json_bare(&name, json_get(walk.value, "0", 1));
		if (is_shown(&name, to->cgi) &&
		    !came_before(headers, &walk, &name))
			put_field(to, &name);
	}
	ch_buf_release(&name);
}

/* --- the request --------------------------------------------------------- */

static void
put_path(struct variables *to)
{
	struct ch_buf path = CH_BUF_INIT;
	size_t script = to->cgi->script;

	put_string(&path, "");
	json_bare(&path, get(to, "path"));
	if (script > path.len)
		script = path.len;
	put(to, "SCRIPT_NAME", path.data, script);
	put(to, "PATH_INFO", path.data + script, path.len - script);
	ch_buf_release(&path);
}

/* Path and query, as they may have come. */
static void
put_uri(struct variables *to)
{
	struct ch_buf path = CH_BUF_INIT, uri = CH_BUF_INIT;
	struct json query = get(to, "query_string");

	json_bare(&path, get(to, "path"));
	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.data[i];

		if (c && (isalnum(c) || strchr("-._~!$&'()*+,;=:@/", c)))
			put_char(&uri, (char)c);
		else
			put_format(&uri, "%%%02X", c);
	}
	if (query.len > 2) {
		put_char(&uri, '?');
		json_bare(&uri, query);
	}
	put_string(&uri, "");
	put(to, "REQUEST_URI", uri.data, uri.len);
	ch_buf_release(&path);
	ch_buf_release(&uri);
}

/* What the client calls the server: "localhost:8000", "[::1]". */
static void
put_server(struct variables *to, int secure)
{
	struct ch_buf host = CH_BUF_INIT;
	const char *end, *port;

	if (!field(&host, get(to, "headers"), "host", 4)) {
		put_key(to, "SERVER_NAME", "server.0");
		put_key(to, "SERVER_PORT", "server.1");
	} else {
		end = strrchr(host.data, ']');
		port = strchr(end ? end : host.data, ':');
		put(to, "SERVER_NAME", host.data,
		    port ? (size_t)(port - host.data) : host.len);
		put_text(to, "SERVER_PORT", port ? port + 1
		    : secure ? "443" : "80");
	}
	ch_buf_release(&host);
}

static void
put_body(struct variables *to)
{
	struct ch_buf value = CH_BUF_INIT;
	char length[24];

	if (field(&value, get(to, "headers"), "content-type", 12))
		put(to, "CONTENT_TYPE", value.data, value.len);
	ch_buf_clear(&value);
	if (to->cgi->length > 0) {
		snprintf(length, sizeof(length), "%" PRId64, to->cgi->length);
		put_text(to, "CONTENT_LENGTH", length);
	} else if (field(&value, get(to, "headers"), "content-length", 14)) {
		put(to, "CONTENT_LENGTH", value.data, value.len);
	}
	ch_buf_release(&value);
}

/* Who the client is: a login or a certificate tells. */
static void
put_client(struct variables *to)
{
	put_key(to, "REMOTE_ADDR", "client.0");
	put_key(to, "REMOTE_HOST", "client.0");
	put_key(to, "REMOTE_PORT", "client.1");
	if (json_kind(get(to, "user")) == '"') {
		put_key(to, "REMOTE_USER", "user");
		if (to->cgi->id)
			put_text(to, "AUTH_TYPE", "");
	} else if (json_kind(get(to, "tls.client")) == '"') {
		put_text(to, "AUTH_TYPE", "CLIENT_CERT");
		put_key(to, "REMOTE_USER", "tls.client");
	} else if (to->cgi->id) {
		put_text(to, "AUTH_TYPE", "");
		put_text(to, "REMOTE_USER", "");
	}
}

static void
put_request(struct variables *to)
{
	struct json version = get(to, "http_version");
	int secure = json_is(get(to, "scheme"), "https", 5);

	put_text(to, "GATEWAY_INTERFACE", "CGI/1.1");
	put_text(to, "SERVER_PROTOCOL", json_is(version, "2", 1) ? "HTTP/2.0"
	    : json_is(version, "1.0", 3) ? "HTTP/1.0" : "HTTP/1.1");
	put_text(to, "REQUEST_SCHEME", secure ? "https" : "http");
	put_key(to, "REQUEST_METHOD", "method");
	put_text(to, "SCRIPT_FILENAME", to->cgi->program);
	put_path(to);
	put_body(to);
}

/* A WebSocket was asked for by GET; what websocketd leaves empty is empty. */
static void
put_socket(struct variables *to)
{
	static const char *const empty[] = { "CONTENT_LENGTH", "CONTENT_TYPE",
		"REMOTE_IDENT" };

	put_text(to, "GATEWAY_INTERFACE", "websocketd-CGI/0.1");
	put_text(to, "SERVER_PROTOCOL", "HTTP/1.1");
	put_text(to, "REQUEST_METHOD", "GET");
	put_text(to, "SCRIPT_NAME", "/");
	put_key(to, "PATH_INFO", "path");
	put_key(to, "PATH_TRANSLATED", "path");
	put_text(to, "UNIQUE_ID", to->cgi->id);
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		put_text(to, empty[i], "");
}

void
cgi_put(struct ch_buf *text, struct json message, const struct cgi *cgi)
{
	struct variables to = { text, cgi, message };
	int secure = json_is(get(&to, "scheme"), cgi->id ? "wss" : "https",
	    cgi->id ? 3 : 5);

	put_text(&to, "SERVER_SOFTWARE", "chutils");
	if (secure)
		put_text(&to, "HTTPS", "on");
	put_key(&to, "QUERY_STRING", "query_string");
	put_uri(&to);
	put_server(&to, secure);
	put_client(&to);
	if (cgi->id)
		put_socket(&to);
	else
		put_request(&to);
	put_fields(&to);
}
