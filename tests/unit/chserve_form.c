/*
 * Forms: what becomes of every kind of body, whole, byte by byte, in two
 * pieces cut anywhere, and cut off anywhere.
 */
#include "chserve/form.h"
#include "chserve/spool.h"

#include "channel.h"
#include "base/io.h"
#include "common/json.h"
#include "common/put.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "store.h"

#define URL "application/x-www-form-urlencoded"
#define MULTI "multipart/form-data; boundary=XYZ"

static const struct form_limits limits = { 5, 300, 1000, 3, 200 };

/* --- reading a form ------------------------------------------------------ */

/* What the form says, each path replaced by what is in the file. */
static char *
tell(const struct form *form)
{
	struct ch_buf out = CH_BUF_INIT, told = CH_BUF_INIT;
	struct ch_buf path = CH_BUF_INIT, content = CH_BUF_INIT;
	const char *at, *found;
	struct json value;
	int fd;

	put_char(&out, '{');
	form_put(form, &out);
	put_char(&out, '}');
	ok(ch_message_check(out.data, out.len, NULL) == CH_OK, "a message");
	for (at = out.data; (found = strstr(at, "\"path\":\"/"));
	     at = value.text + value.len) {
		found += strlen("\"path\":");
		put_bytes(&told, at, (size_t)(found - at));
		value = json_value(found, strlen(found));
		ch_buf_clear(&path);
		ch_buf_clear(&content);
		json_bare(&path, value);
		fd = open(path.data, O_RDONLY);
		if (fd < 0 || ch_io_slurp(fd, &content, 1 << 20) < 0)
			bail(path.data, NULL);
		close(fd);
		json_quote(&told, content.data ? content.data : "",
		    content.len);
	}
	put_string(&told, at);
	ch_buf_release(&out);
	ch_buf_release(&path);
	ch_buf_release(&content);
	return told.data;
}

/* Feeds n bytes in pieces of `piece`, the first of `first` if that is not 0. */
static int
feed(struct form *form, const char *bytes, size_t n, size_t first,
    size_t piece)
{
	size_t at = 0, len = first ? first : piece;
	int status = 0;
	char *exact;

	for (; at < n && !status; at += len, len = piece) {
		if (len > n - at)
			len = n - at;
		exact = malloc(len); /* so that beyond it is seen */
		memcpy(exact, bytes + at, len);
		status = form_feed(form, exact, len);
		free(exact);
	}
	return status;
}

/* The status, or 0 and *told, to be freed. */
static int
read_form(const char *type, const char *bytes, size_t n, size_t first,
    size_t piece, char **told)
{
	struct form *form;
	int status;

	*told = NULL;
	form = form_new(type, &limits, &status);
	if (!form)
		return status ? status : -1;
	status = feed(form, bytes, n, first, piece);
	if (!status)
		status = form_end(form);
	if (!status)
		*told = tell(form);
	form_free(form);
	return status;
}

/* However it is cut, the body comes to the same: `want`, or the status. */
static void
check(const char *type, const char *bytes, size_t n, const char *want,
    int status, const char *what)
{
	size_t first, wrong = 0;
	char *told;
	int rc;

	rc = read_form(type, bytes, n, 0, n + 1, &told);
	is_int(rc, status, "%s", what);
	is_str(told, want, "%s", what);
	free(told);
	rc = read_form(type, bytes, n, 0, 1, &told);
	is_int(rc, status, "%s, byte by byte", what);
	is_str(told, want, "%s, byte by byte", what);
	free(told);
	for (first = 1; first < n; first++) {
		rc = read_form(type, bytes, n, first, n, &told);
		wrong += rc != status || (want && strcmp(told, want) != 0);
		free(told);
	}
	is_int(wrong, 0, "%s, in two pieces", what);
}

/* Cut off before `whole` bytes, it is malformed. */
static void
check_cut(const char *bytes, size_t whole, const char *what)
{
	size_t n, wrong = 0;
	char *told;

	for (n = 0; n < whole; n++) {
		wrong += read_form(MULTI, bytes, n, 0, n + 1, &told) != 400;
		free(told);
	}
	is_int(wrong, 0, "%s, cut off", what);
}

