/* json.c - looking into messages, and writing them, as text. */
#include "common/json.h"

#include "common/put.h"

#include <stdint.h>
#include <string.h>

/* --- scanning ----------------------------------------------------------- */

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the string that begins at p, or end. */
static const char *
skip_string(const char *p, const char *end)
{
	const char *start = p + 1, *quote, *c;

	for (p = start; (quote = memchr(p, '"', (size_t)(end - p)));
	     p = quote + 1) {
		for (c = quote; c > start && c[-1] == '\\'; c--)
			;
		if ((quote - c) % 2 == 0)
			return quote + 1; /* not escaped itself */
	}
	return end;
}

static const char *
skip_container(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && !--depth)
			return p + 1;
		p++;
	}
	return end;
}

static const char *
skip_value(const char *p, const char *end)
{
	if (p == end)
		return end;
	if (*p == '"')
		return skip_string(p, end);
	if (*p == '{' || *p == '[')
		return skip_container(p, end);
	while (p < end && !strchr(",]} \t\r\n", *p))
		p++;
	return p;
}

struct json
json_value(const char *text, size_t len)
{
	const char *end = text + len, *start = skip_space(text, end);

	if (start == end)
		return (struct json){ NULL, 0 };
	return (struct json){ start,
		(size_t)(skip_value(start, end) - start) };
}

char
json_kind(struct json value)
{
	return value.len ? value.text[0] : 0;
}

struct json_walk
json_walk(struct json container)
{
	struct json_walk walk = { .at = NULL };
	char kind = json_kind(container);

	if (kind != '{' && kind != '[')
		return walk;
	walk.at = container.text;
	walk.end = container.text + container.len;
	return walk;
}

/* The value at walk->at, which moves behind it and the space that follows. */
static struct json
take_value(struct json_walk *walk)
{
	const char *start = skip_space(walk->at, walk->end);
	const char *behind = skip_value(start, walk->end);

	walk->at = skip_space(behind, walk->end);
	return (struct json){ start, (size_t)(behind - start) };
}

int
json_next(struct json_walk *walk)
{
	struct json none = { NULL, 0 };

	/* at is on { [ or a comma; anything else ends the walk */
	if (!walk->at || walk->at == walk->end || *walk->at == '}' ||
	    *walk->at == ']')
		return 0;
	walk->at++;
	walk->key = none;
	walk->value = take_value(walk);
	if (!walk->value.len)
		return 0;
	if (walk->at < walk->end && *walk->at == ':') {
		walk->at++;
		walk->key = walk->value;
		walk->value = take_value(walk);
	}
	if (walk->at == walk->end || !strchr(",]}", *walk->at))
		walk->at = NULL;
	return walk->value.len > 0;
}

/* The member of an object or, by its number, the element of an array. */
static struct json
child(struct json value, const char *name, size_t len)
{
	struct json found = { NULL, 0 };
	struct json_walk walk = json_walk(value);
	int object = json_kind(value) == '{';
	size_t index = 0;

	if (!object && !len)
		return found;
	for (size_t i = 0; !object && i < len; i++) {
		if (name[i] < '0' || name[i] > '9' || index > SIZE_MAX / 20)
			return found;
		index = index * 10 + (size_t)(name[i] - '0');
	}
	while (json_next(&walk)) {
		if (object && json_is(walk.key, name, len))
			found = walk.value;
		else if (!object && !index--)
			return walk.value;
	}
	return found;
}

struct json
json_get(struct json value, const char *path, size_t len)
{
	const char *end = path + len, *dot;

	for (;; path = dot + 1) {
		dot = memchr(path, '.', (size_t)(end - path));
		if (!dot)
			return child(value, path, (size_t)(end - path));
		value = child(value, path, (size_t)(dot - path));
	}
}

/* --- strings ------------------------------------------------------------ */

