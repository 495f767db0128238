/*
 * json.c - a validating scanner of one JSON object, fed in any pieces.
 *
 * Outside of tokens, `want` is the set of what may come next, and one byte
 * tells which it is. Inside of tokens, a step reads as far as it can and
 * leaves in the struct what the next step must know, so that a piece may end
 * anywhere. Plain bytes of strings, most of any message, go by eight at once.
 */
#include "model/json.h"

#include <endian.h>
#include <string.h>

typedef const unsigned char *bytes;

enum want {
	VALUE = 1,
	KEY = 2,
	COLON = 4,
	COMMA = 8,
	CLOSE = 16
};

enum token { OUTSIDE, STRING, ESCAPE, HEX, CHARACTER, NUMBER, LITERAL };

enum number { MINUS, ZERO, DIGITS, POINT, FRACTION, E, E_SIGN, EXPONENT };

void
ch_json_init(struct ch_json *json, int cuts)
{
	memset(json, 0, offsetof(struct ch_json, objects));
	json->cuts = cuts;
	json->want = VALUE;
}

/* Every step returns this on an error: `what` is set, the culprit is at p. */
static bytes
bad(struct ch_json *json, bytes base, bytes p, const char *what)
{
	json->at = (size_t)(p - base);
	json->what = what;
	return NULL;
}

static int
in_object(const struct ch_json *json)
{
	unsigned level = json->depth - 1;

	return json->objects[level / 64] >> (level % 64) & 1;
}

static const char *
expected(const struct ch_json *json)
{
	if (json->depth == 0)
		return "not an object";
	switch (json->want) {
	case VALUE:
		return "expected a value";
	case VALUE | CLOSE:
		return "expected a value or ']'";
	case KEY:
		return "expected a key";
	case KEY | CLOSE:
		return "expected a key or '}'";
	case COLON:
		return "expected ':'";
	default:
		return in_object(json) ? "expected ',' or '}'" :
		    "expected ',' or ']'";
	}
}

/* --- numbers ------------------------------------------------------------ */

/* The digits of an integer, without sign and leading zero. */
static int
fits_64_bits(bytes digits, size_t n, int negative)
{
	const char *most = negative ? "9223372036854775808" :
	    "9223372036854775807";

	return n < 19 || (n == 19 && memcmp(digits, most, 19) <= 0);
}

/*
 * Whether a number is below 2^1024 - 2^970, from where on it would round to
 * infinity. In 0.DDDD times 10^scale, only a scale of 309 needs a closer look:
 * the digits of that bound are known.
 */
static int
is_finite(bytes p, bytes end)
{
	static const char bound[] =
	    "17976931348623158079372897140530341507993413271003782693617377898"
	    "04449682927647509466490179775872070963302864166928879109465555478"
	    "51940402630657488671505820681908902000708383676273854845817711531"
	    "76447573027006985557136695962284291481986083493647529271907416844"
	    "4365510704342711559699508093042880177904174497792";
	int64_t scale = 0, exponent = 0;
	size_t digits = 0;
	int below = 0, above = 0, point = 0, minus;

	for (p += *p == '-'; p < end && (*p | 32) != 'e'; p++) {
		if (*p == '.') {
			point = 1;
			continue;
		}
		if (!digits && *p == '0') {
			scale -= point;
			continue;
		}
		if (!below && !above && digits < sizeof(bound) - 1) {
			below = *p < (unsigned char)bound[digits];
			above = *p > (unsigned char)bound[digits];
		}
		digits++;
		scale += !point;
	}
	if (!digits)
		return 1;
	if (p < end) {
		p++;
		minus = *p == '-';
		for (p += *p == '-' || *p == '+'; p < end; p++)
			if (exponent < INT32_MAX)
				exponent = exponent * 10 + (*p - '0');
		scale += minus ? -exponent : exponent;
	}
	if (scale != 309)
		return scale < 309;
	return below || (!above && digits < sizeof(bound) - 1 &&
	    strspn(bound + digits, "0") < sizeof(bound) - 1 - digits);
}

