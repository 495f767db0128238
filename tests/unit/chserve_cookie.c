/* Cookies out of a field, and into one. */
#include "chserve/cookie.h"

#include "tap.h"

/* All values of the cookie "s" in the field, "|" behind each. */
static const char *
values(const char *field)
{
	static char all[256];
	const char *at = field, *value;
	size_t len, n = 0;

	all[0] = '\0';
	while ((value = cookie_next(&at, "s", &len)))
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%.*s|",
		    (int)len, value);
	return all;
}

static void
test_next(void)
{
	is_str(values("s=1"), "1|", "the only one");
	is_str(values("a=b; s=1; c=d"), "1|", "among others");
	is_str(values("s=1; s=2"), "1|2|", "twice");
	is_str(values("s=\"1\";s=\"\";s=\";s=\"x"), "1||\"|\"x|", "quotes");
	is_str(values(" s = 1 ;\ts=2\t"), "1|2|", "blanks around it");
	is_str(values("s=a=b"), "a=b|", "a value with a mark in it");
	is_str(values("s=;s"), "|", "an empty one; none");
	is_str(values("S=1; xs=2; sx=3; as; =s"), "", "other names");
	is_str(values(""), "", "nothing");
	is_str(values(";;;"), "", "nothing but marks");
}

static void
test_put(void)
{
	struct ch_buf out = CH_BUF_INIT;

	cookie_put(&out, "s", "1", 60, 0);
	is_str(out.data, "Set-Cookie: s=1; Path=/; Max-Age=60; HttpOnly; "
	    "SameSite=Lax\r\n", "set");
	ch_buf_clear(&out);
	cookie_put(&out, "__Host-s", "", 0, 1);
	is_str(out.data, "Set-Cookie: __Host-s=; Path=/; Max-Age=0; HttpOnly; "
	    "SameSite=Lax; Secure\r\n", "taken away, over TLS");
	ch_buf_release(&out);
}

static void
test_name(void)
{
	ok(cookie_is_name("__Host-session"), "a name");
	ok(!cookie_is_name(""), "none");
	ok(!cookie_is_name("a=b"), "with a mark");
	ok(!cookie_is_name("a;b"), "with another");
	ok(!cookie_is_name("a b"), "with a blank");
}

int
main(void)
{
	test_next();
	test_put();
	test_name();
	return done_testing();
}
