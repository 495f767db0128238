/* owners.c - the contract: prefixes that belong to somebody. */
#include "contract.h"

static void
case_new_channel(void)
{
	char one[CH_NAME_MAX + 1], two[CH_NAME_MAX + 1];
	struct ch_layer *other = open_again();
	struct ch_err err = CH_ERR_INIT;

	is_int(ch_new_channel(layer, "p", one, NULL), CH_REFUSED,
	    "a pattern has a mark");
	is_int(ch_new_channel(layer, "p!x", one, NULL), CH_REFUSED,
	    "at its end");
	is_int(ch_new_channel(layer, "p!", one, NULL), CH_OK, "a new p!");
	is_int(ch_new_channel(layer, "p!", two, NULL), CH_OK, "another");
	ok(strncmp(one, "p!", 2) == 0 && strncmp(two, "p!", 2) == 0 &&
	    strcmp(one, two) != 0, "%s is not %s", one, two);
	is_int(put(one, "{}"), CH_OK, "can be sent to");
	is_int(ch_new_channel(other, "p!", two, &err), CH_FULL,
	    "another layer cannot own it");
	ok(strstr(err.text, "p!"), "%s", err.text);
	is_int(stat_of("p!").owner, getpid(), "the owner is known");
	is_int(ch_new_channel(other, "s?", two, NULL), CH_OK, "a new s?");
	ok(strncmp(two, "s?", 2) == 0 && strlen(two) > 10, "%s", two);
	is_int(put(two, "{}"), CH_OK, "can be sent to");
	is_int(ch_own_random(layer, "srv", one, NULL), CH_OK, "a random one");
	ok(strncmp(one, "srv.", 4) == 0 && strlen(one) == 22 &&
	    one[21] == '!', "%s", one);
	is_int(ch_own_random(layer, "srv!", one, NULL), CH_REFUSED,
	    "its stem has no mark");
	ch_close(other);
}

static void
case_gone_owner(void)
{
	struct ch_layer *other = open_again();
	char name[CH_NAME_MAX + 1], again[CH_NAME_MAX + 1];
	struct ch_group_sent sent;

	is_int(ch_own_random(other, "o", name, NULL), CH_OK, "own");
	strcat(name, "x");
	is_int(put(name, "{}"), CH_OK, "send to it");
	ch_group_add(layer, "g", name, NULL);
	ch_group_add(layer, "g", "stays", NULL);
	ch_close(other);
	is_int(put(name, "{}"), CH_NONE, "when it has closed it is gone");
	is_int(members_of("g"), 1, "and has left its groups");
	is_int(group_put("g", "{}", &sent), CH_OK, "send to the group");
	is_int(sent.sent, 1, "reaches the rest");
	other = open_again();
	is_int(ch_new_channel(other, "again!", again, NULL), CH_OK, "own");
	ch_close(other);
	is_int(ch_new_channel(layer, "again!", again, NULL), CH_OK,
	    "a prefix can be owned again");
	is_int(put(again, "{}"), CH_OK, "and sent to");
}

static void
case_notices(void)
{
	struct ch_receiver *owner, *plain;
	struct peeked peeked = { "", 0 };
	struct ch_message message;
	char name[CH_NAME_MAX + 1], prefix[CH_NAME_MAX + 1];

	memset(&message, 0, sizeof(message));
	configure("{\"capacity\":1}");
	is_int(ch_own_random(layer, "o", prefix, NULL), CH_OK, "own");
	snprintf(name, sizeof(name), "%.90sx", prefix);
	put(name, "{\"n\":1}");
	ch_group_add(layer, "g", name, NULL);
	ch_group_add(layer, "g", name, NULL);
	ch_group_discard(layer, "g", name, NULL);
	ch_group_discard(layer, "g", name, NULL);
	is_int(stat_of(prefix).pending, 1, "notices are not counted");
	is_int(ch_peek(layer, prefix, 9, see_message, &peeked, NULL), CH_OK,
	    "peek");
	is_int(peeked.n, 1, "nor peeked at");
	owner = listen_to(layer, prefix, CH_NOTICES);
	is_str(next(owner, CH_NOW), "{\"n\":1}", "the message");
	is_int(ch_receive(owner, &message, soon(LONG), NULL), CH_OK,
	    "the owner is told");
	is_int(message.kind, CH_JOINED, "who joined");
	is_str(message.channel, name, "by name");
	is_str(message.text, "g", "and where");
	is_int(ch_receive(owner, &message, soon(LONG), NULL), CH_OK, "and");
	is_int(message.kind, CH_LEFT, "who left");
	is_str(message.channel, name, "by name");
	is_str(next(owner, CH_NOW), "nothing", "once each");
	ch_group_add(layer, "h", name, NULL);
	ch_group_drop(layer, "h", NULL);
	is_int(ch_receive(owner, &message, CH_NOW, NULL), CH_OK, "joined h");
	is_int(ch_receive(owner, &message, CH_NOW, NULL), CH_OK,
	    "which was dropped");
	is_int(message.kind, CH_LEFT, "so it left");
	is_str(message.text, "h", "h");
	ch_group_add(layer, "i", name, NULL);
	put(name, "{\"n\":2}");
	plain = listen_to(layer, prefix, 0);
	is_str(next(plain, CH_NOW), "{\"n\":2}", "a plain receiver gets");
	is_str(next(plain, CH_NOW), "nothing", "messages only");
	ch_receiver_free(owner);
	ch_receiver_free(plain);
}

