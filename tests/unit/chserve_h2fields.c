/* Fields of answers as HTTP/2 has them. */
#include "chserve/h2fields.h"

#include "tap.h"

static struct h2fields fields;

static void
is_field(size_t i, const char *name, const char *value)
{
	const nghttp2_nv *item = &fields.items[i];

	is_str((const char *)item->name, name, "field %zu", i);
	is_str((const char *)item->value, value, "its value");
	ok(item->namelen == strlen(name) && item->valuelen == strlen(value),
	    "their lengths");
}

int
main(void)
{
	h2fields_init(&fields, 200, "");
	is_int(fields.n, 1, "a status alone");
	is_field(0, ":status", "200");
	h2fields_release(&fields);

	h2fields_init(&fields, 503, "Content-Type: text/plain\r\n"
	    "Connection: close\r\nX-One:1\r\nTRANSFER-ENCODING: chunked\r\n"
	    "Keep-Alive: 5\r\nUpgrade: websocket\r\nProxy-Connection: x\r\n"
	    "Set-Cookie: a=1: 2\r\nset-cookie: b\r\nEmpty:\r\n");
	is_int(fields.n, 6, "what is of the connection is left out");
	is_field(0, ":status", "503");
	is_field(1, "content-type", "text/plain");
	is_field(2, "x-one", "1");
	is_field(3, "set-cookie", "a=1: 2");
	is_field(4, "set-cookie", "b");
	is_field(5, "empty", "");
	h2fields_release(&fields);

	h2fields_init(&fields, 103, "nonsense\r\n: no name\r\nA: b\r\n");
	is_int(fields.n, 2, "so is what is none");
	is_field(1, "a", "b");
	h2fields_release(&fields);
	return done_testing();
}
