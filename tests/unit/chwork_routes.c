/* What a routes file says, and which route a message takes. */
#include "chwork/routes.h"

#include "chwork/mount.h"

#include "base/buf.h"
#include "common/opt.h"
#include "common/put.h"
#include "tap.h"

#include <stdlib.h>

static struct ch_buf told = CH_BUF_INIT;

static void
tell(const char *place, unsigned column, const char *what)
{
	put_format(&told, "%s:%u: %s\n", place, column, what);
}

/* What includes find: a name, its text. */
static const char *const files[][2] = {
	{ "blog", "a path=/ drop\na path=/x/{y} drop\na path~^/r drop\n"
		  "include admin path=/admin/\na drop\n" },
	{ "admin", "a path=/ drop\na path=/{z} exec ./admin\n" },
	{ "again", "b drop\n\n  include again\n" },
	{ "bad", "b drop\n  b fly\n" },
	{ "group", "a path=/x accept --group g-{t}\nC=3 D=4\n" },
};

static int
include(struct routes *routes, const struct include *what, char *wrong,
    size_t size)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (strcmp(files[i][0], what->file) != 0)
			continue;
		routes_parse(routes, what->file, 0, files[i][1],
		    strlen(files[i][1]), what);
		return 0;
	}
	snprintf(wrong, size, "%s: not there", what->file);
	return -1;
}

/* The routes of a text; what is wrong with it is in told. */
static struct routes
parsed(const char *text)
{
	struct routes routes = { .wrong = tell, .include = include };

	ch_buf_clear(&told);
	put_string(&told, "");
	routes_parse(&routes, "routes", 0, text, strlen(text), NULL);
	return routes;
}

static void
accepts(const char *text)
{
	struct routes routes = parsed(text);

	is_str(told.data, "", "accepted: %.60s", text);
	is_int(routes.n, 1, "and makes a route");
	routes_release(&routes);
}

static void
refuses(const char *text, const char *why)
{
	struct routes routes = parsed(text);

	ok(strstr(told.data, why) == told.data, "refused: %.60s", text);
	if (strstr(told.data, why) != told.data)
		printf("# told: %s# not: %s\n", told.data, why);
	is_int(routes.n, 0, "and makes no route");
	routes_release(&routes);
}

/* The place of the route that takes the message; NULL: none does. */
static const char *
taken(const struct routes *routes, const char *channel, const char *message,
    struct match *match)
{
	struct json json = { message, strlen(message) };
	const struct route *route = routes_find(routes, channel, json, match);

	return route ? route->place : NULL;
}

static void
takes(const char *text, const char *channel, const char *message,
    const char *place)
{
	struct match match = { .captures.n = 0 };
	struct routes routes = parsed(text);

	is_str(told.data, "", "no errors");
	is_str(taken(&routes, channel, message, &match), place, "%s %s",
	    channel, message);
	match_release(&match);
	routes_release(&routes);
}

static void
captures(const char *text, const char *message, const char *name,
    const char *value)
{
	struct match match = { .captures.n = 0 };
	struct routes routes = parsed(text);
	const struct capture *capture = NULL;
	char got[256] = "";

	if (taken(&routes, "a", message, &match))
		capture = captures_find(&match.captures, name);
	if (capture)
		snprintf(got, sizeof(got), "%.*s", (int)capture->len,
		    capture->value);
	is_str(capture ? got : NULL, value, "%s in %s", name, message);
	match_release(&match);
	routes_release(&routes);
}