static int
files_there(void)
{
	char command[600];

	snprintf(command, sizeof(command),
	    "exit $(find %s -type f ! -name lock | wc -l)", store_path);
	return WEXITSTATUS(system(command));
}

/* --- which kind ---------------------------------------------------------- */

static void
test_types(void)
{
	static const struct {
		int want; /* -1: no form, 0: one */
		const char *type;
	} types[] = {
		{ -1, NULL },
		{ -1, "" },
		{ -1, "text/plain" },
		{ -1, "application/json" },
		{ -1, "multipart/mixed; boundary=a" },
		{ -1, "application/x-www-form-urlencoded2" },
		{ 0, URL },
		{ 0, " APPLICATION/X-WWW-Form-UrlEncoded ; charset=UTF-8" },
		{ 0, MULTI },
		{ 0, "Multipart/Form-Data;BOUNDARY=\"a b\"; charset=utf-8" },
		{ 0, "multipart/form-data; charset=x; boundary=--a:b=c/?" },
		{ 0, "multipart/form-data; boundary=a;" },
		{ 400, "multipart/form-data" },
		{ 400, "multipart/form-data; boundary" },
		{ 400, "multipart/form-data; boundary=" },
		{ 400, "multipart/form-data; boundary=\"\"" },
		{ 400, "multipart/form-data; boundary=\"a" },
		{ 400, "multipart/form-data; boundary=\"a \"" },
		{ 400, "multipart/form-data; boundary=a b" },
		{ 400, "multipart/form-data; boundary=a; boundary=a" },
		{ 400, "multipart/form-data; boundary=\"a\xc3\xa4\"" },
		{ 400, "multipart/form-data; boundary=a{b" },
		{ 400, "multipart/form-data, boundary=a" },
		{ 400, "multipart/form-data; =a; boundary=a" },
	};
	char type[128];
	struct form *form;
	size_t i;
	int status;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		int want = types[i].want;

		form = form_new(types[i].type, &limits, &status);
		if (strncasecmp(types[i].type ? types[i].type : "",
		        "multipart/form-data,", 20) == 0)
			want = -1; /* another type, for all we know */
		is_int(form ? 0 : status ? status : -1, want, "type %s",
		    types[i].type ? types[i].type : "(none)");
		form_free(form);
	}
	snprintf(type, sizeof(type), "multipart/form-data; boundary=%071d", 1);
	ok(!form_new(type, &limits, &status) && status == 400,
	    "a boundary of 71");
	type[strlen(type) - 1] = '\0';
	form = form_new(type, &limits, &status);
	ok(form && !status, "a boundary of 70");
	is_int(form_feed(form, "a", 1), 0, "of which something is held");
	ok(form_held(form) > 0 && form_held(form) < 4096, "but little");
	form_free(form);
}

/* --- urlencoded ---------------------------------------------------------- */

#define FIELDS(json) "{\"form\":{" json "},\"files\":[]}"

static void
test_urlencoded(void)
{
	static const struct {
		const char *body;
		const char *want;
	} good[] = {
		{ "", FIELDS("") },
		{ "a=1", FIELDS("\"a\":\"1\"") },
		{ "a=1&b=2", FIELDS("\"a\":\"1\",\"b\":\"2\"") },
		{ "a=1&b=2&a=3&a=",
		    FIELDS("\"a\":[\"1\",\"3\",\"\"],\"b\":\"2\"") },
		{ "&&a=1&&b=2&", FIELDS("\"a\":\"1\",\"b\":\"2\"") },
		{ "a", FIELDS("\"a\":\"\"") },
		{ "=", FIELDS("\"\":\"\"") },
		{ "=v", FIELDS("\"\":\"v\"") },
		{ "a=b=c", FIELDS("\"a\":\"b=c\"") },
		{ "a+b=c+d%2B", FIELDS("\"a b\":\"c d+\"") },
		{ "%61%3D=%26%25", FIELDS("\"a=\":\"&%\"") },
		{ "a=%C3%a9\xc3\xa9", FIELDS("\"a\":\"\xc3\xa9\xc3\xa9\"") },
		{ "%=%", FIELDS("\"%\":\"%\"") },
		{ "a=%4&b=%zz%4g", FIELDS("\"a\":\"%4\",\"b\":\"%zz%4g\"") },
		{ "a=%%41", FIELDS("\"a\":\"%A\"") },
		{ "a=%00%0a", FIELDS("\"a\":\"\\u0000\\n\"") },
		{ "a=\r\nb", FIELDS("\"a\":\"\\r\\nb\"") },
		{ "a=%ff", FIELDS("\"a\":\"\xef\xbf\xbf/w==\"") },
		{ "a=%ef%bf%bf", FIELDS("\"a\":\"\xef\xbf\xbf" "77+/\"") },
	};
	static const char *const bad[] = { "%00=1", "a=1&b%00", "%ff=1",
		"a=1&%c3=2",
		"{\"a\":1}", "a=1&<b>=2", "\n", "a\n=1", "a\x7f=1" };
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		check(URL, good[i].body, strlen(good[i].body), good[i].want,
		    0, good[i].body);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check(URL, bad[i], strlen(bad[i]), NULL, 400, bad[i]);
}

