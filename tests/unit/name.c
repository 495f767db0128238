/* name.c - which names are accepted for what, and what matches them. */
#include "model/name.h"

#include "channel.h"
#include "tap.h"

#define TEN "aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name;
	/* for: send, receive, join, match, new */
	const char *accepted;
} names[] = {
	{ "jobs", "srjm-" },
	{ "a", "srjm-" },
	{ "A-b_c.9", "srjm-" },
	{ "-x", "srjm-" },
	{ "a.", "srjm-" },
	{ "a..b", "srjm-" },
	{ HUNDRED, "srjm-" },
	{ HUNDRED "a", "-----" },
	{ "", "-----" },
	{ ".", "-----" },
	{ "..", "-----" },
	{ ".hidden", "-----" },
	{ "../x", "-----" },
	{ "a/b", "-----" },
	{ "/", "-----" },
	{ "a b", "-----" },
	{ "a\tb", "-----" },
	{ "a\nb", "-----" },
	{ "a\\b", "-----" },
	{ "a:b", "-----" },
	{ "a=b", "-----" },
	{ "{a}", "-----" },
	{ "a%2fb", "-----" },
	{ "~", "-----" },
	{ "caf\xc3\xa9", "-----" },
	{ "\xff", "-----" },
	{ "p!local", "s--m-" },
	{ "p!", "-r-mn" },
	{ "p?", "-r-mn" }, /* to receive and match: a glob */
	{ "p?random", "sr-m-" },
	{ "!", "-----" },
	{ "?", "-r-m-" },
	{ "!x", "-----" },
	{ "?x", "-r-m-" },
	{ "p!a!b", "-----" },
	{ "p!a?b", "---m-" },
	{ "p!*", "---m-" },
	{ "*!a", "---m-" },
	{ "[!a]*!", "-r-m-" },
	{ "p?a?b", "-r-m-" },
	{ "p!!", "-----" },
	{ "*", "-r-m-" },
	{ "task.*", "-r-m-" },
	{ "task.?", "-r-mn" },
	{ "[a-c]x", "-r-m-" },
	{ "[!a]x", "-r-m-" },
	{ "[^a]x", "-r-m-" },
	{ "[]x]", "-r-m-" },
	{ "[a", "-----" },
	{ "[", "-----" },
	{ "[]", "-----" },
	{ "a*/b", "-----" },
	{ "a* b", "-----" },
	{ "[/]", "-----" },
	{ "[ ]*", "-----" },
	{ ".*", "-----" },
	{ "websocket.send.*!", "-r-m-" },
	{ HUNDRED "*", "-----" },
};

static void
test_check(void)
{
	static const char letters[] = "srjmn";
	const char *pattern = HUNDRED "!";
	struct ch_err err = CH_ERR_INIT;
	char accepted[6] = "";
	size_t i;
	int use, rc;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (use = CH_TO_SEND; use <= CH_TO_NEW; use++) {
			rc = ch_name_check(names[i].name, (enum ch_use)use,
			    &err);
			accepted[use] = rc == CH_OK ? letters[use] : '-';
			if (rc != CH_OK && rc != CH_REFUSED)
				accepted[use] = 'X';
		}
		is_str(accepted, names[i].accepted, "'%.30s' is accepted for",
		    names[i].name);
	}
	is_int(ch_name_check(NULL, CH_TO_SEND, NULL), CH_REFUSED, "no name");
	ch_name_check("a\x1b[2J", CH_TO_SEND, &err);
	is_str(err.text, "name 'a\\x1b[2J' refused: only letters, digits and "
	    ". _ - are allowed", "what is printed is safe to print");
	ch_name_check(HUNDRED HUNDRED HUNDRED HUNDRED, CH_TO_SEND, &err);
	ok(strlen(err.text) < 250, "and not too long");
	is_int(ch_name_check(pattern + 12, CH_TO_NEW, NULL), CH_REFUSED,
	    "a pattern leaves room for what is random");
	is_int(ch_name_check(pattern + 13, CH_TO_NEW, NULL), CH_OK,
	    "as this one does");
}

