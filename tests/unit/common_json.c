/* common_json.c - looking into messages as text, and writing them. */
#include "common/json.h"

#include "common/compose.h"
#include "common/envelope.h"
#include "common/template.h"

#include "tap.h"

#include <stdlib.h>
#include <string.h>

static struct json
json(const char *text)
{
	return json_value(text, strlen(text));
}

static void
fields(void)
{
	static const char text[] =
	    " { \"a\" : {\"b\":[10, {\"c\":\"x\"}, [] ]},\"s\":\"q\\\"}\","
	    "\"n\":-1.50e3,\"t\":true,\"d\":1,\"\":5,\"k\\u0065y\":6,\"d\":2,"
	    "\"a.b\":7,\"e\":\"\\\\\",\"f\":\"\\\\\\\"\\\\\",\"g\":\"\"} ";
	static const struct {
		const char *path, *want;
	} found[] = {
		{ "a", "{\"b\":[10, {\"c\":\"x\"}, [] ]}" },
		{ "a.b", "[10, {\"c\":\"x\"}, [] ]" },
		{ "a.b.0", "10" },
		{ "a.b.1.c", "\"x\"" },
		{ "a.b.2", "[]" },
		{ "s", "\"q\\\"}\"" },
		{ "n", "-1.50e3" },
		{ "t", "true" },
		{ "d", "2" },
		{ "", "5" },
		{ "key", "6" },
		{ "e", "\"\\\\\"" },
		{ "f", "\"\\\\\\\"\\\\\"" },
		{ "g", "\"\"" },
	};
	static const char *const missing[] = { "b", "a.c", "a.b.3", "a.b.x",
		"a.b.", "s.x", "n.0", "a.b.99999999999999999999", "." };
	struct json value;

	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++) {
		value = json_get(json(text), found[i].path,
		    strlen(found[i].path));
		ok(value.len == strlen(found[i].want) &&
			!memcmp(value.text, found[i].want, value.len),
		    "'%s' is %s", found[i].path, found[i].want);
	}
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		value = json_get(json(text), missing[i], strlen(missing[i]));
		ok(!value.text, "'%s' is missing", missing[i]);
	}
}

/* Every cut and every changed byte: the scan stays inside. */
static void
broken(void)
{
	static const char text[] =
	    "{\"a\":{\"b\":[1,\"\\ud83d\\ude00\"]},\"c\":\"\\u00e9\"}";
	static const char bytes[] = "\"\\{}[],:u0 ";
	struct ch_buf buf = CH_BUF_INIT;
	size_t n = sizeof(text) - 1, tried = 0;
	char *copy;

	for (size_t len = 0; len <= n; len++) {
		for (size_t at = 0; at < len * sizeof(bytes); at++) {
			/* exactly as large, so that ASan sees a step too far */
			copy = malloc(len);
			memcpy(copy, text, len);
			copy[at / sizeof(bytes)] = bytes[at % sizeof(bytes)];
			json_get(json_value(copy, len), "a.b.1", 5);
			json_get(json_value(copy, len), "c", 1);
			ch_buf_clear(&buf);
			if (json_value(copy, len).text)
				json_bare(&buf, json_value(copy, len));
			free(copy);
			tried++;
		}
	}
	ch_buf_release(&buf);
	ok(tried > 1000, "broken text is harmless");
}

static void
strings(void)
{
	static const struct {
		const char *json, *bare;
	} cases[] = {
		{ "\"\"", "" },
		{ "\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", "a\"\\/\b\f\n\r\tz" },
		{ "\"\\u00e9\\u20AC\\ud83d\\ude00\"",
		    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "\"\\ud83dx\"", "\xef\xbf\xbdx" },
		{ "12", "12" },
		{ "{\"a\":1}", "{\"a\":1}" },
	};
	struct ch_buf buf = CH_BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ch_buf_clear(&buf);
		json_bare(&buf, json(cases[i].json));
		is_str(buf.data ? buf.data : "", cases[i].bare, "%s",
		    cases[i].json);
	}
	ch_buf_clear(&buf);
	json_quote(&buf, "a\"\\\n\0\x1f\x7f\xc3\xa9", 9);
	is_str(buf.data, "\"a\\\"\\\\\\n\\u0000\\u001f\x7f\xc3\xa9\"",
	    "a quoted string");
	ch_buf_release(&buf);
}