static void
put_utf8(struct ch_buf *buf, uint32_t code)
{
	unsigned char bytes[4];
	size_t n = 0;

	if (code < 0x80) {
		bytes[n++] = (unsigned char)code;
	} else if (code < 0x800) {
		bytes[n++] = (unsigned char)(0xc0 | code >> 6);
		bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		bytes[n++] = (unsigned char)(0xe0 | code >> 12);
		bytes[n++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
	} else {
		bytes[n++] = (unsigned char)(0xf0 | code >> 18);
		bytes[n++] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
		bytes[n++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
		bytes[n++] = (unsigned char)(0x80 | (code & 0x3f));
	}
	put_bytes(buf, bytes, n);
}

/* The four hexadecimal digits at p; -1 if they are not. */
static int32_t
hex4(const char *p, const char *end)
{
	int32_t code = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int c = p[i] | 0x20;

		if (c >= '0' && c <= '9')
			code = code << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code << 4 | (c - 'a' + 10);
		else
			return -1;
	}
	return code;
}

/* Append what "\uXXXX" at p (behind the u) means; returns what follows. */
static const char *
put_unicode(struct ch_buf *buf, const char *p, const char *end)
{
	int32_t code = hex4(p, end), low;

	if (code < 0) {
		put_utf8(buf, 0xfffd);
		return p;
	}
	p += 4;
	if (code < 0xd800 || code > 0xdfff) {
		put_utf8(buf, (uint32_t)code);
		return p;
	}
	low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? hex4(p + 2, end)
							  : -1;
	if (code > 0xdbff || low < 0xdc00 || low > 0xdfff) {
		put_utf8(buf, 0xfffd);
		return p;
	}
	put_utf8(buf,
	    0x10000 + ((uint32_t)(code - 0xd800) << 10) +
		(uint32_t)(low - 0xdc00));
	return p + 6;
}

/* Append what the escape at p (behind the backslash) means. */
static const char *
put_escape(struct ch_buf *buf, const char *p, const char *end)
{
	static const char names[] = "bfnrt", means[] = "\b\f\n\r\t";
	const char *name;

	if (*p == 'u')
		return put_unicode(buf, p + 1, end);
	name = *p ? strchr(names, *p) : NULL;
	put_char(buf, name ? means[name - names] : *p);
	return p + 1;
}

void
json_bare(struct ch_buf *buf, struct json value)
{
	const char *p, *end, *plain;

	if (json_kind(value) != '"') {
		put_bytes(buf, value.text, value.len);
		return;
	}
	p = value.text + 1;
	end = value.text + value.len;
	if (end > p && end[-1] == '"')
		end--;
	while (p < end) {
		plain = p;
		p = memchr(p, '\\', (size_t)(end - p));
		if (!p)
			p = end;
		put_bytes(buf, plain, (size_t)(p - plain));
		if (end - p > 1)
			p = put_escape(buf, p + 1, end);
		else
			p = end;
	}
}

int
json_is(struct json value, const char *text, size_t len)
{
	struct ch_buf bare = CH_BUF_INIT;
	int same;

	if (json_kind(value) != '"' || value.len < 2)
		return 0;
	if (!memchr(value.text, '\\', value.len))
		return value.len == len + 2 &&
		    !memcmp(value.text + 1, text, len);
	json_bare(&bare, value);
	same = bare.len == len && (!len || !memcmp(bare.data, text, len));
	ch_buf_release(&bare);
	return same;
}

void
json_quote(struct ch_buf *buf, const char *text, size_t len)
{
	static const char names[] = "\"\\bfnrt", means[] = "\"\\\b\f\n\r\t";
	size_t plain = 0;

	put_char(buf, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *special;

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		put_bytes(buf, text + plain, i - plain);
		plain = i + 1;
		special = c ? strchr(means, c) : NULL;
		if (special)
			put_format(buf, "\\%c", names[special - means]);
		else
			put_format(buf, "\\u%04x", c);
	}
	put_bytes(buf, text + plain, len - plain);
	put_char(buf, '"');
}

void
json_quote_any(struct ch_buf *buf, const char *bytes, size_t len)
{
	struct ch_buf sound = CH_BUF_INIT;
	size_t valid;

	while ((valid = json_utf8(bytes, len)) < len) {
		put_bytes(&sound, bytes, valid);
		put_char(&sound, '?');
		bytes += valid + 1;
		len -= valid + 1;
	}
	put_bytes(&sound, bytes, len);
	json_quote(buf, sound.len ? sound.data : "", sound.len);
	ch_buf_release(&sound);
}

/* The length of the valid sequence at p, 0 if it is none. */
static size_t
sequence(const unsigned char *p, size_t left)
{
	uint32_t code;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
		return 0;
	code = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000) ||
	    code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

size_t
json_utf8(const char *text, size_t len)
{
	const uint64_t high = 0x8080808080808080u;
	size_t i = 0, n;
	uint64_t eight;

	while (i < len) {
		if (len - i >= 8) {
			memcpy(&eight, text + i, 8);
			if (!(eight & high)) {
				i += 8;
				continue;
			}
		}
		n = sequence((const unsigned char *)text + i, len - i);
		if (!n)
			return i;
		i += n;
	}
	return len;
}

/* --- boxes -------------------------------------------------------------- */

static const char digits64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char mark[] = "\xef\xbf\xbf"; /* U+FFFF */

void
json_box(struct ch_buf *buf, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	char four[4];

	put_char(buf, '"');
	put_string(buf, mark);
	for (; len; len -= len < 3 ? len : 3, p += 3) {
		uint32_t three = (uint32_t)p[0] << 16 |
		    (uint32_t)(len > 1 ? p[1] : 0) << 8 |
		    (len > 2 ? p[2] : 0);

		for (int i = 3; i >= 0; i--, three >>= 6)
			four[i] = digits64[three & 63];
		if (len < 3)
			four[3] = '=';
		if (len < 2)
			four[2] = '=';
		put_bytes(buf, four, 4);
	}
	put_char(buf, '"');
}

/* Append the bytes of base64 text; -1 if it is not. */
static int
unbase64(struct ch_buf *buf, const char *text, size_t len)
{
	uint32_t bits = 0;
	size_t have = 0;
	const char *digit;

	if (len % 4)
		return -1;
	for (size_t pad = 0; pad < 2 && len && text[len - 1] == '='; pad++)
		len--;
	for (size_t i = 0; i < len; i++) {
		digit = text[i] ? strchr(digits64, text[i]) : NULL;
		if (!digit)
			return -1;
		bits = (bits << 6 | (uint32_t)(digit - digits64)) & 0xffffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			put_char(buf, (char)(bits >> have & 0xff));
		}
	}
	return have < 6 ? 0 : -1;
}

void
json_bytes(struct ch_buf *buf, const char *bytes, size_t len)
{
	size_t n = sizeof(mark) - 1;

	if (json_utf8(bytes, len) == len &&
	    (len < n || memcmp(bytes, mark, n) != 0))
		json_quote(buf, bytes, len);
	else
		json_box(buf, bytes, len);
}

int
json_unbox(struct ch_buf *buf, struct json value)
{
	struct ch_buf bare = CH_BUF_INIT;
	size_t n = sizeof(mark) - 1, before = buf->len;
	int rc = 0;

	if (json_kind(value) != '"')
		return -1;
	json_bare(&bare, value);
	if (bare.len < n || memcmp(bare.data, mark, n))
		put_bytes(buf, bare.data, bare.len);
	else
		rc = unbase64(buf, bare.data + n, bare.len - n);
	ch_buf_release(&bare);
	if (rc < 0 && buf->data) {
		buf->len = before;
		buf->data[before] = '\0';
	}
	return rc;
}
