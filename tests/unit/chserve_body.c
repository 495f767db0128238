/* Bodies: what all of them together may hold in memory. */
#include "chserve/body.h"

#include "base/buf.h"

#include <stdlib.h>

#include "store.h"

#define BODIES 3000
#define LARGE 60000
#define FIELDS 16 /* of LARGE bytes in a form */

static const struct body_settings settings = {
	.mode = BODY_SPOOL, .inline_max = 65536, .max = 1 << 24,
	.form = { 1000, 65536, 1 << 20, 20, 1 << 20 },
};

static struct head plain, multi;
static struct body bodies[BODIES];
static char large[LARGE];

static void
parse(struct head *head, const char *type)
{
	char text[256];
	int n;

	n = snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Type: %s\r\n\r\n", type);
	if (head_parse(head, text, (size_t)n) != 0)
		bail("head", NULL);
}

static int
add_field(struct body *body)
{
	static const char head[] = "--X\r\n"
	    "Content-Disposition: form-data; name=a\r\n\r\n";
	int status = body_add(body, head, sizeof(head) - 1);

	if (!status)
		status = body_add(body, large, LARGE);
	return status ? status : body_add(body, "\r\n", 2);
}

/* The first `n` of them begin, each with so much; how many were refused. */
static int
begin(const struct head *head, int n, int fields, size_t bytes)
{
	int i, k, status, refused = 0;

	for (i = 0; i < n; i++) {
		status = body_init(&bodies[i], &settings, head, -1);
		if (!status && bytes)
			status = body_add(&bodies[i], large, bytes);
		for (k = 0; k < fields && !status; k++)
			status = add_field(&bodies[i]);
		if (status && status != 503)
			bail("another status", NULL);
		if (status)
			body_release(&bodies[i]);
		refused += status == 503;
	}
	return refused;
}

static void
end(int n)
{
	while (n--)
		body_release(&bodies[n]);
}

static void
test_memory(void)
{
	struct body more;
	int refused;

	memset(large, 'x', sizeof(large));
	refused = begin(&plain, BODIES, 0, LARGE);
	ok(refused > BODIES / 2 && refused < BODIES * 9 / 10,
	    "of %d in memory %d are refused", BODIES, refused);
	is_int(body_init(&more, &settings, &plain, -1), 0, "a small one");
	is_int(body_add(&more, large, 4000), 0, "is not");
	is_int(body_add(&more, large, 4000), 503, "unless it grows");
	body_release(&more);
	end(BODIES);
	is_int(begin(&plain, 500, 0, LARGE), 0, "then there is room again");
	end(500);
	is_int(begin(&plain, BODIES, 0, 4000), 0, "for many small ones, too");
	end(BODIES);
	refused = begin(&multi, 200, FIELDS, 0);
	ok(refused > 50 && refused < 180, "of 200 forms %d are refused",
	    refused);
	end(200);
}

static void
test_told(void)
{
	static const char last[] = "--X--";
	struct ch_buf message = CH_BUF_INIT;
	int i, refused = 0;

	for (i = 0; i < 200; i++) {
		refused += begin(&multi, 1, FIELDS, 0);
		body_add(&bodies[0], last, sizeof(last) - 1);
		refused += body_end(&bodies[0]) != 0;
		ch_buf_clear(&message);
		body_put(&bodies[0], &message);
		ok(strstr(message.data, "\"a\":[\"xxx") != NULL, "is told");
		memcpy(&bodies[200 + i], &bodies[0], sizeof(bodies[0]));
	}
	is_int(refused, 0, "what was told takes no memory");
	for (i = 0; i < 200; i++)
		body_release(&bodies[200 + i]);
	ch_buf_release(&message);
}

int
main(void)
{
	struct ch_err err = CH_ERR_INIT;

	if (spool_open(store_new(), &err) != CH_OK)
		bail("spool", &err);
	parse(&plain, "text/plain");
	parse(&multi, "multipart/form-data; boundary=X");
	test_memory();
	test_told();
	head_release(&plain);
	head_release(&multi);
	spool_close();
	return done_testing();
}