static void
case_wills(void)
{
	char name[CH_NAME_MAX + 1];
	struct ch_layer *other = open_again();

	is_int(ch_new_channel(other, "w!", name, NULL), CH_OK, "own");
	is_int(ch_will(layer, name, "dead", "{}", 2, NULL), CH_USAGE,
	    "only the owner leaves a will");
	is_int(ch_will(other, name, "dead", "[]", 2, NULL), CH_REFUSED,
	    "which is a message");
	is_int(ch_will(other, name, "dead", "{}", 2, NULL), CH_OK, "as here");
	is_int(ch_will(other, name, "dead", "{\"n\":2}", 7, NULL), CH_OK,
	    "and can be replaced");
	ch_close(other);
	put(name, "{}");
	is_int(drain("dead"), 0, "closing is not dying");
}

static void
child_owns(void *arg)
{
	struct ch_layer *own = open_again();
	char *name = arg;

	ch_own_random(own, "dies", name, NULL);
	strcat(name, "x");
	ch_will(own, name, "wills", "{\"died\":0}", 10, NULL);
	ch_will(own, name, "wills", "{\"died\":1}", 10, NULL);
	ch_group_add(own, "g", name, NULL);
}

static void
case_dead_owner(void)
{
	char name[CH_NAME_MAX + 1] = "";
	struct ch_receiver *wills = listen_to(layer, "wills", 0);
	struct ch_group_sent sent;
	int from;
	pid_t pid;

	pid = in_child(child_owns, name, sizeof(name), &from);
	ok(child_report(pid, from, name, sizeof(name)), "an owner dies");
	is_int(put(name, "{}"), CH_NONE, "who sends to it is told");
	is_str(next(wills, soon(LONG)), "{\"died\":1}", "its will is sent");
	is_str(next(wills, CH_NOW), "nothing", "once");
	is_int(members_of("g"), 0, "it has left its groups");

	pid = in_child(child_owns, name, sizeof(name), &from);
	ok(child_report(pid, from, name, sizeof(name)), "another dies");
	is_int(group_put("g", "{}", &sent), CH_OK, "a group send");
	is_int(sent.sent, 0, "does not reach it");
	is_str(next(wills, soon(LONG)), "{\"died\":1}", "and sends its will");

	pid = in_child(child_owns, name, sizeof(name), &from);
	ok(child_report(pid, from, name, sizeof(name)), "a third dies");
	is_int(ch_sweep(layer, LONG, NULL, NULL), CH_OK, "a sweep");
	is_str(next(wills, soon(LONG)), "{\"died\":1}", "sends its will too");
	is_str(next(wills, CH_NOW), "nothing", "and no more");
	ch_receiver_free(wills);
}

static const struct contract_case cases[] = {
	{ "new channel", case_new_channel, 0 },
	{ "gone owner", case_gone_owner, 0 },
	{ "notices", case_notices, 0 },
	{ "wills", case_wills, 0 },
	{ "dead owner", case_dead_owner, 1 },
	{ NULL, NULL, 0 },
};

int
main(int argc, char *argv[])
{
	return contract_main(argc, argv, cases);
}
