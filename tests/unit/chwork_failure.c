/* What becomes of messages whose consumers failed. */
#include "chwork/failure.h"

#include "tap.h"

#include <string.h>

static struct ch_buf out = CH_BUF_INIT;

static struct json
json(const char *text)
{
	return (struct json){ text, strlen(text) };
}

static const char *
counted(const char *message, unsigned retries)
{
	ch_buf_clear(&out);
	failure_put_retries(&out, json(message), retries);
	return out.data;
}

static void
test_retries(void)
{
	is_int(failure_retries(json("{}")), 0, "never tried");
	is_int(failure_retries(json("{\"__retries__\":7}")), 7, "seven times");
	is_int(failure_retries(json("{\"__retries__\":\"x\"}")), 0,
	    "no number");
	is_int(failure_retries(json("{\"__retries__\":99999999999999}")),
	    1000000, "too many to be true");
	is_str(counted("{}", 0), "{}", "nothing to count");
	is_str(counted("{}", 1), "{\"__retries__\":1}", "an empty one");
	is_str(counted("{\"a\":1}", 2), "{\"a\":1,\"__retries__\":2}", "added");
	is_str(counted("{\"__retries__\":1, \"a\":{}}", 12),
	    "{\"__retries__\":12, \"a\":{}}", "changed in its place");
}

static void
test_fate(void)
{
	struct route route = { .retries = 0 };
	char dead[] = "dead";

	is_int(failure_fate(&route, 0, 0), FATE_DONE, "a success");
	is_int(failure_fate(&route, 1, 0), FATE_DROPPED, "a failure");
	is_int(failure_fate(&route, -1, 0), FATE_DROPPED, "a signal");
	is_int(failure_fate(&route, 75, 9), FATE_AGAIN, "75, ten times");
	is_int(failure_fate(&route, 75, 10), FATE_DROPPED, "but no more");
	route.dead = dead;
	is_int(failure_fate(&route, 1, 0), FATE_DEAD, "to the dead letters");
	route.retries = 2;
	route.retries_told = 1;
	is_int(failure_fate(&route, 1, 1), FATE_AGAIN, "--retries");
	is_int(failure_fate(&route, 1, 2), FATE_DEAD, "their end");
	is_int(failure_fate(&route, 75, 2), FATE_DEAD, "of 75 as well");
}

static void
test_delay(void)
{
	struct route route = { .retries = 0 };

	is_int(failure_delay(&route, 1), 100, "the first");
	is_int(failure_delay(&route, 4), 800, "doubled");
	is_int(failure_delay(&route, 1000), 3600000, "an hour at most");
	route.retry_delay = 5000;
	is_int(failure_delay(&route, 2), 10000, "as told");
	route.retry_delay = 86400000;
	is_int(failure_delay(&route, 9), 86400000, "a day, if told");
}

static void
test_letter(void)
{
	struct route route = { .retries = 0 };
	char place[] = "routes:3";
	struct failure failure = { .channel = "in",
		.message = json("{\"a\":1.0,\"__retries__\":2,\"b\":\"x\"}"),
		.route = &route, .retries = 2, .reason = "exit status 3",
		.code = 3, .last = "a\xff\nb", .last_len = 4 };
	char *time;

	route.place = place;
	ch_buf_clear(&out);
	failure_put(&out, &failure, 1000);
	time = strstr(out.data, "\"time\":\"");
	memset(time + 8, 'T', 24);
	is_str(out.data, "{\"channel\":\"in\","
	    "\"message\":{\"a\":1.0,\"b\":\"x\"},\"route\":\"routes:3\","
	    "\"reason\":\"exit status 3\",\"status\":3,"
	    "\"tries\":3,\"time\":\"TTTTTTTTTTTTTTTTTTTTTTTT\","
	    "\"stderr\":\"a?\\nb\"}", "a letter");
	ch_buf_clear(&out);
	failure_put(&out, &failure, 100);
	is_str(out.data, "{\"a\":1.0,\"b\":\"x\"}",
	    "the message alone where a letter would be too long");
}

int
main(void)
{
	test_retries();
	test_fate();
	test_delay();
	test_letter();
	ch_buf_release(&out);
	return done_testing();
}
