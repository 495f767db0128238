/* groups.c - the contract: who is in a group, and sending to it. */
#include "contract.h"

static void
case_groups(void)
{
	struct ch_receiver *a = listen_to(layer, "a", 0);
	struct ch_receiver *b = listen_to(layer, "b", 0);
	struct ch_group_sent sent;
	int n = 0;

	is_int(group_put("g", "{}", &sent), CH_OK, "an unknown group is fine");
	is_int(sent.members, 0, "and has no members");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_NONE, "a is not in g");
	is_int(ch_group_add(layer, "g", "a", NULL), CH_OK, "add a");
	is_int(ch_group_add(layer, "g", "a", NULL), CH_OK, "again");
	is_int(ch_group_add(layer, "g", "b", NULL), CH_OK, "add b");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_OK, "a is in g");
	is_int(members_of("g"), 2, "two members");
	is_int(group_put("g", "{\"n\":1}", &sent), CH_OK, "send");
	ok(sent.members == 2 && sent.sent == 2 && !sent.full && !sent.gone,
	    "to both");
	is_str(next(a, CH_NOW), "{\"n\":1}", "a has it");
	is_str(next(b, CH_NOW), "{\"n\":1}", "b has it");
	is_str(next(a, CH_NOW), "nothing", "once");
	is_int(ch_group_send(layer, "g", "{\"n\":2}", 7,
	    &(struct ch_send_opts){ .exclude = "a" }, &sent, NULL), CH_OK,
	    "send to all but a");
	is_int(sent.members, 1, "is one");
	is_str(next(a, CH_NOW), "nothing", "not a");
	is_str(next(b, CH_NOW), "{\"n\":2}", "but b");
	is_int(ch_group_discard(layer, "g", "a", NULL), CH_OK, "discard a");
	is_int(ch_group_discard(layer, "g", "a", NULL), CH_OK, "again");
	is_int(ch_group_has(layer, "g", "a", NULL), CH_NONE, "a has left");
	ch_group_members(layer, "g", "b*", count_name, &n, NULL);
	is_int(n, 1, "b* are one");
	ch_group_members(layer, "g", "x*", count_name, &n, NULL);
	is_int(n, 1, "x* none");
	ch_groups(layer, "g*", count_name, &n, NULL);
	is_int(n, 2, "and g one group");
	is_int(ch_group_drop(layer, "g", NULL), CH_OK, "drop it");
	is_int(members_of("g"), 0, "nobody is left");
	ch_groups(layer, NULL, count_name, &n, NULL);
	is_int(n, 2, "and no group");
	is_int(ch_group_drop(layer, "g", NULL), CH_OK,
	    "dropping again is fine");
	ch_receiver_free(a);
	ch_receiver_free(b);
}

static void
case_group_full(void)
{
	struct ch_group_sent sent;

	configure("{\"capacity\":1}");
	ch_group_add(layer, "g", "full", NULL);
	ch_group_add(layer, "g", "free", NULL);
	put("full", "{}");
	is_int(group_put("g", "{\"n\":1}", &sent), CH_OK,
	    "a full member is no error");
	is_int(sent.members, 2, "two members");
	is_int(sent.sent, 1, "one has it");
	is_int(sent.full, 1, "one was full");
	is_int(drain("free"), 1, "free has it");
	is_int(drain("full"), 1, "full has what it had");
}

static int
see_group(void *arg, const struct ch_group_stat *stat)
{
	struct ch_group_stat *seen = arg;

	seen->members += stat->members;
	seen->sent += stat->sent;
	seen->missed += stat->missed;
	return 0;
}

static void
case_group_stat(void)
{
	struct ch_group_stat stat;

	configure("{\"capacity\":1}");
	memset(&stat, 0, sizeof(stat));
	ch_group_add(layer, "g", "a", NULL);
	ch_group_add(layer, "g", "b", NULL);
	group_put("g", "{}", NULL);
	group_put("g", "{}", NULL);
	is_int(ch_stat_groups(layer, "g", see_group, &stat, NULL), CH_OK,
	    "ask for a group");
	is_int(stat.members, 2, "two members");
	is_int(stat.sent, 2, "two sends");
	is_int(stat.missed, 2, "the second missed both");
}