/* What is wrong with a whole number's value; NULL: nothing. */
static const char *
check_value(enum number part, bytes start, bytes end)
{
	int negative = *start == '-';

	if (part == DIGITS) {
		start += negative;
		return fits_64_bits(start, (size_t)(end - start), negative) ?
		    NULL : "integer beyond 64 bits";
	}
	if (part == FRACTION && end - start < 300)
		return NULL;
	return is_finite(start, end) ? NULL : "number out of range";
}

/* The part of a number that c makes after `part`; -1: none, it ends here. */
static int
number_next(enum number part, unsigned char c)
{
	int digit = c >= '0' && c <= '9';

	switch (part) {
	case MINUS:
		return !digit ? -1 : c == '0' ? ZERO : DIGITS;
	case DIGITS:
		if (digit)
			return DIGITS;
		/* fallthrough */
	case ZERO:
		return c == '.' ? POINT : (c | 32) == 'e' ? E : -1;
	case POINT:
		return digit ? FRACTION : -1;
	case FRACTION:
		return digit ? FRACTION : (c | 32) == 'e' ? E : -1;
	case E:
		if (c == '-' || c == '+')
			return E_SIGN;
		/* fallthrough */
	default:
		return digit ? EXPONENT : -1;
	}
}

static bytes
number_step(struct ch_json *json, bytes base, bytes p, bytes end)
{
	enum number part = json->number;
	const char *what;
	int next;

	for (;; p++) {
		if (p == end) {
			json->number = part;
			return p;
		}
		next = number_next(part, *p);
		if (next < 0)
			break;
		part = (enum number)next;
	}
	if (part == ZERO && *p >= '0' && *p <= '9')
		return bad(json, base, p, "a number with a leading zero");
	if (part != ZERO && part != DIGITS && part != FRACTION &&
	    part != EXPONENT)
		return bad(json, base, p, "expected a digit");
	what = part == ZERO ? NULL : check_value(part, base + json->start, p);
	if (what)
		return bad(json, base, base + json->start, what);
	json->token = OUTSIDE;
	json->want = COMMA | CLOSE;
	return p;
}

static bytes
literal_step(struct ch_json *json, bytes base, bytes p, bytes end)
{
	while (p < end && *json->rest) {
		if (*p != (unsigned char)*json->rest)
			return bad(json, base, base + json->start,
			    "expected a value");
		json->rest++;
		p++;
	}
	if (!*json->rest) {
		json->token = OUTSIDE;
		json->want = COMMA | CLOSE;
	}
	return p;
}

/* --- strings ------------------------------------------------------------ */

