/* The variables of CGI for a request, and forms that are put together again. */
#include "chwork/cgi.h"
#include "chwork/form.h"

#include "tap.h"

#include <string.h>

static struct ch_buf text = CH_BUF_INIT;

static void
make(const char *message, const struct cgi *cgi)
{
	ch_buf_clear(&text);
	ch_buf_adds(&text, "");
	cgi_put(&text, json_value(message, strlen(message)), cgi);
}

/* The value of a variable; NULL if it is not there, "twice" if it is so. */
static const char *
variable(const char *name)
{
	const char *at = text.data, *found = NULL;
	size_t len = strlen(name);

	for (; at < text.data + text.len; at += strlen(at) + 1) {
		if (strncmp(at, name, len) != 0 || at[len] != '=')
			continue;
		found = found ? "twice" : at + len + 1;
	}
	return found;
}

#define REQUEST "{\"http_version\":\"2\",\"method\":\"POST\"," \
	"\"scheme\":\"https\",\"path\":\"/old/a b\",\"query_string\":\"q=1\"," \
	"\"client\":[\"::1\",80],\"server\":[\"10.0.0.1\",443]," \
	"\"tls\":{\"client\":\"CN=me\"},\"headers\":["

static void
test_request(void)
{
	struct cgi cgi = { .script = 4, .program = "/x/y", .length = 12 };

	make(REQUEST "[\"host\",\"[::1]:8000\"],[\"content-type\",\"a/b\"],"
	    "[\"content-length\",\"7\"]]}", &cgi);
	is_str(variable("GATEWAY_INTERFACE"), "CGI/1.1", "the interface");
	is_str(variable("SERVER_PROTOCOL"), "HTTP/2.0", "the protocol");
	is_str(variable("SERVER_NAME"), "[::1]", "the server, as it is called");
	is_str(variable("SERVER_PORT"), "8000", "its port");
	is_str(variable("HTTPS"), "on", "HTTPS");
	is_str(variable("REQUEST_METHOD"), "POST", "the method");
	is_str(variable("SCRIPT_NAME"), "/old", "the script");
	is_str(variable("PATH_INFO"), "/a b", "the rest of the path");
	is_str(variable("REQUEST_URI"), "/old/a%20b?q=1", "all of it");
	is_str(variable("SCRIPT_FILENAME"), "/x/y", "the program");
	is_str(variable("QUERY_STRING"), "q=1", "the query");
	is_str(variable("REMOTE_ADDR"), "::1", "the client");
	is_str(variable("REMOTE_PORT"), "80", "its port");
	is_str(variable("REMOTE_USER"), "CN=me", "its certificate");
	is_str(variable("CONTENT_TYPE"), "a/b", "the body's type");
	is_str(variable("CONTENT_LENGTH"), "12", "the length that it has");
	is_str(variable("HTTP_CONTENT_TYPE"), NULL, "that is no HTTP_*");
	is_str(variable("PATH_TRANSLATED"), NULL, "there is no root");
}

static void
test_sparse(void)
{
	struct cgi cgi = { .script = 100, .program = "p", .length = -1 };

	make("{}", &cgi);
	is_str(variable("QUERY_STRING"), "", "without a query it is empty");
	is_str(variable("REMOTE_ADDR"), "", "so is the client");
	is_str(variable("SERVER_PROTOCOL"), "HTTP/1.1", "a protocol there is");
	is_str(variable("CONTENT_LENGTH"), NULL, "a length is not known");
	is_str(variable("REMOTE_USER"), NULL, "nor a user");
	is_str(variable("HTTPS"), NULL, "and there is no HTTPS");
	make("{\"tls\":{\"client\":\"CN=me\"},\"user\":\"ana\"}", &cgi);
	is_str(variable("REMOTE_USER"), "ana", "who is logged in counts most");
	is_str(variable("AUTH_TYPE"), NULL, "which is no certificate");
	make("{\"path\":\"/a\\u0000b\",\"server\":[\"h\",81],"
	    "\"client\":null}", &cgi);
	is_str(variable("SCRIPT_NAME"), NULL, "a NUL ends no variable");
	is_str(variable("SERVER_NAME"), "h", "a server without Host");
	is_str(variable("REMOTE_ADDR"), "", "a client on a unix socket");
}

