/* What clients offer, read from the fields of their handshakes. */
#include "chserve/offer.h"

#include "tap.h"

#include <string.h>

static struct offer offer;

static int
read_fields(const char *name, const char *one, const char *two)
{
	struct head head = { .n_fields = 0 };

	head.fields[head.n_fields++] = (struct field){ "sec-websocket-key",
		"k" };
	head.fields[head.n_fields++] = (struct field){ name, one };
	if (two)
		head.fields[head.n_fields++] = (struct field){ name, two };
	offer_release(&offer);
	return offer_read(&offer, &head);
}

/* --- subprotocols --------------------------------------------------------- */

static void
protocols(const char *one, const char *two, const char *want)
{
	char got[200] = "";
	size_t i;

	if (!is_int(read_fields("sec-websocket-protocol", one, two), 0,
	    "taken: %s", one))
		return;
	for (i = 0; i < offer.n_protocols; i++) {
		strcat(got, i ? " " : "");
		strcat(got, offer.protocols[i]);
	}
	is_str(got, want, "the subprotocols");
}

static void
test_protocols(void)
{
	static const char *const known[] = { "b", "a" };

	protocols("a", NULL, "a");
	protocols("a, b,c", NULL, "a b c");
	protocols("a \t,\tb", "c", "a b c");
	protocols(",, a,, b ,", NULL, "a b");
	protocols("a, a, b", "b", "a b");
	protocols("v1.2!#$%&'*+-.^_`|~", NULL, "v1.2!#$%&'*+-.^_`|~");
	protocols("", NULL, "");
	is_int(read_fields("sec-websocket-protocol", "a b", NULL), 400,
	    "refused: two words");
	is_int(read_fields("sec-websocket-protocol", "a;b", NULL), 400,
	    "refused: a semicolon");
	is_int(read_fields("sec-websocket-protocol", "a, \"b\"", NULL), 400,
	    "refused: quotes");
	is_int(read_fields("sec-websocket-protocol", "a", "\xc3\xa4"), 400,
	    "refused: no token");

	protocols("x, a, b", NULL, "x a b");
	is_str(offer.key, "k", "the key");
	is_str(offer_find(&offer, "b"), "b", "one that was offered");
	ok(!offer_find(&offer, "B"), "case counts");
	ok(!offer_find(&offer, ""), "nothing was not offered");
	is_str(offer_first(&offer, known, 2), "a",
	    "the first of the client's that we know");
	is_str(offer_first(&offer, known, 1), "b", "if it is known");
	is_str(offer_first(&offer, known, 0), "", "none else");
}

/* --- permessage-deflate --------------------------------------------------- */

#define PMD "permessage-deflate"
#define ALONE "; server_no_context_takeover; client_no_context_takeover"

static void
agreed(const char *one, const char *two, const char *want)
{
	struct ch_buf out = CH_BUF_INIT;
	struct ws_offer answer;

	if (!is_int(read_fields("sec-websocket-extensions", one, two), 0,
	    "taken: %s", one))
		return;
	answer = (struct ws_offer){ .window = offer.window,
		.says_window = offer.says_window };
	if (offer.window)
		offer_put_extension(&out, &answer);
	is_str(out.len ? out.data : "", want, "the answer");
	ch_buf_release(&out);
}

static void
test_deflate(void)
{
	agreed(PMD, NULL, PMD ALONE);
	agreed("x-webkit-deflate-frame", NULL, "");
	agreed("foo; a=1; b=\"2\", " PMD, NULL, PMD ALONE);
	agreed("foo", PMD, PMD ALONE);
	agreed(PMD "; client_max_window_bits", NULL, PMD ALONE);
	agreed(PMD "; client_max_window_bits=8", NULL, PMD ALONE);
	agreed(PMD ";client_max_window_bits=\"15\"", NULL, PMD ALONE);
	agreed(PMD " ; server_no_context_takeover", NULL, PMD ALONE);
	agreed(PMD "; client_no_context_takeover", NULL, PMD ALONE);
	agreed(PMD "; server_max_window_bits=8", NULL,
	    PMD ALONE "; server_max_window_bits=8");
	agreed(PMD "; server_max_window_bits = 10 ", NULL,
	    PMD ALONE "; server_max_window_bits=10");
	agreed(PMD "; server_max_window_bits=15", NULL,
	    PMD ALONE "; server_max_window_bits=15");
	agreed(PMD "; server_max_window_bits=12, " PMD, NULL,
	    PMD ALONE "; server_max_window_bits=12");
}

static void
test_declined(void)
{
	static const char *const parameters[] = {
		"server_max_window_bits",
		"server_max_window_bits=7",
		"server_max_window_bits=16",
		"server_max_window_bits=08",
		"server_max_window_bits=100",
		"server_max_window_bits=1",
		"server_max_window_bits=x",
		"client_max_window_bits=7",
		"client_max_window_bits=1x",
		"server_no_context_takeover=1",
		"client_no_context_takeover=\"a\"",
		"client_max_window_bits; client_max_window_bits",
		"server_no_context_takeover; server_no_context_takeover",
		"Server_no_context_takeover",
		"other",
	};
	char text[200];
	size_t i;

	for (i = 0; i < sizeof(parameters) / sizeof(*parameters); i++) {
		snprintf(text, sizeof(text), PMD "; %s", parameters[i]);
		agreed(text, NULL, "");
		snprintf(text, sizeof(text), PMD "; %s, " PMD, parameters[i]);
		agreed(text, NULL, PMD ALONE);
	}
}

static void
test_refused(void)
{
	static const char *const wrong[] = { "a b", "a;", "a; ;b", "a=1",
		"a; b=", "a; b=\"", "a; b=\"\"", "a; b=\"c d\"", "a; b=\"c\"d",
		"a; b=\"\\", "a; b=\"\\\"\"", ";a", "a; =1", "a, \x80" };
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		is_int(read_fields("sec-websocket-extensions", wrong[i], NULL),
		    400, "refused: %s", wrong[i]);
	is_int(read_fields("sec-websocket-extensions", "a; b=\"\\c\"", NULL), 0,
	    "taken: a quoted token with a backslash");
}

int
main(void)
{
	test_protocols();
	test_deflate();
	test_declined();
	test_refused();
	offer_release(&offer);
	return done_testing();
}
