/* limits.c - the contract: capacity, expiry and delays. */
#include "contract.h"

static void
case_capacity(void)
{
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	struct ch_channel_stat stat;

	configure("{\"capacity\":3,\"channels\":[{\"match\":\"small.*\","
	    "\"capacity\":1},{\"match\":\"re:^re[0-9]$\",\"capacity\":2}]}");
	is_int(put("c", "{}"), CH_OK, "1 of 3");
	is_int(put("c", "{}"), CH_OK, "2 of 3");
	is_int(put("c", "{}"), CH_OK, "3 of 3");
	is_int(ch_send(layer, "c", "{}", 2, NULL, &err), CH_FULL, "4 is full");
	ok(strstr(err.text, "c is full (3 of 3"), "and says so: %s", err.text);
	is_int(put("other", "{}"), CH_OK, "another channel is not");
	receiver = listen_to(layer, "c", 0);
	is_str(next(receiver, CH_NOW), "{}", "one taken");
	is_int(put("c", "{}"), CH_OK, "makes room for one");
	is_int(put("c", "{}"), CH_FULL, "and no more");
	stat = stat_of("c");
	is_int(stat.pending, 3, "three are there");
	is_int(stat.capacity, 3, "of three");
	is_int(stat.full, 2, "two were refused");
	is_int(put("small.x", "{}"), CH_OK, "a glob's capacity");
	is_int(put("small.x", "{}"), CH_FULL, "holds");
	is_int(put("re7", "{}"), CH_OK, "a regular expression's");
	is_int(put("re7", "{}"), CH_OK, "as");
	is_int(put("re7", "{}"), CH_FULL, "well");
	is_int(put("p!a", "{}"), CH_OK, "behind a mark it is counted");
	is_int(put("p!b", "{}"), CH_OK, "for all");
	is_int(put("p!c", "{}"), CH_OK, "of them");
	is_int(put("p!d", "{}"), CH_FULL, "together");
	ch_receiver_free(receiver);
}

static void
case_capacity_default(void)
{
	struct ch_message *out = calloc(1001, sizeof(*out));
	size_t i, sent;

	for (i = 0; i < 1001; i++)
		out[i] = (struct ch_message){ .channel = "thousand",
			.text = "{}", .len = 2 };
	is_int(ch_send_many(layer, out, 1001, NULL, &sent, NULL), CH_FULL,
	    "1001 messages are too many");
	is_int(sent, 1000, "1000 are not");
	is_int(drain("thousand"), 1000, "and all of them are there");
	free(out);
}

static void
case_drop_oldest(void)
{
	struct ch_send_opts drop = { .flags = CH_DROP_OLDEST };
	struct ch_receiver *receiver;

	configure("{\"capacity\":2}");
	put("r", "{\"n\":1}");
	put("r", "{\"n\":2}");
	is_int(put_with("r", "{\"n\":3}", drop), CH_OK,
	    "the oldest makes room");
	receiver = listen_to(layer, "r", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":2}", "2 stays");
	is_str(next(receiver, CH_NOW), "{\"n\":3}", "3 came");
	is_str(next(receiver, CH_NOW), "nothing", "1 has gone");
	is_int(stat_of("r").full, 1, "and is counted");
	ch_receiver_free(receiver);
}

static void *
send_in_thread(void *arg)
{
	struct ch_send_opts patient = { .deadline = CH_NEVER };

	return (void *)(intptr_t)put_with(arg, "{\"n\":2}", patient);
}

static void
case_wait_for_room(void)
{
	struct ch_send_opts wait = { .deadline = soon(50) };
	struct ch_receiver *receiver;
	struct ch_err err = CH_ERR_INIT;
	pthread_t thread;
	void *rc;

	configure("{\"capacity\":1}");
	put("w", "{\"n\":1}");
	is_int(ch_send(layer, "w", "{}", 2, &wait, &err), CH_TIMEOUT,
	    "no room before the deadline");
	ok(strstr(err.text, "w is full"), "says why: %s", err.text);
	is_int(err.status, CH_TIMEOUT, "with the status");
	ok(ch_clock() >= wait.deadline, "which it waited for");
	pthread_create(&thread, NULL, send_in_thread, (void *)(intptr_t)"w");
	pass(30);
	receiver = listen_to(layer, "w", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":1}", "one is taken");
	pthread_join(thread, &rc);
	is_int((intptr_t)rc, CH_OK, "a waiting sender gets the room");
	is_str(next(receiver, CH_NOW), "{\"n\":2}", "and its message comes");
	wait.deadline = soon(LONG);
	put_with("w", "{\"n\":3}", (struct ch_send_opts){ .expiry = 50 });
	is_int(put_with("w", "{\"n\":4}", wait), CH_OK,
	    "an expiry makes room too");
	is_str(next(receiver, CH_NOW), "{\"n\":4}", "for the next");
	put("w", "{\"n\":5}");
	pthread_create(&thread, NULL, send_in_thread, (void *)(intptr_t)"w");
	pass(30);
	is_int(ch_flush(layer, "w", NULL, NULL), CH_OK, "so does a flush");
	pthread_join(thread, &rc);
	is_int((intptr_t)rc, CH_OK, "for who waits");
	ch_receiver_free(receiver);
}

