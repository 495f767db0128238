/* limits.c - the store's config. */
#include "model/limits.h"

#include "channel.h"
#include "tap.h"

static struct ch_limits limits;
static struct ch_err err;

static int
parse(const char *text)
{
	ch_limits_release(&limits);
	memset(&err, 0, sizeof(err));
	return ch_limits_parse(&limits, text, strlen(text), &err);
}

/* "CAPACITY EXPIRY" of a channel. */
static const char *
limits_for(const char *channel)
{
	static char text[64];
	uint64_t capacity;
	int64_t expiry;

	ch_limits_for(&limits, channel, &capacity, &expiry);
	if (expiry == CH_NEVER)
		snprintf(text, sizeof(text), "%ju never", (uintmax_t)capacity);
	else
		snprintf(text, sizeof(text), "%ju %jd", (uintmax_t)capacity,
		    (intmax_t)expiry);
	return text;
}

static void
test_defaults(void)
{
	ch_limits_init(&limits);
	is_str(limits_for("jobs"), "1000 never", "jobs");
	is_str(limits_for("http.request"), "1000 60000", "http.request");
	is_str(limits_for("websocket.connect"), "1000 60000", "websocket.");
	is_str(limits_for("p!x"), "1000 60000", "p!x");
	is_str(limits_for("p?x"), "1000 60000", "p?x");
	is_int(limits.group_expiry, 86400000, "groups");
	is_int(limits.max_size, CH_MESSAGE_MAX, "size");
	is_int(limits.durable, 0, "durable");
	is_int(parse("{}"), CH_OK, "an empty config changes nothing");
	is_str(limits_for("jobs"), "1000 never", "of this");
}

static void
test_config(void)
{
	is_int(parse("{\"capacity\": 7, \"expiry\": 1.5, \"group_expiry\": "
	    "null, \"max_size\": 100, \"durable\": true}"), CH_OK, "all keys");
	is_str(limits_for("jobs"), "7 1500", "for jobs");
	is_str(limits_for("http.request"), "7 1500",
	    "expiry is for all that no pattern names");
	ok(limits.group_expiry == CH_NEVER, "null is never");
	is_int(limits.max_size, 100, "size");
	is_int(limits.durable, 1, "durable");
	is_int(parse("{\"expiry\": null}"), CH_OK, "expiry null");
	is_str(limits_for("http.request"), "1000 never", "is for all as well");
	is_int(parse("{\"expiry\": 1e300}"), CH_OK, "a very long one");
	is_str(limits_for("jobs"), "1000 never", "is never");
	is_int(parse("{\"expiry\": 0}"), CH_OK, "none");
	is_str(limits_for("jobs"), "1000 0", "is at once");
}

static void
test_patterns(void)
{
	is_int(parse("{\"capacity\": 9, \"channels\": ["
	    "{\"match\": \"http.request\", \"capacity\": 200, \"expiry\": 30},"
	    "{\"match\": \"re:^task\\\\.\", \"expiry\": null},"
	    "{\"match\": \"task.big.*\", \"capacity\": 2, \"expiry\": 1},"
	    "{\"match\": \"task.*\", \"capacity\": 3},"
	    "{\"match\": \"p!*\", \"capacity\": 4},"
	    "{\"match\": \"re:x$\", \"capacity\": 5}]}"), CH_OK, "patterns");
	is_str(limits_for("http.request"), "200 30000", "a name");
	is_str(limits_for("http.requests"), "9 60000", "is not a prefix");
	is_str(limits_for("task.big.a"), "2 never",
	    "each key from the first that names it");
	is_str(limits_for("task.a"), "3 never", "in their order");
	is_str(limits_for("p!a"), "4 60000", "behind a mark");
	is_str(limits_for("boxx"), "5 never", "an expression is searched for");
	is_str(limits_for("other"), "9 never", "none");
	is_int(parse("{\"channels\": []}"), CH_OK, "no patterns");
}

static const struct {
	const char *config, *says;
} bad[] = {
	{ "", "1:" },
	{ "{", "1:" },
	{ "{\n \"capacity\" 3}", "2:" },
	{ "[]", "not an object" },
	{ "3", "1:" },
	{ "{\"capacity\":1,\"capacity\":2}", "capacity" },
	{ "{\"capcity\":1}", "unknown key \"capcity\"" },
	{ "{\"capacity\":0}", "\"capacity\"" },
	{ "{\"capacity\":-1}", "\"capacity\"" },
	{ "{\"capacity\":1.5}", "\"capacity\"" },
	{ "{\"capacity\":\"3\"}", "\"capacity\"" },
	{ "{\"capacity\":null}", "\"capacity\"" },
	{ "{\"expiry\":-1}", "\"expiry\"" },
	{ "{\"expiry\":\"60\"}", "\"expiry\"" },
	{ "{\"expiry\":false}", "\"expiry\"" },
	{ "{\"group_expiry\":[]}", "\"group_expiry\"" },
	{ "{\"max_size\":0}", "\"max_size\"" },
	{ "{\"max_size\":null}", "\"max_size\"" },
	{ "{\"durable\":1}", "\"durable\"" },
	{ "{\"channels\":{}}", "\"channels\"" },
	{ "{\"channels\":[3]}", "\"channels\"" },
	{ "{\"channels\":[{}]}", "\"match\"" },
	{ "{\"channels\":[{\"match\":3}]}", "\"match\"" },
	{ "{\"channels\":[{\"match\":\"a/b\"}]}", "a/b" },
	{ "{\"channels\":[{\"match\":\"re:(\"}]}", "re:(" },
	{ "{\"channels\":[{\"match\":\"a\",\"size\":3}]}", "\"size\"" },
	{ "{\"channels\":[{\"match\":\"a\",\"capacity\":-3}]}",
	    "\"capacity\"" },
	{ "{\"channels\":[{\"match\":\"a\"},{\"match\":\"re:b\"},4]}",
	    "\"channels\"" },
};

static void
test_bad(void)
{
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(parse(bad[i].config), CH_CONFIG, "%s is refused",
		    bad[i].config);
		ok(strstr(err.text, bad[i].says), "it says %s: %s",
		    bad[i].says, err.text);
		is_str(limits_for("jobs"), "1000 never", "nothing is kept");
	}
}

int
main(void)
{
	test_defaults();
	test_config();
	test_patterns();
	test_bad();
	ch_limits_release(&limits);
	return done_testing();
}