/* --- multipart: parts ---------------------------------------------------- */

#define NEXT "--XYZ\r\n"
#define LAST "--XYZ--\r\n"
#define NAMED "Content-Disposition: form-data; name="
#define FIELD(name, value) NEXT NAMED "\"" name "\"\r\n\r\n" value "\r\n"
#define UPLOAD(name, file, value) \
	NEXT NAMED "\"" name "\"; filename=\"" file "\"\r\n" \
	"Content-Type: text/x-y\r\n\r\n" value "\r\n"
#define TOLD(field, name, type, size, value) \
	"{\"field\":\"" field "\",\"name\":\"" name "\",\"type\":\"" type \
	"\",\"size\":" #size ",\"path\":\"" value "\"}"
#define FILES(fields, files) \
	"{\"form\":{" fields "},\"files\":[" files "]}"

struct body {
	const char *body;
	size_t n;
	const char *want; /* NULL: 400 */
};
#define BODY(text) text, sizeof(text) - 1

static void
check_all(const struct body *bodies, size_t n)
{
	char what[100];
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(what, sizeof(what), "line %zu of these", i);
		check(MULTI, bodies[i].body, bodies[i].n, bodies[i].want,
		    bodies[i].want ? 0 : 400, what);
		if (bodies[i].want && strstr(bodies[i].body, LAST) &&
		    !strstr(bodies[i].body, "--XYZ--x"))
			check_cut(bodies[i].body,
			    (size_t)(strstr(bodies[i].body, LAST) -
				bodies[i].body) + strlen("--XYZ--"), what);
	}
}
#define CHECK_ALL(bodies) check_all(bodies, sizeof(bodies) / sizeof(*bodies))