static void
test_sort(void)
{
	is_int(ch_name_sort("a"), CH_SORT_NORMAL, "a channel");
	is_int(ch_name_sort("a!b"), CH_SORT_PROCESS, "a process's");
	is_int(ch_name_sort("a!"), CH_SORT_PROCESS, "all of a process");
	is_int(ch_name_sort("a?b"), CH_SORT_SINGLE, "a single reader's");
	is_int(ch_name_queue_len("abc"), 3, "the queue of abc");
	is_int(ch_name_queue_len("ab!cd"), 3, "of ab!cd is ab!");
	is_int(ch_name_queue_len("a?bc"), 4, "of a?bc is a?bc");
	ok(ch_name_is_protocol("http.request"), "http. is protocol");
	ok(ch_name_is_protocol("websocket.send"), "websocket. is protocol");
	ok(ch_name_is_protocol("x!y"), "a ! is protocol");
	ok(ch_name_is_protocol("x?y"), "a ? is protocol");
	ok(!ch_name_is_protocol("https"), "https is not");
	ok(!ch_name_is_protocol("websockets"), "nor websockets");
}

static const struct {
	const char *glob, *name;
	int matches;
} globs[] = {
	{ "a", "a", 1 },
	{ "a", "b", 0 },
	{ "", "", 1 },
	{ "", "a", 0 },
	{ "a", "", 0 },
	{ "*", "", 1 },
	{ "*", "anything", 1 },
	{ "task.*", "task.a", 1 },
	{ "task.*", "task.", 1 },
	{ "task.*", "task", 0 },
	{ "*.a", "b.a", 1 },
	{ "*.a", "b.a.c", 0 },
	{ "a*b*c", "a-b-b-c", 1 },
	{ "a*b*c", "a-b-b-cd", 0 },
	{ "**", "a", 1 },
	{ "a**", "a", 1 },
	{ "?", "a", 1 },
	{ "?", "", 0 },
	{ "??", "a", 0 },
	{ "*?", "a", 1 },
	{ "[abc]", "b", 1 },
	{ "[abc]", "d", 0 },
	{ "[a-c]x", "bx", 1 },
	{ "[a-c]x", "dx", 0 },
	{ "[!a-c]", "d", 1 },
	{ "[!a-c]", "a", 0 },
	{ "[^a]", "b", 1 },
	{ "[]a]", "]", 1 },
	{ "[a-]", "-", 1 },
	{ "[z-a]", "m", 0 },
	{ "[a", "a", 0 },
	{ "p!*", "p!x", 1 },
	{ "p*", "p!x", 1 },
	{ "*[0-9]", "a1b2", 1 },
	{ "*[0-9]", "a1b2c", 0 },
};

static void
test_globs(void)
{
	char name[CH_NAME_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
		is_int(ch_glob_match(globs[i].glob, globs[i].name),
		    globs[i].matches, "'%s' over '%s'", globs[i].glob,
		    globs[i].name);
	memset(name, 'a', CH_NAME_MAX);
	name[CH_NAME_MAX] = '\0';
	ok(!ch_glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name),
	    "no glob takes long");
	ok(ch_name_is_glob("a*") && ch_name_is_glob("[a]") &&
	    ch_name_is_glob("a?") && ch_name_is_glob("?a") &&
	    ch_name_is_glob("a?b?c") && ch_name_is_glob("a!b?"), "globs");
	ok(!ch_name_is_glob("a") && !ch_name_is_glob("a?b") &&
	    !ch_name_is_glob("a!") && !ch_name_is_glob("a!b"), "and names");
}

static void
test_meaning(void)
{
	ok(ch_name_matches("p?ab", "p?ab"), "a name includes itself");
	ok(!ch_name_matches("p?ab", "pxab"), "its mark is no wildcard");
	ok(ch_name_matches("p*", "p!"), "a pattern includes everything");
	ok(ch_name_hears("a", "a") && !ch_name_hears("a", "b"), "a hears a");
	ok(ch_name_hears("p!", "p!"), "p! hears p!");
	ok(ch_name_hears("*", "a"), "* hears a");
	ok(!ch_name_hears("*", "p!"), "but not what is a process's own");
	ok(!ch_name_hears("*", "p?x"), "nor a single reader's");
	ok(ch_name_hears("*!", "p!"), "unless it ends in !");
	ok(ch_name_hears("p?x", "p?x"), "or is the name");
}

int
main(void)
{
	test_check();
	test_sort();
	test_globs();
	test_meaning();
	return done_testing();
}