static void
test_lines(void)
{
	struct routes routes = parsed(
	    "# a comment\n\n"
	    "a path=/x drop # and more\n"
	    "  b\\\n   exec --timeout 1.5 --jobs=3 --reply json ./b 'a b' "
	    "\"c\\\"d\" e\\ f '#' '' g#h\n"
	    "websocket.receive exec ./c\n"
	    "websocket.receive exec --reply none ./c\n"
	    "d stream --jobs 4 -- -d");

	is_str(told.data, "", "no errors");
	if (!is_int(routes.n, 5, "five routes"))
		return;
	is_str(routes.list[0]->place, "routes:3", "the first is on line 3");
	is_int(routes.list[0]->action, ACTION_DROP, "it drops");
	is_str(routes.list[1]->place, "routes:4", "a joined line is its first");
	is_str(routes.list[1]->channel, "b", "its channel");
	is_int(routes.list[1]->timeout, 1500, "its timeout");
	is_int(routes.list[1]->jobs, 3, "its jobs");
	is_int(routes.list[1]->reply, REPLY_JSON, "its reply");
	is_str(routes.list[1]->argv[0], "./b", "its command");
	is_str(routes.list[1]->argv[1], "a b", "single quotes");
	is_str(routes.list[1]->argv[2], "c\"d", "double quotes");
	is_str(routes.list[1]->argv[3], "e f", "a backslash");
	is_str(routes.list[1]->argv[4], "#", "a quoted #");
	is_str(routes.list[1]->argv[5], "", "an empty word");
	is_str(routes.list[1]->argv[6], "g#h", "# inside a word");
	is_str(routes.list[1]->argv[7], NULL, "no more");
	is_int(routes.list[2]->reply, REPLY_TEXT, "websocket.* replies text");
	is_int(routes.list[3]->reply, REPLY_NONE, "unless it says otherwise");
	is_int(routes.list[4]->jobs, 4, "copies of a stream");
	is_str(routes.list[4]->argv[0], "-d", "behind --");
	routes_release(&routes);
}

static void
test_actions(void)
{
	struct routes routes = parsed(
	    "a close\n"
	    "a close 4001\n"
	    "a x={x} send --delay 2 b.{x}\n"
	    "a send b --delay 1\n"
	    "a x={x} group g-{x}\n"
	    "a accept --subprotocol a --subprotocol b --group g\n");

	is_str(told.data, "", "no errors");
	if (!is_int(routes.n, 6, "six routes"))
		return;
	is_int(routes.list[0]->code, 0, "close without a code");
	is_int(routes.list[1]->code, 4001, "close with one");
	is_int(routes.list[2]->delay, 2000, "a delay");
	is_int(routes.list[2]->target.n, 2, "a channel with a capture");
	is_int(routes.list[3]->delay, 1000, "an option behind the operand");
	is_str(routes.list[4]->target.parts[0].text, "g-", "a group");
	is_str(routes.list[5]->subprotocol.parts[0].text, "b",
	    "the last subprotocol counts");
	is_int(routes.list[5]->ngroups, 1, "beside a group");
	routes_release(&routes);
}

static void
test_settings(void)
{
	struct routes routes = parsed(
	    "a exec ./a\n"
	    "A=1 B='x y'\n"
	    "A=2\n"
	    "a exec ./a\n"
	    "a stream B= C=3 ./a D=4\n"
	    "a exec -- E=5\n");

	is_str(told.data, "", "no errors");
	if (!is_int(routes.n, 4, "four routes"))
		return;
	ok(!routes.list[0]->settings, "nothing holds for what is above");
	is_str(routes.list[1]->settings[0], "A=2", "a later one replaces");
	is_str(routes.list[1]->settings[1], "B=x y", "two on a line");
	ok(!routes.list[1]->settings[2], "no more");
	is_str(routes.list[2]->settings[1], "B=", "the route's own replaces");
	is_str(routes.list[2]->settings[2], "C=3", "and adds");
	is_str(routes.list[2]->argv[1], "D=4", "an argument is none");
	is_str(routes.list[3]->argv[0], "E=5", "nor is what is behind --");
	routes_release(&routes);
}