static void
test_parts(void)
{
	static const struct body parts[] = {
		{ BODY(LAST), FIELDS("") },
		{ BODY(FIELD("a", "1") LAST), FIELDS("\"a\":\"1\"") },
		{ BODY(FIELD("a", "1") FIELD("b", "") FIELD("a", "2") LAST),
		    FIELDS("\"a\":[\"1\",\"2\"],\"b\":\"\"") },
		{ BODY(FIELD("", "1") LAST), FIELDS("\"\":\"1\"") },
		{ BODY(UPLOAD("f", "x.txt", "one\ntwo") LAST),
		    FILES("", TOLD("f", "x.txt", "text/x-y", 7,
			"one\\ntwo")) },
		{ BODY(UPLOAD("f", "x", "1") FIELD("a", "2")
			UPLOAD("f", "y", "3") LAST),
		    FILES("\"a\":\"2\"", TOLD("f", "x", "text/x-y", 1, "1")
			"," TOLD("f", "y", "text/x-y", 1, "3")) },
		{ BODY(UPLOAD("f", "empty", "") LAST),
		    FILES("", TOLD("f", "empty", "text/x-y", 0, "")) },
		/* no file was chosen; a file without a name */
		{ BODY(UPLOAD("f", "", "") FIELD("a", "1") LAST),
		    FIELDS("\"a\":\"1\"") },
		{ BODY(UPLOAD("f", "", "") UPLOAD("f", "", "")
			UPLOAD("f", "", "") UPLOAD("f", "", "1")
			UPLOAD("f", "", "") LAST),
		    FILES("", TOLD("f", "", "text/x-y", 1, "1")) },
		/* the type of a file that is not said; that of a field */
		{ BODY(NEXT NAMED "f; filename=x\r\n\r\n1\r\n" LAST),
		    FILES("", TOLD("f", "x", "application/octet-stream", 1,
			"1")) },
		{ BODY(NEXT NAMED "f; filename=x\r\nContent-Type:\r\n\r\n"
			"1\r\n" LAST),
		    FILES("", TOLD("f", "x", "application/octet-stream", 1,
			"1")) },
		{ BODY(NEXT NAMED "a\r\nContent-Type: application/json\r\n\r\n"
			"{}\r\n" LAST), FIELDS("\"a\":\"{}\"") },
		{ BODY(NEXT NAMED "f; filename=x\r\nContent-Type: \t a/b; c=d "
			"\r\n\r\n1\r\n" LAST),
		    FILES("", TOLD("f", "x", "a/b; c=d", 1, "1")) },
		/* bytes */
		{ BODY(FIELD("a", "\0\xff") LAST),
		    FIELDS("\"a\":\"\xef\xbf\xbf" "AP8=\"") },
		{ BODY(FIELD("a", "\0\r\n") LAST),
		    FIELDS("\"a\":\"\\u0000\\r\\n\"") },
		/* case, order, blanks, and fields that mean nothing here */
		{ BODY(NEXT "x-foo: bar\r\nCONTENT-TYPE:text/x\r\n"
			"content-disposition:FORM-DATA;FileName=\"b\" ; NAME="
			"\"a\" ; filename*=utf-8''c;\r\n"
			"Content-transfer-encoding: 8BIT\r\n\r\n1\r\n" LAST),
		    FILES("", TOLD("a", "b", "text/x", 1, "1")) },
		{ BODY(NEXT NAMED "a; filename*=utf-8''c\r\n\r\n1\r\n" LAST),
		    FIELDS("\"a\":\"1\"") },
		{ BODY(NEXT NAMED "a\r\nContent-Transfer-Encoding: binary\r\n"
			"\r\n1\r\n" NEXT NAMED "b\r\n"
			"Content-Transfer-Encoding: 7bit\r\n\r\n2\r\n" LAST),
		    FIELDS("\"a\":\"1\",\"b\":\"2\"") },
	};

	CHECK_ALL(parts);
}