static void
case_expiry(void)
{
	struct ch_send_opts brief = { .expiry = 500 };
	struct ch_receiver *receiver;

	configure("{\"expiry\":0.5,\"channels\":[{\"match\":\"keep\","
	    "\"expiry\":null}]}");
	put("e", "{\"n\":1}");
	put("keep", "{\"n\":2}");
	put_with("keep", "{\"n\":3}", brief);
	put_with("e", "{\"n\":4}",
	    (struct ch_send_opts){ .expiry = CH_NEVER });
	is_int(stat_of("e").pending, 2, "both are there");
	pass(550);
	is_int(stat_of("e").pending, 1, "one has expired");
	receiver = listen_to(layer, "e", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":4}", "the other stays");
	is_str(next(receiver, CH_NOW), "nothing", "alone");
	is_int(stat_of("e").expired, 1, "it was counted");
	ch_receiver_free(receiver);
	receiver = listen_to(layer, "keep", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":2}", "null is never");
	is_str(next(receiver, CH_NOW), "nothing", "but the sender's counts");
	ch_receiver_free(receiver);
}

static void
case_delay(void)
{
	struct ch_receiver *receiver = listen_to(layer, "later", 0);
	int64_t start = ch_clock();
	struct ch_send_opts at = { .at = 0 };
	struct ch_channel_stat stat;

	put_with("later", "{\"n\":3}", (struct ch_send_opts){ .delay = 900 });
	put_with("later", "{\"n\":1}", (struct ch_send_opts){ .delay = 300 });
	put_with("later", "{\"n\":2}", (struct ch_send_opts){ .delay = 600 });
	put("later", "{\"n\":0}");
	stat = stat_of("later");
	ok(stat.delayed <= 3 && stat.delayed + stat.pending == 4,
	    "delayed ones are counted apart");
	is_str(next(receiver, CH_NOW), "{\"n\":0}", "what is due comes first");
	is_str(next(receiver, soon(LONG)), "{\"n\":1}", "then as it is due");
	ok(ch_clock() >= start + 300, "not before");
	is_str(next(receiver, soon(LONG)), "{\"n\":2}", "in the order");
	ok(ch_clock() >= start + 600, "of the times");
	is_str(next(receiver, soon(LONG)), "{\"n\":3}", "not of sending");
	ok(ch_clock() >= start + 900, "at the last");
	is_str(next(receiver, CH_NOW), "nothing", "and none twice");
	put("later", "{\"n\":4}");
	ch_receive(receiver, &(struct ch_message){ 0 }, CH_NOW, NULL);
	start = ch_clock();
	at.at = ch_clock_real() - 5000;
	put_with("later", "{\"n\":5}", at);
	is_str(next(receiver, CH_NOW), "{\"n\":5}", "a past time is now");
	at.at = ch_clock_real() + 100;
	put_with("later", "{\"n\":6}", at);
	is_str(next(receiver, soon(LONG)), "{\"n\":6}", "a time to come");
	ok(ch_clock_real() >= at.at, "is kept");
	ch_receiver_free(receiver);
}

static void
case_delay_capacity(void)
{
	struct ch_send_opts later = { .delay = LONG };
	uint64_t flushed = 0;

	configure("{\"capacity\":2}");
	is_int(put_with("l", "{}", later), CH_OK, "a delayed one");
	is_int(put_with("l", "{}", later), CH_OK, "and another");
	is_int(put("l", "{}"), CH_FULL, "count towards the capacity");
	is_int(ch_flush(layer, "l", &flushed, NULL), CH_OK, "flush");
	is_int(flushed, 2, "takes them as well");
}

static const struct contract_case cases[] = {
	{ "capacity", case_capacity, 0 },
	{ "capacity by default", case_capacity_default, 0 },
	{ "drop oldest", case_drop_oldest, 0 },
	{ "wait for room", case_wait_for_room, 0 },
	{ "expiry", case_expiry, 0 },
	{ "delay", case_delay, 0 },
	{ "delay and capacity", case_delay_capacity, 0 },
	{ NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	return contract_main(argc, argv, cases);
}