static void
test_errors(void)
{
	struct routes routes = { .wrong = tell };

	refuses("a", "routes:1:1: an action is missing");
	refuses("a path=/x", "routes:1:3: an action is missing");
	refuses("\n  a/b drop", "routes:2:3: name 'a/b' refused");
	refuses(".a drop", "routes:1:1: ");
	refuses("p!local drop", "routes:1:1: ");
	refuses("a fly", "routes:1:3: fly is neither a filter");
	refuses("a path~( drop", "routes:1:9: missing closing parenthesis");
	refuses("a path~^/(x)/(?<y>.) drop", "routes:1:10: this group has no");
	refuses("a 'path~\\(\\Q(\\E[(][^]()]()' drop",
	    "routes:1:25: this group has no");
	refuses("a path~x(?#()(y) drop", "routes:1:14: ");
	refuses("a path~[[:alpha:](](?:x)(?<a>x)(y) drop",
	    "routes:1:32: this group has no");
	refuses("a path~\\\n[\\\n drop", "routes:3:1: ");
	refuses("a 'path~(?J)(?<x>a)(?<x>b)' drop", "routes:1:9: two groups");
	refuses("a path~(?<\xc3\xa9>a) drop", "routes:1:8: the name of a");
	refuses("a path~(?<x>a) y={x} drop", "routes:1:16: a capture has its");
	refuses("include", "routes:1:1: a file is missing");
	refuses("include blog drop", "routes:1:14: drop is no filter");
	refuses("include nowhere", "routes:1:9: nowhere: not there");
	refuses("include group path={t}-{u}\\\n t={u}",
	    "routes:2:2: a capture has its name twice");
	refuses("include group", "group:1:26: no filter of this route");
	refuses("a drop it", "routes:1:8: drop takes no operand");
	refuses("a reject --hard", "routes:1:10: reject has no option --hard");
	refuses("a drop x=1", "routes:1:8: drop takes no operand");
	refuses("a close 1", "routes:1:9: 1 is not a code");
	refuses("a close 1005", "routes:1:9: 1005 is not a code");
	refuses("a close 4000 x", "routes:1:14: close takes one operand");
	refuses("a send", "routes:1:3: a channel is missing");
	refuses("a send a", "routes:1:8: a would be sent to itself");
	refuses("a send b/", "routes:1:8: name");
	refuses("a send b.*", "routes:1:8: name");
	refuses("a send p!", "routes:1:8: ");
	refuses("a send {x}", "routes:1:8: no filter of this route captures");
	refuses("a x={x} send {x}", "routes:1:14: a channel must not be a");
	refuses("a send b c", "routes:1:10: send takes one operand only");
	refuses("a send --delay soon b", "routes:1:16: soon is not a");
	refuses("a group", "routes:1:3: a group is missing");
	refuses("a group p!x", "routes:1:9: ");
	refuses("a x={x} group {x}", "routes:1:15: a group must not be a");
	refuses("a accept --subprotocol ''", "routes:1:24: a subprotocol");
	refuses("a accept --subprotocol a,b", "routes:1:24: a,b is no name");
	refuses("a accept --subprotocol {x}", "routes:1:24: no filter");
	refuses("CH_X=1", "routes:1:1: names that begin with CH_");
	refuses("X=1 drop", "routes:1:5: drop is no setting");
	refuses("a exec CH_X=1 ./x", "routes:1:8: names that begin with CH_");
	refuses("a exec X=1", "routes:1:8: a command is missing");
	refuses("a exec", "routes:1:3: a command is missing");
	refuses("a stream --jobs", "routes:1:10: --jobs needs a value");
	refuses("a stream --jobs 0 ./x", "routes:1:17: 0 is not a number");
	refuses("a stream --reply none ./x", "routes:1:10: stream has no");
	refuses("a exec --reply html ./x", "routes:1:16: html is none of");
	refuses("a exec --timeout soon ./x", "routes:1:18: soon is not a");
	refuses("a path=/{ drop", "routes:1:3: { without }");
	refuses("a path=/} drop", "routes:1:3: } without {");
	refuses("a path=/{} drop", "routes:1:3: a capture is a name");
	refuses("a path=/{a}{b} drop", "routes:1:3: two captures need");
	refuses("a path=/{a}/{a} drop", "routes:1:3: a capture has its name");
	refuses("a x={a} y={a} drop", "routes:1:9: a capture has its name");
	refuses("a 'b", "routes:1:3: this quote is not closed");
	refuses("a \"b\n", "routes:1:3: this quote is not closed");
	refuses("a drop\\", "routes:1:7: nothing follows the backslash");
	refuses("a accept --group {room}",
	    "routes:1:18: no filter of this route captures");
	refuses("a path=/{room} accept --group {room}",
	    "routes:1:31: a group must not be a capture alone");
	refuses("a path=/{b} accept --group x/{b}", "routes:1:28: name ");
	refuses("a path=/{b} accept --group b!{b}", "routes:1:28: ");
	refuses("\xc3\xa9 drop\n", "routes:1:1: ");
	refuses("a \xc3\xa9\xc3\xa9=x drop", "routes:1:3: ");
	refuses("a drop '\xc3\xa9\xc3\xa9' x", "routes:1:8: ");

	ch_buf_clear(&told);
	routes_parse(&routes, "routes", 0, "a b\nc drop\nd e\n'\ng\n", 18,
	    NULL);
	is_int(routes.errors, 4, "every error is told");
	is_int(routes.n, 1, "and what is good is there");
	routes_release(&routes);

	ch_buf_clear(&told);
	routes_parse(&routes, "-r 2", 1, "a fly", 5, NULL);
	ok(told.data == strstr(told.data, "-r 2:3: fly"),
	    "an error in -r names it");
	routes_release(&routes);
}

