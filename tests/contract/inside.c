/* inside.c - the contract: looking inside, and cleaning up. */
#include "contract.h"

static void
case_peek(void)
{
	struct peeked peeked = { "", 0 };
	struct ch_receiver *receiver;

	put("k", "{\"n\":1}");
	put("k", "{\"n\":2}");
	put("k", "{\"n\":3}");
	put_with("k", "{\"n\":4}", (struct ch_send_opts){ .delay = LONG });
	is_int(ch_peek(layer, "k", 2, see_message, &peeked, NULL), CH_OK,
	    "peek at two");
	is_int(peeked.n, 2, "shows two");
	is_str(peeked.text, "{\"n\":1}{\"n\":2}", "the oldest");
	is_int(ch_peek(layer, "k", 9, see_message, &peeked, NULL), CH_OK,
	    "and at all");
	is_int(peeked.n, 5, "shows what is due");
	is_int(ch_peek(layer, "none", 9, see_message, &peeked, NULL), CH_OK,
	    "an unknown channel is empty");
	is_int(peeked.n, 5, "and shows none");
	receiver = listen_to(layer, "k", 0);
	is_str(next(receiver, CH_NOW), "{\"n\":1}", "nothing was taken");
	ch_receiver_free(receiver);
}

static void
case_stat(void)
{
	struct ch_channel_stat stat;
	struct ch_receiver *receiver;
	struct seen_stat seen;

	put("st.a", "{}");
	pass(30);
	put("st.a", "{}");
	put("st.b", "{}");
	receiver = listen_to(layer, "st.b", 0);
	next(receiver, CH_NOW);
	stat = stat_of("st.a");
	is_int(stat.pending, 2, "pending");
	is_int(stat.sent, 2, "sent");
	is_int(stat.received, 0, "received");
	is_int(stat.capacity, 1000, "capacity");
	ok(stat.oldest >= 20 && stat.oldest < LONG, "oldest (%jd)",
	    (intmax_t)stat.oldest);
	stat = stat_of("st.b");
	is_int(stat.pending, 0, "none pending");
	is_int(stat.received, 1, "one received");
	is_int(stat.oldest, -1, "so none is old");
	memset(&seen, 0, sizeof(seen));
	is_int(ch_stat_channels(layer, "st.*", see_stat, &seen, NULL), CH_OK,
	    "a glob");
	is_int(seen.n, 2, "finds both");
	is_int(ch_stat_channels(layer, "../x", see_stat, &seen, NULL),
	    CH_REFUSED, "a bad one is refused");
	ch_receiver_free(receiver);
}

static int
call_back(void *arg, const struct ch_channel_stat *stat)
{
	++*(int *)arg;
	return put(stat->channel, "{}") == CH_OK ? 7 : CH_IO;
}

static void
case_callbacks(void)
{
	int n = 0;

	put("cb.a", "{}");
	put("cb.b", "{}");
	is_int(ch_stat_channels(layer, "cb.*", call_back, &n, NULL), 7,
	    "a callback may call the library, and ends the walk");
	is_int(n, 1, "at once");
	is_int(drain("cb.*"), 3, "what it sent is there");
}

static void
case_flush(void)
{
	uint64_t flushed = 0;

	put("f.a", "{}");
	put("f.b", "{}");
	put("g.c", "{}");
	put("p!x", "{}");
	ch_group_add(layer, "f.g", "x", NULL);
	ch_group_add(layer, "h", "x", NULL);
	is_int(ch_flush(layer, "f.*", &flushed, NULL), CH_OK, "flush f.*");
	is_int(flushed, 2, "two messages");
	is_int(members_of("f.g"), 0, "and a group");
	is_int(members_of("h"), 1, "not the others");
	is_int(drain("f.*"), 0, "nothing is left");
	is_int(stat_of("g.c").pending, 1, "of what matched");
	put("s?x", "{}");
	put("s-x", "{}");
	is_int(ch_flush(layer, "s?x", &flushed, NULL), CH_OK, "flush s?x");
	is_int(flushed, 1, "whose mark is no wildcard");
	is_int(ch_flush(layer, NULL, &flushed, NULL), CH_OK, "flush all");
	is_int(flushed, 3, "the other three");
	is_int(members_of("h"), 0, "and groups");
	is_int(drain("*") + drain("p!"), 0, "nothing is left at all");
	is_int(put("f.a", "{}"), CH_OK, "it can be sent to");
	is_int(drain("f.a"), 1, "as before");
}

static void
case_sweep(void)
{
	uint64_t removed = 0;
	struct seen_stat seen;

	configure("{\"group_expiry\":0.02}");
	put("idle", "{}");
	drain("idle");
	put("kept", "{}");
	put_with("brief", "{}", (struct ch_send_opts){ .expiry = 20 });
	ch_group_add(layer, "g", "x", NULL);
	pass(60);
	is_int(ch_sweep(layer, 0, &removed, NULL), CH_OK, "sweep");
	ok(removed >= 3, "a channel, a message and a member (%ju)",
	    (uintmax_t)removed);
	memset(&seen, 0, sizeof(seen));
	ch_stat_channels(layer, "idle", see_stat, &seen, NULL);
	is_int(seen.n, 0, "an empty channel goes");
	is_int(stat_of("kept").pending, 1, "one with a message stays");
}

static const struct contract_case cases[] = {
	{ "peek", case_peek, 0 },
	{ "stat", case_stat, 0 },
	{ "callbacks", case_callbacks, 0 },
	{ "flush", case_flush, 0 },
	{ "sweep", case_sweep, 0 },
	{ NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	return contract_main(argc, argv, cases);
}