static void
case_group_one_record(void)
{
	static const char *const members[] = { "p!a", "p!b", "p!c" };
	struct ch_receiver *receiver;
	struct ch_message in[8];
	struct ch_group_sent sent;
	unsigned seen = 0;
	size_t i, got = 0;

	configure("{\"capacity\":2}");
	receiver = listen_to(layer, "p!", 0);
	for (i = 0; i < 3; i++)
		ch_group_add(layer, "g", members[i], NULL);
	is_int(group_put("g", "{\"n\":1}", &sent), CH_OK, "three behind p!");
	is_int(sent.sent, 3, "are sent to");
	is_int(group_put("g", "{\"n\":2}", &sent), CH_OK,
	    "which counts once towards the capacity");
	is_int(sent.sent, 3, "of two");
	is_int(group_put("g", "{\"n\":3}", &sent), CH_OK, "the third time");
	is_int(sent.full, 3, "all three are full");
	is_int(ch_receive_many(receiver, in, 8, &got, CH_NOW, NULL), CH_OK,
	    "received in one batch");
	is_int(got, 6, "each has its two");
	for (i = 0; i < got; i++)
		seen |= 1u << (in[i].channel[2] - 'a' + (i < 3 ? 0 : 3));
	is_int(seen, 077, "each its own");
	ok(got == 6 && in[0].text == in[1].text && in[1].text == in[2].text &&
	    in[2].text != in[3].text, "sharing the text");
	ch_receiver_free(receiver);
}

static void
case_group_parts(void)
{
	struct ch_receiver *receiver = listen_to(layer, "p!", 0);
	struct ch_layer *other = open_again();
	struct ch_receiver *second = listen_to(other, "p!", 0);
	struct ch_message message;
	char first;

	ch_group_add(layer, "g", "p!a", NULL);
	ch_group_add(layer, "g", "p!b", NULL);
	group_put("g", "{}", NULL);
	is_int(ch_receive(receiver, &message, CH_NOW, NULL), CH_OK,
	    "one member's share is taken");
	first = message.channel[2];
	is_int(ch_receive(second, &message, CH_NOW, NULL), CH_OK,
	    "what one did not ask for stays for the next");
	ok(message.channel[2] != first, "it is the other's");
	is_str(next(receiver, CH_NOW), "nothing", "and that was all");
	ch_receiver_free(receiver);
	ch_receiver_free(second);
	ch_close(other);
}

#define EXPIRY 200 /* ms, as in the config below */

/*
 * Whether adding again renews: seen when the members are counted later than
 * EXPIRY after the first add and earlier than that after the second, for which
 * a slow machine may need more than one try.
 */
static int
is_renewed(void)
{
	int64_t first, second;
	int tries, n;

	for (tries = 0; tries < 50; tries++) {
		first = ch_clock();
		ch_group_add(layer, "g", "plain", NULL);
		pass(EXPIRY / 2);
		second = ch_clock();
		ch_group_add(layer, "g", "plain", NULL);
		pass(first + EXPIRY + 10 - ch_clock());
		n = members_of("g");
		if (ch_clock() < second + EXPIRY)
			return n == 2;
	}
	return 0;
}

static void
case_group_expiry(void)
{
	char name[CH_NAME_MAX + 1];
	struct ch_group_sent sent;

	configure("{\"group_expiry\":0.2}");
	is_int(ch_new_channel(layer, "owned!", name, NULL), CH_OK, "own");
	ch_group_add(layer, "g", name, NULL);
	ok(is_renewed(), "adding again renews");
	pass(EXPIRY + 50);
	is_int(ch_group_has(layer, "g", "plain", NULL), CH_NONE,
	    "one without an owner expires");
	is_int(ch_group_has(layer, "g", name, NULL), CH_OK,
	    "one with an owner stays");
	group_put("g", "{}", &sent);
	is_int(sent.members, 1, "and is all that is sent to");
}

static const struct contract_case cases[] = {
	{ "groups", case_groups, 0 },
	{ "group full", case_group_full, 0 },
	{ "group stat", case_group_stat, 0 },
	{ "group, one record", case_group_one_record, 0 },
	{ "group, parts", case_group_parts, 0 },
	{ "group expiry", case_group_expiry, 0 },
	{ NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	return contract_main(argc, argv, cases);
}