/* Skip what needs no thought: ASCII without " \ and control characters. */
static inline bytes
skip_plain(bytes p, bytes end)
{
	const uint64_t ones = 0x0101010101010101u, tops = ones << 7;
	uint64_t x, quote, slash, hits;

	while (end - p >= 8) {
		memcpy(&x, p, 8);
		x = le64toh(x);
		quote = x ^ ones * '"';
		slash = x ^ ones * '\\';
		/* the lowest bit set is always right: borrows go upwards */
		hits = (x | (x - ones * ' ') | (quote - ones) |
		    (slash - ones)) & tops;
		if (hits)
			return p + (__builtin_ctzll(hits) >> 3);
		p += 8;
	}
	while (p < end && *p >= ' ' && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* Begin a character of several bytes: how many follow, and in what bounds. */
static int
character_begin(struct ch_json *json, unsigned char c)
{
	json->low = 0x80;
	json->high = 0xbf;
	if (c >= 0xc2 && c <= 0xdf) {
		json->more = 1;
	} else if (c >= 0xe0 && c <= 0xef) {
		json->more = 2;
		if (c == 0xe0)
			json->low = 0xa0; /* below: overlong */
		if (c == 0xed)
			json->high = 0x9f; /* above: surrogates */
	} else if (c >= 0xf0 && c <= 0xf4) {
		json->more = 3;
		if (c == 0xf0)
			json->low = 0x90; /* below: overlong */
		if (c == 0xf4)
			json->high = 0x8f; /* above: beyond U+10FFFF */
	} else {
		return -1;
	}
	json->token = CHARACTER;
	return 0;
}

static bytes
character_step(struct ch_json *json, bytes base, bytes p, bytes end)
{
	while (p < end && json->more) {
		if (*p < json->low || *p > json->high)
			return bad(json, base, base + json->start,
			    "invalid UTF-8");
		json->low = 0x80;
		json->high = 0xbf;
		json->more--;
		p++;
	}
	if (!json->more)
		json->token = STRING;
	return p;
}

static bytes
string_step(struct ch_json *json, bytes base, bytes p, bytes end)
{
	if (json->pair && *p != '\\')
		return bad(json, base, base + json->start, "lone surrogate");
	p = skip_plain(p, end);
	if (p == end)
		return p;
	if (*p == '"') {
		json->token = OUTSIDE;
		json->want = json->key ? COLON : COMMA | CLOSE;
		return p + 1;
	}
	if (*p == '\\') {
		if (!json->pair)
			json->start = (size_t)(p - base);
		json->token = ESCAPE;
		return p + 1;
	}
	if (*p == '\n')
		return bad(json, base, p, "the line ends inside a string");
	if (*p < ' ')
		return bad(json, base, p, "control character in a string");
	json->start = (size_t)(p - base);
	if (character_begin(json, *p) < 0)
		return bad(json, base, p, "invalid UTF-8");
	return character_step(json, base, p + 1, end);
}

static bytes
escape_step(struct ch_json *json, bytes base, bytes p)
{
	if (*p == 'u') {
		json->token = HEX;
		json->more = 4;
		json->code = 0;
		return p + 1;
	}
	if (json->pair)
		return bad(json, base, base + json->start, "lone surrogate");
	if (!*p || !strchr("\"\\/bfnrt", *p))
		return bad(json, base, p, "unknown escape");
	json->token = STRING;
	return p + 1;
}

static int
hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bytes
hex_step(struct ch_json *json, bytes base, bytes p, bytes end)
{
	int digit, low;

	for (; p < end && json->more; p++, json->more--) {
		digit = hex_digit(*p);
		if (digit < 0)
			return bad(json, base, p, "expected a hex digit");
		json->code = json->code << 4 | (unsigned)digit;
	}
	if (json->more)
		return p;
	low = json->code >= 0xdc00 && json->code <= 0xdfff;
	if (low != json->pair)
		return bad(json, base, base + json->start, "lone surrogate");
	json->pair = json->code >= 0xd800 && json->code <= 0xdbff;
	json->token = STRING;
	return p;
}

/* --- structure ---------------------------------------------------------- */

static const char *
open_level(struct ch_json *json, int object)
{
	uint64_t bit = (uint64_t)1 << (json->depth % 64);
	uint64_t *word = &json->objects[json->depth / 64];

	if (!(json->want & VALUE) || (!object && json->depth == 0))
		return expected(json);
	if (json->depth == CH_JSON_DEPTH)
		return "more than 512 levels deep";
	*word = object ? *word | bit : *word & ~bit;
	json->depth++;
	json->want = object ? KEY | CLOSE : VALUE | CLOSE;
	return NULL;
}

static const char *
close_level(struct ch_json *json, int object)
{
	if (!(json->want & CLOSE) || in_object(json) != object)
		return expected(json);
	json->depth--;
	json->want = COMMA | CLOSE;
	return NULL;
}

static const char *
begin_value(struct ch_json *json, enum token token, size_t start)
{
	if (!(json->want & VALUE) || json->depth == 0)
		return expected(json);
	json->token = token;
	json->start = start;
	return NULL;
}

static const char *
begin_literal(struct ch_json *json, const char *rest, size_t start)
{
	json->rest = rest;
	return begin_value(json, LITERAL, start);
}

static const char *
begin_number(struct ch_json *json, enum number part, size_t start)
{
	json->number = part;
	return begin_value(json, NUMBER, start);
}

static const char *
begin_string(struct ch_json *json)
{
	if (!(json->want & (VALUE | KEY)) || json->depth == 0)
		return expected(json);
	json->key = !!(json->want & KEY);
	json->token = STRING;
	return NULL;
}

static const char *
separator(struct ch_json *json, enum want sign)
{
	if (!(json->want & sign))
		return expected(json);
	json->want = sign == COMMA && in_object(json) ? KEY : VALUE;
	return NULL;
}

/* One byte outside of tokens; returns what is wrong with it, or NULL. */
static const char *
structure_step(struct ch_json *json, unsigned char c, size_t at)
{
	switch (c) {
	case '{':
		return open_level(json, 1);
	case '[':
		return open_level(json, 0);
	case '}':
		return close_level(json, 1);
	case ']':
		return close_level(json, 0);
	case '"':
		return begin_string(json);
	case ':':
		return separator(json, COLON);
	case ',':
		return separator(json, COMMA);
	case '-':
		return begin_number(json, MINUS, at);
	case '0':
		return begin_number(json, ZERO, at);
	case '1': case '2': case '3': case '4': case '5':
	case '6': case '7': case '8': case '9':
		return begin_number(json, DIGITS, at);
	case 't':
		return begin_literal(json, "rue", at);
	case 'f':
		return begin_literal(json, "alse", at);
	case 'n':
		return begin_literal(json, "ull", at);
	default:
		return expected(json);
	}
}

static inline int
is_white(unsigned char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bytes
token_step(struct ch_json *json, bytes base, bytes p, bytes end)
{
	switch (json->token) {
	case STRING:
		return string_step(json, base, p, end);
	case ESCAPE:
		return escape_step(json, base, p);
	case HEX:
		return hex_step(json, base, p, end);
	case CHARACTER:
		return character_step(json, base, p, end);
	case NUMBER:
		return number_step(json, base, p, end);
	default:
		return literal_step(json, base, p, end);
	}
}

static enum ch_json_answer
stop(struct ch_json *json, bytes base, bytes p, enum ch_json_answer answer)
{
	json->at = (size_t)(p - base);
	return answer;
}

enum ch_json_answer
ch_json_scan(struct ch_json *json, const char *text, size_t len)
{
	bytes base = (bytes)text, p = base + json->at, end = base + len;
	const char *what;

	while (p < end) {
		if (json->token != OUTSIDE) {
			p = token_step(json, base, p, end);
			if (!p)
				return CH_JSON_BAD;
			json->end = (size_t)(p - base);
			continue;
		}
		if (is_white(*p)) {
			json->lines |= *p++ == '\n';
			continue;
		}
		if (*p == '{' && json->cuts && p > base && p[-1] == '\n')
			return stop(json, base, p, CH_JSON_CUT);
		what = structure_step(json, *p, (size_t)(p - base));
		if (what) {
			bad(json, base, p, what);
			return CH_JSON_BAD;
		}
		p++;
		json->end = (size_t)(p - base);
		if (json->depth == 0)
			return stop(json, base, p, CH_JSON_DONE);
	}
	return stop(json, base, p, CH_JSON_MORE);
}

void
ch_json_squeeze(struct ch_json *json, char *text)
{
	size_t from, to = 0, len = json->end;
	int string = 0;

	for (from = 0; from < len; from++) {
		if (string || !is_white((unsigned char)text[from]))
			text[to++] = text[from];
		if (string && text[from] == '\\' && from + 1 < len)
			text[to++] = text[++from];
		else if (text[from] == '"')
			string = !string;
	}
	json->start -= len - to;
	json->end = to;
	if (len < json->at && text[json->at - 1] == '\n')
		text[to++] = '\n';
	json->at = to;
}

/* --- places ------------------------------------------------------------- */

void
ch_place_move(struct ch_place *place, const char *text, size_t n)
{
	const char *end = text + n, *feed;

	while ((feed = memchr(text, '\n', (size_t)(end - text)))) {
		place->line++;
		place->column = 1;
		text = feed + 1;
	}
	for (; text < end; text++)
		place->column += ((unsigned char)*text & 0xc0) != 0x80;
}