static void
test_fields(void)
{
	char *const settings[] = { (char[]){ "HTTP_X_B=mine" }, NULL };
	struct cgi cgi = { .program = "p", .settings = settings };

	make("{\"headers\":[[\"x-a\",\"1\"],[\"proxy\",\"evil\"],"
	    "[\"x-a\",\"2\"],[\"cookie\",\"a=b\"],[\"cookie\",\"c=d\"],"
	    "[\"x_c\",\"1\"],[\"authorization\",\"Basic x\"],[\"x-b\",\"2\"],"
	    "[\"connection\",\"close\"],[\"x-d\",\"\xef\xbf\xbf/w==\"],"
	    "[\"\",\"1\"],5,[]]}", &cgi);
	is_str(variable("HTTP_X_A"), "1, 2", "fields of a name are joined");
	is_str(variable("HTTP_COOKIE"), "a=b; c=d", "cookies as such");
	is_str(variable("HTTP_PROXY"), NULL, "no HTTP_PROXY");
	is_str(variable("HTTP_X_C"), NULL, "an underscore is no dash");
	is_str(variable("HTTP_AUTHORIZATION"), NULL, "no password");
	is_str(variable("HTTP_X_B"), NULL, "a setting counts more");
	is_str(variable("HTTP_CONNECTION"), NULL, "nothing of the connection");
	is_str(variable("HTTP_X_D"), "\xff", "bytes are unboxed");
	cgi.authorization = 1;
	make("{\"headers\":[[\"authorization\",\"Basic x\"]]}", &cgi);
	is_str(variable("HTTP_AUTHORIZATION"), "Basic x", "unless asked for");
}

#define MULTIPART(type) "{\"headers\":[[\"content-type\",\"" type "\"]]," \
	"\"form\":{\"a\":[\"1\",\"2\"],\"q\\\"\":\"\xef\xbf\xbf/w==\"}," \
	"\"files\":[{\"field\":\"f\",\"name\":\"t.txt\",\"type\":\"text/x\"," \
	"\"size\":5,\"path\":\"/s/1\"}]}"

static void
test_form(void)
{
	static const char first[] = "--B\r\nContent-Disposition: form-data; "
	    "name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; "
	    "name=\"a\"\r\n\r\n2\r\n--B\r\nContent-Disposition: form-data; "
	    "name=\"q%22\"\r\n\r\n\xff\r\n--B\r\nContent-Disposition: "
	    "form-data; name=\"f\"; filename=\"t.txt\"\r\nContent-Type: "
	    "text/x\r\n\r\n";
	const char *message = MULTIPART("multipart/form-data; boundary=B");
	struct form form;

	ok(form_read(&form, json_value(message, strlen(message))), "a form");
	is_int(form.n, 2, "has two pieces");
	is_int(form.pieces[0].text, sizeof(first) - 1, "text before");
	is_str(form.pieces[0].path, "/s/1", "the file");
	is_int(form.pieces[1].text, strlen("\r\n--B--\r\n"), "and behind it");
	ok(!strncmp(form.text.data, first, sizeof(first) - 1) &&
	    !strcmp(form.text.data + sizeof(first) - 1, "\r\n--B--\r\n"),
	    "they say what was sent");
	is_int(form.length, form.text.len + 5, "its length");
	form_release(&form);
	message = MULTIPART("multipart/form-data; boundary=\\\"B C\\\"");
	ok(form_read(&form, json_value(message, strlen(message))) &&
	    !strncmp(form.text.data, "--B C\r\n", 7), "a quoted boundary");
	form_release(&form);
	message = MULTIPART("application/x-www-form-urlencoded");
	ok(!form_read(&form, json_value(message, strlen(message))),
	    "another form has its body");
	message = "{\"body\":\"x\"}";
	ok(!form_read(&form, json_value(message, strlen(message))),
	    "and so have all others");
}

int
main(void)
{
	test_request();
	test_sparse();
	test_fields();
	test_form();
	ch_buf_release(&text);
	return done_testing();
}