static void
test_matching(void)
{
	takes("a drop\nb drop", "b", "{}", "routes:2");
	takes("a drop\na reject", "a", "{}", "routes:1");
	takes("a drop", "b", "{}", NULL);
	takes("a.* drop", "a.b", "{}", "routes:1");
	takes("a.[bc] drop", "a.d", "{}", NULL);
	takes("p! drop", "p!x", "{}", "routes:1");
	takes("p! drop", "pp!x", "{}", NULL);
	takes("a path=/x drop", "a", "{\"path\":\"/x\"}", "routes:1");
	takes("a path=/x drop", "a", "{\"path\":\"/x/\"}", NULL);
	takes("a path=/x drop", "a", "{\"path\":\"/xy\"}", NULL);
	takes("a path=/x drop", "a", "{\"path\":\"\\/\\u0078\"}",
	    "routes:1");
	takes("a path=/x drop", "a", "{\"path\":\"/y\",\"path\":\"/x\"}",
	    "routes:1");
	takes("a path=/x drop", "a", "{\"text\":\"/x\"}", NULL);
	takes("a path=/x drop", "a", "{\"m\":{\"path\":\"/x\"}}", NULL);
	takes("a path= drop", "a", "{\"path\":\"\"}", "routes:1");
	takes("a path= drop", "a", "{}", NULL);
	takes("a n=1 drop", "a", "{\"n\":1}", "routes:1");
	takes("a n=1 drop", "a", "{\"n\":\"1\"}", "routes:1");
	takes("a n=true drop", "a", "{\"n\":true}", "routes:1");
	takes("a n=null drop", "a", "{\"n\":null}", NULL);
	takes("a n={x} drop", "a", "{\"n\":{\"x\":1}}", NULL);
	takes("a n={x} drop", "a", "{\"n\":[]}", NULL);
	takes("a n=1 drop", "a", "{\"n\":[0,null,[1],\"1\"]}", "routes:1");
	takes("a n=1 drop", "a", "{\"n\":[0,[1]]}", NULL);
	takes("a h.a-b=x drop", "a", "{\"h\":[[\"a\",\"x\"],1,[],[\"A-B\","
	    "\"y\"],[\"a-b\",\"x\"]]}", "routes:1");
	takes("a h.a=x drop", "a", "{\"h\":[[\"ab\",\"x\"],[\"a\"],[1,2]]}",
	    NULL);
	takes("a n.0=1 drop", "a", "{\"n\":[1]}", "routes:1");
	takes("a n.m=1 drop", "a", "{\"n\":{\"m\":\"1\"}}", "routes:1");
	takes("a n={{{{x}} drop", "a", "{\"n\":\"{{x}\"}", "routes:1");
	takes("a 'n=a b' drop", "a", "{\"n\":\"a b\"}", "routes:1");
	takes("a x=1 y=2 drop\na x=1 drop", "a", "{\"x\":1,\"y\":3}",
	    "routes:2");
	takes("a path=/x drop", "a", "{\"path\":\"/x\\u0000\"}", NULL);
}

