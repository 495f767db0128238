/* Server Push messages, and the links they become. */
#include "chserve/push.h"

#include "tap.h"

static struct ch_buf link_;

static int
read_push(const char *text)
{
	ch_buf_clear(&link_);
	return push_read(&link_, text, strlen(text));
}

static void
gives(const char *request, const char *link)
{
	char text[512];

	snprintf(text, sizeof(text), "{\"request\":%s}", request);
	is_int(read_push(text), 1, "a push: %s", request);
	is_str(link_.data, link, "its link");
}

int
main(void)
{
	gives("{\"path\":\"/a.css\"}", "</a.css>; rel=preload; as=style");
	gives("{\"method\":\"GET\",\"path\":\"/b/a.min.JS\",\"headers\":[]}",
	    "</b/a.min.JS>; rel=preload; as=script");
	gives("{\"path\":\"/f.woff2\"}",
	    "</f.woff2>; rel=preload; as=font; crossorigin");
	gives("{\"path\":\"/a b>\\u00e9,\\\"%\\r\\n.png\"}",
	    "</a%20b%3E%C3%A9,%22%25%0D%0A.png>; rel=preload; as=image");
	gives("{\"path\":\"/x.d/data\",\"query_string\":\"a=%20&b=?\"}",
	    "</x.d/data?a=%20&b=?>; rel=preload; as=fetch; crossorigin");
	gives("{\"path\":\"/\",\"query_string\":\"\xef\xbf\xbf" "Pg==\"}",
	    "</?%3E>; rel=preload; as=fetch; crossorigin");
	gives("{\"path\":\"/v\",\"query_string\":null}",
	    "</v>; rel=preload; as=fetch; crossorigin");

	is_int(read_push("{\"status\":200,\"content\":\"request\"}"), 0,
	    "an answer is none");
	is_int(read_push("{\"request\":\"/a\"}"), 0, "nor is a string");
	is_int(read_push("nonsense"), 0, "nor is nonsense");
	is_int(read_push("{\"request\":{}}"), -1, "one without a path");
	is_int(read_push("{\"request\":{\"path\":\"a\"}}"), -1, "a relative");
	is_int(read_push("{\"request\":{\"path\":\"//evil/a\"}}"), -1,
	    "another host's");
	is_int(read_push("{\"request\":{\"path\":7}}"), -1, "a number");
	is_int(read_push("{\"request\":{\"path\":\"/a\\u0000b\"}}"), -1,
	    "one with a NUL");
	is_int(read_push("{\"request\":{\"path\":\"/\",\"query_string\":[]}}"),
	    -1, "a query that is none");
	ch_buf_release(&link_);
	return done_testing();
}