static void
utf8(void)
{
	static const struct {
		const char *text;
		size_t good;
	} cases[] = {
		{ "plain text of more than eight bytes", 35 },
		{ "\xc3\xa9", 2 },
		{ "12345678\xff", 8 },
		{ "a\xc3", 1 },
		{ "\xc0\x80", 0 },
		{ "\xe0\x80\x80", 0 },
		{ "\xed\xa0\x80", 0 },
		{ "\xef\xbf\xbf", 3 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\xf4\x90\x80\x80", 0 },
		{ "\xf8\x88\x80\x80\x80", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int((intmax_t)json_utf8(cases[i].text,
		    strlen(cases[i].text)), (intmax_t)cases[i].good,
		    "case %zu of UTF-8", i);
}

static void
boxes(void)
{
	struct ch_buf box = CH_BUF_INIT, back = CH_BUF_INIT;
	unsigned char bytes[300];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		ch_buf_clear(&box);
		ch_buf_clear(&back);
		json_box(&box, bytes, n);
		if (json_unbox(&back, json_value(box.data, box.len)) ||
		    back.len != n || (n && memcmp(back.data, bytes, n)))
			ok(0, "%zu bytes go through a box", n);
	}
	ok(1, "bytes go through a box");
	ch_buf_clear(&back);
	is_int(json_unbox(&back, json("\"\\uffffYQBi\"")), 0, "a box");
	ok(back.len == 3 && !memcmp(back.data, "a\0b", 3), "holds its bytes");
	ch_buf_clear(&back);
	is_int(json_unbox(&back, json("\"plain\"")), 0, "a plain string");
	is_str(back.data, "plain", "is itself");
	is_int(json_unbox(&back, json("\"\\uffffYQ\"")), -1, "too short");
	is_int(json_unbox(&back, json("\"\\uffffY===\"")), -1, "no base64");
	is_int(json_unbox(&back, json("\"\\uffffYQ!=\"")), -1, "bad digit");
	is_int(json_unbox(&back, json("12")), -1, "a number");
	is_str(back.data, "plain", "and nothing was added");
	ch_buf_release(&box);
	ch_buf_release(&back);
}

static void
templates(void)
{
	struct template_fields with = {
		.message = json("{\"a\":{\"b\":\"x\\ny\"},\"n\":1.0}"),
		.channel = "jobs",
		.time = INT64_C(1795332126500),
	};
	struct ch_buf buf = CH_BUF_INIT;

	template_put(&buf,
	    "{a.b}|{n}|{no}|{{n}|}}|{@channel}|{@group}|{@time}", &with);
	is_str(buf.data,
	    "x\ny|1.0||{n}|}}|jobs||2026-11-22T07:22:06.500Z", "a template");
	ch_buf_release(&buf);
	ok(!template_fault(""), "an empty template is sound");
	ok(!template_fault("}{{{a}"), "so is this");
	ok(template_fault("{a") && template_fault("{") && template_fault("{}"),
	    "these are not");
	ok(template_fault("{@x}") && template_fault("{a{b}"), "nor these");
}

static void
pairs(void)
{
	char one[] = "a=1", two[] = "b:=[1, 2]", bad[] = "c:=1,\"d\":2";
	char latin[] = "e=\xe9";
	char *good[] = { one, two, NULL };
	char *wrong[] = { one, bad, NULL }, *not_utf8[] = { latin, NULL };
	struct ch_err err = CH_ERR_INIT;
	struct ch_buf buf = CH_BUF_INIT;

	is_int(compose(&buf, good, &err), CH_OK, "pairs");
	is_str(buf.data, "{\"a\":\"1\",\"b\":[1, 2]}", "make an object");
	is_int(compose(&buf, wrong, &err), CH_REFUSED, "not two in one");
	is_int(compose(&buf, not_utf8, &err), CH_REFUSED, "not Latin 1");
	ch_buf_release(&buf);
}

static void
envelopes(void)
{
	static const char good[] =
	    "{\"delay\":1.5,\"message\":{\"n\":1},\"channel\":\"\\u0061!b\"}";
	static const struct {
		const char *text;
		size_t column;
	} bad[] = {
		{ "{}", 1 },
		{ "{\"channel\":\"a\"}", 1 },
		{ "{\"message\":{}}", 1 },
		{ "{\"channel\":1}", 12 },
		{ "{\"channel\":\"\"}", 12 },
		{ "{\"channel\":\"a\\u0000b\"}", 12 },
		{ "{\"\xc3\xa9\":1}", 6 },
		{ "{\"channel\":\"a\",\"message\":1}", 26 },
		{ "{\"channel\":\"a\",\"group\":\"b\"}", 24 },
		{ "{\"delay\":-1}", 10 },
		{ "{\"delay\":1e3}", 10 },
		{ "{\"delay\":\"1\"}", 10 },
	};
	struct ch_err err = CH_ERR_INIT;
	struct envelope envelope;
	size_t column = 0;

	is_int(envelope_read(&envelope, good, strlen(good), &column, &err),
	    CH_OK, "an envelope");
	is_str(envelope.name, "a!b", "has a name");
	is_int(envelope.group, 0, "of a channel");
	is_int(envelope.delay, 1500, "a delay");
	is_int((intmax_t)envelope.message.len, 7, "and a message");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		is_int(envelope_read(&envelope, bad[i].text,
		    strlen(bad[i].text), &column, &err), CH_REFUSED,
		    "%s is none", bad[i].text);
		is_int((intmax_t)column, (intmax_t)bad[i].column,
		    "and that is seen there");
	}
}

int
main(void)
{
	fields();
	broken();
	strings();
	utf8();
	boxes();
	templates();
	pairs();
	envelopes();
	return done_testing();
}