static void
test_captures(void)
{
	const char *room = "a path=/chat/{room} accept --group chat-{room}\n"
			   "a reject";

	captures("a path=/chat/{room} drop", "{\"path\":\"/chat/b c\"}",
	    "room", "b c");
	captures("a path=/chat/{room} drop", "{\"path\":\"/chat/\"}", "room",
	    NULL);
	captures("a path=/chat/{room} drop", "{\"path\":\"/chat/b/c\"}",
	    "room", NULL);
	captures("a path=/{x}/{y} drop", "{\"path\":\"/b/c\"}", "y", "c");
	captures("a path=/{x}-{y}.html drop", "{\"path\":\"/b-c-d.html\"}",
	    "x", "b");
	captures("a path=/{x}-{y}.html drop", "{\"path\":\"/b-c-d.html\"}",
	    "y", "c-d");
	captures("a path=/{x}-{y} drop", "{\"path\":\"/-b\"}", "x", NULL);
	captures("a path=/{x}-{y} drop", "{\"path\":\"/--b\"}", "x", "-");
	captures("a path=/{x}.x drop", "{\"path\":\"/.x.x\"}", "x", ".x");
	captures("a path=/{x}/b drop", "{\"path\":\"/b/b\"}", "x", "b");
	captures("a path={x}b/{y} drop", "{\"path\":\"bb/c\"}", "x", "b");
	captures("a m={m} path=/{x} drop", "{\"path\":\"/b\",\"m\":\"GET\"}",
	    "m", "GET");

	captures("a path~^/o/(?<page>.*)$ drop", "{\"path\":\"/o/b/c d\"}",
	    "page", "b/c d");
	captures("a path~(?<x>b)|(?<y>c) drop", "{\"path\":\"abc\"}", "x",
	    "b");
	captures("a path~(?<x>b)|(?<y>c) drop", "{\"path\":\"ac\"}", "x",
	    NULL);
	captures("a path~^(?<x>.)$ drop", "{\"path\":\"\xc3\xa9\"}", "x",
	    "\xc3\xa9");
	captures("a path~^(?<x>.*)$ drop", "{\"path\":\"b\\n\"}", "x", NULL);
	captures("a n~^(?<x>[0-9]+)$ m={m} drop", "{\"m\":\"b\",\"n\":12}",
	    "x", "12");
	captures("a path~(?<x>b)? drop", "{\"path\":\"\"}", "x", NULL);
	takes("a path~(?<x>b)?c accept --group g-{x}\na drop", "a",
	    "{\"path\":\"c\"}", "routes:2");
	takes("a n~^\\d+\\ \\'$ drop", "a", "{\"n\":\"12 '\"}", "routes:1");
	takes("a 'n~^\\d+ \\w$' drop", "a", "{\"n\":\"12 b\"}", "routes:1");
	takes("a \\d~^\\d$ drop", "a", "{\"d\":1}", "routes:1");
	takes("a path~(?i)^/B$ drop", "a", "{\"path\":\"/b\"}", "routes:1");
	takes("a path~b drop", "a", "{\"path\":\"abc\"}", "routes:1");
	takes("a path~b drop", "a", "{\"path\":\"ac\"}", NULL);

	takes(room, "a", "{\"path\":\"/chat/b\"}", "routes:1");
	takes(room, "a", "{\"path\":\"/chat/b c\"}", "routes:2");
	takes(room, "a", "{\"path\":\"/chat/.b\"}", "routes:2");
	takes(room, "a", "{\"path\":\"/chat/b!c\"}", "routes:2");
	takes(room, "a", "{\"path\":\"/chat/b\\u0000\"}", "routes:2");
	takes("a x={x} send b-{x}", "a", "{\"x\":\"p!y\"}", NULL);
	takes("a x={x} send b-{x}", "a", "{\"x\":\"y\"}", "routes:1");
	takes("a x={x} group b-{x}", "a", "{\"x\":\".y\"}", NULL);
	takes("a x={x} send b!{x}", "a", "{\"x\":\"y\"}", "routes:1");
	takes(room, "a",
	    "{\"path\":\"/chat/"
	    "0123456789012345678901234567890123456789012345678901234567890"
	    "12345678901234567890123456789012345\"}", "routes:2");
}