static void
test_names(void)
{
	static const struct body names[] = {
		/* as browsers quote */
		{ BODY(FIELD("a%22b%0D%0Ac%0dd%41%", "1") LAST),
		    FIELDS("\"a\\\"b\\r\\nc\\rd%41%\":\"1\"") },
		{ BODY(UPLOAD("f", "a%22b;c.txt", "1") LAST),
		    FILES("", TOLD("f", "a\\\"b;c.txt", "text/x-y", 1, "1")) },
		{ BODY(FIELD("a\\", "1") LAST), FIELDS("\"a\\\\\":\"1\"") },
		{ BODY(UPLOAD("a\\", "x", "1") LAST),
		    FILES("", TOLD("a\\\\", "x", "text/x-y", 1, "1")) },
		{ BODY(FIELD("a\\b", "1") LAST), FIELDS("\"a\\\\b\":\"1\"") },
		/* as curl quotes */
		{ BODY(FIELD("a\\\"b\\\\c\\\\", "1") LAST),
		    FIELDS("\"a\\\"b\\\\c\\\\\":\"1\"") },
		{ BODY(FIELD("a\\\"; b", "1") LAST),
		    FIELDS("\"a\\\"; b\":\"1\"") },
		{ BODY(UPLOAD("f", "\\\"x\\\"", "1") LAST),
		    FILES("", TOLD("f", "\\\"x\\\"", "text/x-y", 1, "1")) },
		/* letters */
		{ BODY(FIELD("\xc3\xa9", "1") LAST),
		    FIELDS("\"\xc3\xa9\":\"1\"") },
		{ BODY(UPLOAD("f", "\xe2\x82\xac\xff.txt", "1") LAST),
		    FILES("", TOLD("f", "\xe2\x82\xac\xef\xbf\xbd.txt",
			"text/x-y", 1, "1")) },
		/* directories */
		{ BODY(UPLOAD("f", "/etc/passwd", "1") LAST),
		    FILES("", TOLD("f", "passwd", "text/x-y", 1, "1")) },
		{ BODY(UPLOAD("f", "C:\\My Files\\x.txt", "1") LAST),
		    FILES("", TOLD("f", "x.txt", "text/x-y", 1, "1")) },
		{ BODY(UPLOAD("f", "\\\\host\\a/b\\.x", "1") LAST),
		    FILES("", TOLD("f", ".x", "text/x-y", 1, "1")) },
		{ BODY(UPLOAD("f", "a/..", "1") UPLOAD("f", "..", "")
			UPLOAD("f", "a/", "2") UPLOAD("f", ".", "3") LAST),
		    FILES("", TOLD("f", "", "text/x-y", 1, "1") ","
			TOLD("f", "", "text/x-y", 1, "2") ","
			TOLD("f", "", "text/x-y", 1, "3")) },
		/* refused */
		{ BODY(FIELD("\xff", "1") LAST), NULL },
		{ BODY(UPLOAD("\xff", "a", "1") LAST), NULL },
		{ BODY(FIELD("a\0b", "1") LAST), NULL },
		{ BODY(UPLOAD("f", "a\0b", "1") LAST), NULL },
		{ BODY(UPLOAD("f", "a%0Ab", "1") LAST), NULL },
		{ BODY(UPLOAD("f", "a\tb", "1") LAST), NULL },
		{ BODY(UPLOAD("f", "a\x7f", "1") LAST), NULL },
		{ BODY(UPLOAD("f", "a\nb", "1") LAST), NULL },
		{ BODY(UPLOAD("f", "a\"b", "1") LAST), NULL },
	};

	CHECK_ALL(names);
}

#define PART(head) NEXT head "\r\n\r\n1\r\n" LAST

static void
test_heads_refused(void)
{
	static const struct body heads[] = {
		{ BODY(NEXT "\r\n1\r\n" LAST), NULL },
		{ BODY(PART("Content-Type: text/plain")), NULL },
		{ BODY(PART("Content-Disposition: form-data")), NULL },
		{ BODY(PART("Content-Disposition: form-data; filename=x")),
		    NULL },
		{ BODY(PART("Content-Disposition: attachment; name=a")),
		    NULL },
		{ BODY(PART("Content-Disposition; form-data; name=a")),
		    NULL },
		{ BODY(PART("Content-Disposition : form-data; name=a")),
		    NULL },
		{ BODY(PART("Content-Disposition: form-data, name=a")), NULL },
		{ BODY(PART(NAMED)), NULL },
		{ BODY(PART(NAMED "\"a")), NULL },
		{ BODY(PART(NAMED "\"a\"b")), NULL },
		{ BODY(PART(NAMED "a b")), NULL },
		{ BODY(PART(NAMED "a; b")), NULL },
		{ BODY(PART(NAMED "a; name=a")), NULL },
		{ BODY(PART(NAMED "a; filename=b; filename=b")), NULL },
		{ BODY(PART(NAMED "a\r\n" NAMED "a")), NULL },
		{ BODY(PART(NAMED "a\r\nContent-Type: a/b\r\n"
			"Content-Type: a/b")), NULL },
		{ BODY(PART(NAMED "a\r\n ; filename=b")), NULL },
		{ BODY(PART(NAMED "a\r\nnothing")), NULL },
		{ BODY(PART(NAMED "a\r\n: x")), NULL },
		{ BODY(PART(NAMED "a\nX: y")), NULL },
		{ BODY(PART(NAMED "a\rX: y")), NULL },
		{ BODY(PART(NAMED "a\r\nX: y\0z")), NULL },
		{ BODY(PART(NAMED "a\r\n"
			"Content-Transfer-Encoding: base64")), NULL },
		{ BODY(PART(NAMED "a\r\n"
			"Content-Transfer-Encoding: quoted-printable")),
		    NULL },
		/* another part begins before the head has ended */
		{ BODY(NEXT NAMED "a\r\n" FIELD("b", "1") LAST), NULL },
	};

	CHECK_ALL(heads);
}

