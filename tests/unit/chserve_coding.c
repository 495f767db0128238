/* What compressions a client takes. */
#include "chserve/coding.h"

#include "tap.h"

static struct head head;

static void
parse(const char *fields)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n", fields);

	head_release(&head);
	is_int(head_parse(&head, text, (size_t)n), 0, "a request");
}

static void
test_qualities(void)
{
	static const struct {
		const char *accepts;
		int gzip;
	} cases[] = {
		{ "gzip", 1000 },
		{ "GZip", 1000 },
		{ "deflate, gzip", 1000 },
		{ "deflate,gzip;q=0.5,br", 500 },
		{ "gzip ; q=0.125", 125 },
		{ "gzip;Q=1.000", 1000 },
		{ "gzip;q=0.", 0 },
		{ "gzip;q=0", 0 },
		{ "gzip;q=0.000, *", 0 },
		{ "*", 1000 },
		{ "*;q=0.2", 200 },
		{ "*;q=0", 0 },
		{ "br, *;q=0.1, gzip;q=0.3", 300 },
		{ "gzip;q=2", 0 },
		{ "gzip;q=1.5", 0 },
		{ "gzip;q=-1", 0 },
		{ "gzip;q=", 0 },
		{ "gzip;q=0.1234", 0 },
		{ "gzip;", 0 },
		{ "gzip;x", 0 },
		{ "gzipx", -1 },
		{ "xgzip", -1 },
		{ "identity", -1 },
		{ "", -1 },
		{ ", ,", -1 },
	};
	char field[128];
	size_t i;

	parse("");
	is_int(coding_quality(&head, "gzip", 7), 7, "nothing is said");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(field, sizeof(field), "Accept-Encoding: %s\r\n",
		    cases[i].accepts);
		parse(field);
		is_int(coding_quality(&head, "gzip", -1), cases[i].gzip,
		    "'%s'", cases[i].accepts);
	}
	parse("Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n");
	is_int(coding_quality(&head, "gzip", -1), 1000, "on a second line");
}

int
main(void)
{
	test_qualities();
	head_release(&head);
	return done_testing();
}