static void
inside(const char *prefix, const char *path, const char *place)
{
	char text[128], message[128];

	snprintf(text, sizeof(text), "include blog %s\na drop\n", prefix);
	snprintf(message, sizeof(message), "{\"path\":\"%s\"}", path);
	takes(text, "a", message, place);
}

static void
test_includes(void)
{
	struct routes routes;

	inside("path=/blog", "/blog", "blog:1");
	inside("path=/blog", "/blog/", "blog:1");
	inside("path=/blog/", "/blog", "blog:1");
	inside("path=/blog", "/blog/x/1", "blog:2");
	inside("path=/blog", "/blog/r", "blog:3");
	inside("path=/blog", "/blog/q", "blog:5");
	inside("path=/blog", "/blogs", "routes:2");
	inside("path=/blog", "/", "routes:2");
	inside("path=/blog", "/x/1", "routes:2");
	inside("path=/blog", "/blog/admin", "admin:1");
	inside("path=/blog", "/blog/admin/x", "admin:2");
	inside("path=/blog", "/blog/admins", "blog:5");
	inside("path=/{blog}", "/b/x/1", "blog:2");
	inside("path=/{blog}", "//x/1", "routes:2");
	inside("path=/", "/x/1", "blog:2");
	inside("", "/x/1", "blog:2");
	inside("path~^/b(?:log)?", "/b/x/1", "blog:2");
	inside("path~/b(?:log)?/", "/blog/x/1", "blog:2");
	inside("path~/b", "/bx/1", "routes:2");
	inside("path~/b", "/a/b/x/1", "routes:2");
	inside("path=/blog path=/x/1", "/blog/x/1", "blog:1");
	inside("x=1", "/x/1", "routes:2");

	captures("include blog path=/{blog}", "{\"path\":\"/b/x/1\"}", "blog",
	    "b");
	captures("include blog path=/{blog}", "{\"path\":\"/b/x/1\"}", "y",
	    "1");
	captures("include blog path~^/(?<b>.)", "{\"path\":\"/b/x/1\"}", "b",
	    "b");
	takes("include group path=/{t}", "a", "{\"path\":\"/b/x\"}",
	    "group:1");
	takes("include group path=/{t}", "a", "{\"path\":\"/b c/x\"}", NULL);

	routes = parsed("A=1\ninclude blog\nB=2\ninclude group t={t}\n"
	    "a exec ./a\n");
	is_str(told.data, "", "no errors");
	is_str(routes.list[4]->settings[0], "A=1", "settings hold inside");
	is_int(routes.list[4]->settings[1] == NULL, 1, "those above it");
	is_str(routes.list[7]->settings[1], "B=2", "and below");
	ok(!routes.list[7]->settings[2], "none of inside hold outside");
	routes_release(&routes);

	routes = parsed("include bad\na drop\n");
	ok(!strncmp(told.data, "bad:2:5: fly is neither", 23),
	    "errors inside name the file");
	routes_release(&routes);
	routes = parsed("include again");
	is_str(told.data, "again:3:11: more than 16 includes in each other\n",
	    "a loop ends");
	routes_release(&routes);
}

static void
mounts(const char *text, const char *path, const char *mount)
{
	struct routes routes = parsed(text);
	struct match match = { .captures.n = 0 };
	char message[128];
	size_t len;

	snprintf(message, sizeof(message),
	    "{\"path\":\"%s\",\"root_path\":\"/r\"}", path);
	ok(taken(&routes, "a", message, &match) != NULL, "taken: %s", path);
	len = mount_length(&match, (struct json){ message, strlen(message) });
	is_int(len, strlen(mount), "%s is at %s", path, mount);
	match_release(&match);
	routes_release(&routes);
}