/* --- multipart: boundaries ----------------------------------------------- */

#define BLANKS "                                " /* 32 */

static void
test_boundaries(void)
{
	static const struct body bodies[] = {
		{ BODY("preamble\r\nof --XYZ two\r\n" FIELD("a", "1") LAST
			"epilogue\r\n" FIELD("b", "2") LAST),
		    FIELDS("\"a\":\"1\"") },
		{ BODY("\r\n" FIELD("a", "1") "--XYZ--"),
		    FIELDS("\"a\":\"1\"") },
		{ BODY(FIELD("a", "1") "--XYZ-- \t"), FIELDS("\"a\":\"1\"") },
		{ BODY(FIELD("a", "1") "--XYZ--\r"), FIELDS("\"a\":\"1\"") },
		/* blanks behind it */
		{ BODY("--XYZ \t \r\n" NAMED "a\r\n\r\n1\r\n--XYZ--\t\r\n"),
		    FIELDS("\"a\":\"1\"") },
		{ BODY("--XYZ" BLANKS BLANKS "\r\n" NAMED "a\r\n\r\n1\r\n"
			LAST), FIELDS("\"a\":\"1\"") },
		/* what is like one */
		{ BODY(FIELD("a", "\r\n--XY\r\n--XYZW\r\n-- XYZ\r\n--XYZ-\r\n")
			LAST), FIELDS("\"a\":\"\\r\\n--XY\\r\\n--XYZW\\r\\n"
			"-- XYZ\\r\\n--XYZ-\\r\\n\"") },
		{ BODY(FIELD("a", "\r\r\n\n\r\n\r\n--XYZ--x\r\n"
			"--XYZ \rx\n--XYZ") LAST),
		    FIELDS("\"a\":\"\\r\\r\\n\\n\\r\\n\\r\\n--XYZ--x"
			"\\r\\n--XYZ \\rx\\n--XYZ\"") },
		{ BODY(FIELD("a", "x--XYZ\r\n --XYZ\r\n--xyz\r\n-") LAST),
		    FIELDS("\"a\":\"x--XYZ\\r\\n --XYZ\\r\\n--xyz\\r\\n-\"") },
		{ BODY(FIELD("a", "\r\n--XYZ \r") LAST),
		    FIELDS("\"a\":\"\\r\\n--XYZ \\r\"") },
		{ BODY(FIELD("a", "\r\n--XYZ" BLANKS BLANKS BLANKS BLANKS
			BLANKS) LAST), FIELDS("\"a\":\"\\r\\n--XYZ" BLANKS
			BLANKS BLANKS BLANKS BLANKS "\"") },
		{ BODY(UPLOAD("f", "x", "\r") UPLOAD("f", "y", "\r\n--XYZ-")
			UPLOAD("f", "z", "\n\r\n--X") LAST),
		    FILES("", TOLD("f", "x", "text/x-y", 1, "\\r") ","
			TOLD("f", "y", "text/x-y", 8, "\\r\\n--XYZ-") ","
			TOLD("f", "z", "text/x-y", 6, "\\n\\r\\n--X")) },
		/* a part without a body, its blank line shared */
		{ BODY(NEXT NAMED "a\r\n\r\n" LAST), FIELDS("\"a\":\"\"") },
		{ BODY(NEXT NAMED "a\r\n\r\n" FIELD("b", "1") LAST),
		    FIELDS("\"a\":\"\",\"b\":\"1\"") },
		{ BODY(NEXT NAMED "a\r\n\r\n--XYZx\r\n" LAST),
		    FIELDS("\"a\":\"--XYZx\"") },
		/* none, or not the last */
		{ BODY(""), NULL },
		{ BODY("nothing"), NULL },
		{ BODY("--XYZ"), NULL },
		{ BODY("--XYZ-"), NULL },
		{ BODY(NEXT), NULL },
		{ BODY(FIELD("a", "1")), NULL },
		{ BODY(FIELD("a", "1") "--XYZ-"), NULL },
		{ BODY(FIELD("a", "1") NEXT LAST), NULL },
		{ BODY("--XYZ\n" NAMED "a\n\n1\n--XYZ--\n"), NULL },
	};

	CHECK_ALL(bodies);
}

