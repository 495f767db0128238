/* Names and their hashes in a text, and the counting of attempts. */
#include "chsession/attempts.h"
#include "chsession/secret.h"
#include "chsession/users.h"

#include "base/clock.h"
#include "common/opt.h"
#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

/* The room's verbs look at this table, which main.c has. */
const struct opt_program program = { .name = "chsession" };

static const char text[] = "# users\n"
			   "ana:$y$a:1:2\n"
			   "#bob:x\n"
			   "\n"
			   "nobody\n"
			   "bo:b\r\n"
			   "anab:\n"
			   "ana:$y$later\n"
			   "last:z";

static const char *
found(const char *name)
{
	static char hash[64];
	struct users_hash at = users_find(text, sizeof(text) - 1, name);

	snprintf(hash, sizeof(hash), "%.*s", (int)at.len, at.text);
	return at.text ? hash : NULL;
}

static void
test_find(void)
{
	is_str(found("ana"), "$y$a", "up to the next colon; the first counts");
	is_str(found("bo"), "b", "a line with a carriage return");
	is_str(found("anab"), "", "an empty one");
	is_str(found("last"), "z", "a line without its end");
	is_str(found("an"), NULL, "the beginning of a name");
	is_str(found("bob"), NULL, "a comment");
	is_str(found("#bob"), NULL, "is none by that name either");
	is_str(found("nobody"), NULL, "a line without a colon");
	is_str(found(""), NULL, "no name");
	ok(!users_find("", 0, "ana").text, "no text");
	is_int(users_first(text, sizeof(text) - 1).text - text, 12,
	    "the first of all");
	ok(!users_first("#a:b\n", 5).text, "of none");
}

static const char *
changed(const char *from, const char *name)
{
	static struct ch_buf to = CH_BUF_INIT;

	ch_buf_clear(&to);
	users_change(&to, from, strlen(from), name, "NEW");
	return to.data;
}

static void
test_change(void)
{
	is_str(changed("", "a"), "a:NEW\n", "the first line");
	is_str(changed("b:x", "a"), "b:x\na:NEW\n", "another line");
	is_str(changed("# c\nb:x:1\na:y:2:3\nc:z\n", "a"),
	    "# c\nb:x:1\na:NEW:2:3\nc:z\n", "what is there, the rest stays");
	is_str(changed("a:y\r\nb:z\r\n", "a"), "a:NEW\r\nb:z\r\n",
	    "ends of lines stay");
	is_str(changed("#a:x\n", "a"), "#a:x\na:NEW\n", "a comment stays");
}

static void
test_secret(void)
{
	char hash[SECRET_HASH_MAX];

	is_int(secret_hash("p\xc3\xa4ss", hash, NULL), CH_OK, "hashed");
	ok(strncmp(hash, "$y$", 3) == 0, "by yescrypt");
	ok(secret_is_hash(hash), "a hash");
	ok(secret_matches("p\xc3\xa4ss", hash), "matches");
	ok(!secret_matches("p\xc3\xa4s", hash), "another does not");
	ok(!secret_matches("", "") && !secret_matches("", "*0"),
	    "nothing matches what is no hash");
	ok(secret_matches("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0"
	    "XouQYb4YMJKvyOeW"), "bcrypt");
	ok(secret_matches("Hello world!", "$6$saltstring$svn8UoSVapNtMuq1uk"
	    "KS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35"
	    "inz1"),
	    "sha512");
	ok(!secret_is_hash("") && !secret_is_hash("x") &&
	    !secret_is_hash("*") && !secret_is_hash("password") &&
	    !secret_is_hash("abJnggxhB/yWI") && !secret_is_hash("$apr1$a$b"),
	    "neither words nor old methods are hashes");
}

static void
test_attempts(void)
{
	char name[16], state[] = "/tmp/attempts.XXXXXX";
	char path[64];
	struct ch_err err = CH_ERR_INIT;
	int i, bad = 0;

	if (!mkdtemp(state))
		exit(1);
	for (i = 0; i < ATTEMPTS_MAX; i++)
		bad += attempts_take(state, "ana", &err) != CH_OK;
	is_int(bad, 0, "ten may be tried");
	is_int(attempts_take(state, "ana", &err), CH_DENIED, "one more not");
	ok(strstr(err.text, "900 s"), "the error says for how long");
	is_int(attempts_take(state, "bob", &err), CH_OK, "others may");
	for (i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		bad += attempts_take(state, name, &err) != CH_OK;
	}
	is_int(bad, 0, "many may");
	is_int(attempts_take(state, "ana", &err), CH_DENIED,
	    "which does not make it forgotten");
	is_int(attempts_forget(state, "ana", &err), CH_OK, "a success does");
	is_int(attempts_take(state, "ana", &err), CH_OK, "it may again");
	snprintf(path, sizeof(path), "%s/logins", state);
	ok(truncate(path, 3) == 0 &&
	    attempts_take(state, "ana", &err) == CH_OK, "a damaged file");
	is_int(attempts_take("/nowhere/at/all", "ana", &err), CH_IO,
	    "where it cannot be counted nothing may be tried");
	unlink(path);
	rmdir(state);
}

int
main(void)
{
	test_find();
	test_change();
	test_secret();
	test_attempts();
	return done_testing();
}