static void
test_mounts(void)
{
	mounts("a drop", "/r/x", "/r");
	mounts("a drop", "/rx", "");
	mounts("a path=/x/y drop", "/x/y", "/x/y");
	mounts("a path=/x/{y} drop", "/x/z", "/x");
	mounts("a path=/{b}/{a} drop", "/x/y", "");
	mounts("a path=/x-{y} drop", "/x-y", "/x-");
	mounts("a path~^/o(?<b>/.*)$ drop", "/o/x/y", "/o");
	mounts("a path~(?<z>b)/(?<a>c) drop", "/o/b/c", "/o");
	mounts("a path~b drop", "/o/b/c", "/o/b/c");
	mounts("include blog path=/blog", "/blog/q", "/blog");
	mounts("include blog path=/{b}/", "/blog/", "/blog/");
	mounts("include blog path=/{b}", "/blog", "/blog");
	mounts("include blog path=/{b}", "/blog/x/1", "/blog/x");
	mounts("include blog path=/blog", "/blog/admin/zz", "/blog/admin");
}

/* A visitor must neither burn time nor get past a route. */
static void
gives_up(const char *filter, char c)
{
	struct ch_buf text = CH_BUF_INIT, message = CH_BUF_INIT;
	struct match match = { .captures.n = 0 };
	struct routes routes;

	put_format(&text, "a %s reject\na drop", filter);
	routes = parsed(text.data);
	put_string(&message, "{\"path\":\"");
	for (int i = 0; i < 1000000; i++)
		put_char(&message, c);
	put_string(&message, "\"}");
	is_str(taken(&routes, "a", message.data, &match), NULL,
	    "no route is taken: %s", filter);
	ok(match.gave_up, "because it was given up");
	ok(!taken(&routes, "b", message.data, &match) && !match.gave_up,
	    "and for this message only");
	match_release(&match);
	ch_buf_release(&message);
	ch_buf_release(&text);
	routes_release(&routes);
}

/* Time must grow with the length alone. */
static void
test_hostile(void)
{
	struct ch_buf message = CH_BUF_INIT;
	struct match match = { .captures.n = 0 };
	struct routes routes = parsed(
	    "a path={a}-{b}-{c}-{d}-{e}-{f}-{g}/x drop");

	put_string(&message, "{\"path\":\"");
	for (int i = 0; i < 100000; i++)
		put_char(&message, '-');
	put_string(&message, "\"}");
	is_str(taken(&routes, "a", message.data, &match), NULL,
	    "100000 ways to begin");
	gives_up("path~(?:a+)+b|c", 'a');
	gives_up("path~(?:a|aa)*[bc]", 'a');
	gives_up("path~a++[bc]", 'a');
	match_release(&match);
	ch_buf_release(&message);
	routes_release(&routes);
}

static int
selects(const char *text, const char *only, const char *exclude,
    const char *left)
{
	struct opt_list none = { NULL, 0 }, o = { &only, 1 },
		e = { &exclude, 1 };
	struct routes routes = parsed(text);
	struct ch_buf got = CH_BUF_INIT;
	char wrong[256] = "";
	int rc;

	rc = routes_select(&routes, only ? &o : &none,
	    exclude ? &e : &none, wrong, sizeof(wrong));
	put_string(&got, "");
	for (size_t i = 0; rc == 0 && i < routes.n; i++)
		put_format(&got, "%s ", routes.list[i]->channel);
	if (rc < 0)
		put_string(&got, wrong);
	rc = is_str(got.data, left, "only %s, exclude %s",
	    only ? only : "-", exclude ? exclude : "-");
	ch_buf_release(&got);
	routes_release(&routes);
	return rc;
}

static void
test_selecting(void)
{
	const char *text = "a.b drop\na.c drop\nd drop\na.b x=1 drop\n";

	selects(text, "a.*", NULL, "a.b a.c a.b ");
	selects(text, NULL, "a.*", "d ");
	selects(text, "a.*", "a.c", "a.b a.b ");
	selects(text, "e", NULL, "--only e: no route has such a channel");
	selects(text, NULL, "*", "no route is left");
	selects("a.b drop\na.* drop\n", NULL, "a.b", "a.b, which is to be "
	    "left out, would be taken by a.* (routes:2)");
}

int
main(void)
{
	accepts("a drop");
	accepts("p! drop");
	accepts("*.jpg exec true");
	accepts("a path=/{r} accept --group r-{r} --group x");
	test_lines();
	test_actions();
	test_settings();
	test_errors();
	test_matching();
	test_captures();
	test_includes();
	test_mounts();
	test_hostile();
	test_selecting();
	ch_buf_release(&told);
	return done_testing();
}