/* --- limits -------------------------------------------------------------- */

/* The text with `n` times the letter where its @ is. */
static int
status_of(const char *type, const char *text, size_t n)
{
	const char *at = strchr(text, '@');
	struct ch_buf body = CH_BUF_INIT;
	char *told, *by_bytes;
	int rc;

	put_bytes(&body, text, at ? (size_t)(at - text) : strlen(text));
	for (; at && n; n--)
		put_char(&body, 'x');
	if (at)
		put_string(&body, at + 1);
	rc = read_form(type, body.data, body.len, 0, body.len, &told);
	is_int(read_form(type, body.data, body.len, 0, 1, &by_bytes), rc,
	    "the same byte by byte");
	is_str(by_bytes, told, "the same byte by byte");
	free(told);
	free(by_bytes);
	ch_buf_release(&body);
	return rc;
}

static void
test_limits(void)
{
	is_int(status_of(URL, "a=1&a=1&a=1&a=1&a=1", 0), 0, "5 fields");
	is_int(status_of(URL, "a=1&a=1&a=1&a=1&a=1&a", 0), 413, "6 fields");
	is_int(status_of(MULTI, FIELD("a", "") FIELD("a", "") FIELD("a", "")
	    FIELD("a", "") FIELD("a", "") FIELD("a", "") LAST, 0), 413,
	    "6 fields as parts");
	is_int(status_of(URL, "a=@", 300), 0, "a field of 300");
	is_int(status_of(URL, "a=@", 301), 413, "a field of 301");
	is_int(status_of(URL, "a=@", 5000), 413, "one of 5000");
	is_int(status_of(MULTI, FIELD("a", "@") LAST, 300), 0,
	    "a part of 300");
	is_int(status_of(MULTI, FIELD("a", "@") LAST, 301), 413,
	    "a part of 301");
	is_int(status_of(URL, "@=1", 900), 0, "a name of 900");
	is_int(status_of(URL, "@=1", 1025), 400, "a name of 1025");
	is_int(status_of(URL, "@=1", 9999), 400, "a name of 9999");
	is_int(status_of(URL, "{\"a=@", 9999), 400, "no name, no form");
	is_int(status_of(URL, "@", 9999), 400, "nor without an end");
	is_int(status_of(URL, "a=@&b=1", 300), 0, "all of 303");
	is_int(status_of(URL, "@=1&b=1", 995), 0, "all of 1000, with NULs");
	is_int(status_of(URL, "@=1&b=1", 996), 413, "all of 1001");
	is_int(status_of(MULTI, UPLOAD("f", "x", "@") LAST, 200), 0,
	    "a file of 200");
	is_int(status_of(MULTI, UPLOAD("f", "x", "@") LAST, 201), 413,
	    "a file of 201");
	is_int(status_of(MULTI, UPLOAD("f", "x", "1") UPLOAD("f", "x", "")
	    UPLOAD("f", "", "") UPLOAD("f", "x", "") LAST, 0), 0,
	    "3 files, and none");
	is_int(status_of(MULTI, UPLOAD("f", "x", "1") UPLOAD("f", "x", "")
	    UPLOAD("f", "x", "1") UPLOAD("f", "x", "") LAST, 0), 413,
	    "4 files");
	is_int(status_of(MULTI, UPLOAD("f", "x", "1") UPLOAD("f", "x", "")
	    UPLOAD("f", "x", "1") UPLOAD("f", "", "1") LAST, 0), 413,
	    "4 files, one without a name");
	is_int(status_of(MULTI, UPLOAD("f", "@", "1") LAST, 1100), 413,
	    "a file's name counts, too");
	is_int(status_of(MULTI, NEXT NAMED "a\r\nX: @\r\n\r\n1\r\n" LAST,
	    8000), 0, "a head of 8000");
	is_int(status_of(MULTI, NEXT NAMED "a\r\nX: @\r\n\r\n1\r\n" LAST,
	    8200), 413, "a head of 8200");
	is_int(status_of(MULTI, NEXT NAMED "a\r\nX: @", 9999), 413,
	    "one that has not ended");
	is_int(status_of(MULTI, NEXT "@", 9999), 413, "nor its first line");
	is_int(status_of(MULTI, NEXT NAMED "a\r\n"
	    "x:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\n"
	    "x:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\n\r\n1\r\n" LAST, 0), 0,
	    "16 lines");
	is_int(status_of(MULTI, NEXT NAMED "a\r\nx:\r\n"
	    "x:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\n"
	    "x:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\nx:\r\n\r\n1\r\n" LAST, 0),
	    413, "17 lines");
}

/* --- files --------------------------------------------------------------- */

static void
test_files_go(void)
{
	static const char body[] = UPLOAD("f", "x", "1") UPLOAD("f", "y", "2")
	    UPLOAD("f", "z", "3");
	struct form *form;
	int status;

	form = form_new(MULTI, &limits, &status);
	is_int(form_feed(form, body, sizeof(body) - 1), 0, "three files");
	is_int(files_there(), 3, "are there");
	form_free(form);
	is_int(files_there(), 0, "and go with the form");
	form = form_new(MULTI, &limits, &status);
	is_int(form_feed(form, body, sizeof(body) - 3), 0, "two and a half");
	is_int(files_there(), 3, "are there");
	form_free(form);
	is_int(files_there(), 0, "and go as well");
}

/* Calls of write(2) by this process so far. */
static long
writes(void)
{
	struct ch_buf text = CH_BUF_INIT;
	int fd = open("/proc/self/io", O_RDONLY);
	const char *found;
	long n;

	if (fd < 0 || ch_io_slurp(fd, &text, 4096) < 0)
		bail("/proc/self/io", NULL);
	close(fd);
	found = strstr(text.data, "syscw: ");
	n = found ? strtol(found + 7, NULL, 10) : -1;
	ch_buf_release(&text);
	return n;
}

/* A file of line ends becomes few writes, however it looks like boundaries. */
static void
test_long_runs(void)
{
	const struct form_limits large = { 1, 1, 1000, 1, 1 << 25 };
	struct ch_buf body = CH_BUF_INIT, out = CH_BUF_INIT;
	struct form *form;
	size_t i;
	long before;
	int status;

	put_string(&body, NEXT NAMED "f; filename=x\r\n\r\n");
	for (i = 0; i < 1 << 20; i++)
		put_string(&body, "\r\r\n--XY\r\n--XYZ  ");
	put_string(&body, ".\r\n" LAST);
	form = form_new(MULTI, &large, &status);
	before = writes();
	is_int(form_feed(form, body.data, body.len), 0, "16 MiB of them");
	is_int(form_end(form), 0, "whole");
	ok(writes() - before < 10, "in few writes");
	form_put(form, &out);
	ok(strstr(out.data, "\"size\":16777217,") != NULL, "are all there");
	form_free(form);
	ch_buf_release(&body);
	ch_buf_release(&out);
}

static void
test_disk_full(void)
{
	static const char body[] = UPLOAD("f", "x", "12345678901") LAST;
	struct rlimit old, limit;
	struct form *form;
	int status;

	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 10;
	setrlimit(RLIMIT_FSIZE, &limit);
	form = form_new(MULTI, &limits, &status);
	status = form_feed(form, body, sizeof(body) - 1);
	setrlimit(RLIMIT_FSIZE, &old);
	is_int(status, 507, "no room for a file");
	form_free(form);
	is_int(files_there(), 0, "and nothing stays");
	getrlimit(RLIMIT_NOFILE, &old);
	limit = old;
	limit.rlim_cur = 3;
	setrlimit(RLIMIT_NOFILE, &limit);
	form = form_new(MULTI, &limits, &status);
	status = form_feed(form, body, sizeof(body) - 1);
	setrlimit(RLIMIT_NOFILE, &old);
	is_int(status, 503, "no descriptor for a file");
	form_free(form);
}

int
main(void)
{
	struct ch_err err = CH_ERR_INIT;

	if (spool_open(store_new(), &err) != CH_OK)
		bail("spool", &err);
	test_types();
	test_urlencoded();
	test_parts();
	test_names();
	test_heads_refused();
	test_boundaries();
	test_limits();
	test_files_go();
	test_long_runs();
	test_disk_full();
	is_int(files_there(), 0, "nothing is left");
	spool_close();
	return done_testing();
}
