/* Bodies of application/x-www-form-urlencoded, piece by piece. */
#include "chserve/urlencoded.h"

#include "chserve/token.h"

#include "common/put.h"

#include <stdint.h>
#include <string.h>

void
urlencoded_init(struct urlencoded *urlencoded, struct fields *fields)
{
	urlencoded->fields = fields;
	urlencoded->pair = (struct ch_buf)CH_BUF_INIT;
}

void
urlencoded_release(struct urlencoded *urlencoded)
{
	ch_buf_release(&urlencoded->pair);
}

/* Decode the n bytes at text, in place; their number then. */
static size_t
decode(char *text, size_t n)
{
	size_t in, out = 0;

	for (in = 0; in < n; in++) {
		if (text[in] == '%' && n - in > 2 &&
		    token_hex(text[in + 1]) >= 0 &&
		    token_hex(text[in + 2]) >= 0) {
			text[out++] = (char)(token_hex(text[in + 1]) << 4 |
			    token_hex(text[in + 2]));
			in += 2;
		} else {
			text[out++] = text[in];
			if (text[in] == '+')
				text[out - 1] = ' ';
		}
	}
	return out;
}

/*
 * Whether what stands before the `=`, if there is one, may be a name: others
 * would encode these characters, but what is no form begins with them.
 */
static int
is_named(const struct ch_buf *pair)
{
	const char *end = memchr(pair->data, '=', pair->len), *c;

	if (!end)
		end = pair->data + pair->len;
	for (c = pair->data; c < end; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f ||
		    strchr("\"<{", *c))
			return 0;
	return end - pair->data <= 3 * FORM_NAME_MAX;
}

/* The pair is whole. */
static int
take_pair(struct urlencoded *urlencoded)
{
	struct ch_buf *pair = &urlencoded->pair;
	struct part part = { pair->data, NULL, NULL };
	size_t n_name, n_value = 0;
	char *value;
	int status;

	if (!pair->len)
		return 0;
	if (!is_named(pair))
		return 400;
	value = memchr(pair->data, '=', pair->len);
	n_name = value ? (size_t)(value - pair->data) : pair->len;
	if (value)
		n_value = decode(++value, pair->len - n_name - 1);
	n_name = decode(pair->data, n_name);
	if (memchr(pair->data, '\0', n_name) || n_name > FORM_NAME_MAX)
		return 400;
	pair->data[n_name] = '\0';
	status = fields_begin(urlencoded->fields, &part);
	if (!status)
		status = fields_add(urlencoded->fields, value, n_value);
	if (!status)
		status = fields_end(urlencoded->fields);
	ch_buf_clear(pair);
	return status;
}

/* More than this cannot be within the limits when decoded. */
static size_t
longest(const struct urlencoded *urlencoded)
{
	size_t max = urlencoded->fields->limits->field_size;

	return max > SIZE_MAX / 3 - FORM_NAME_MAX - 1 ? SIZE_MAX :
	    3 * (max + FORM_NAME_MAX) + 1;
}

int
urlencoded_feed(struct urlencoded *urlencoded, const char *bytes, size_t n)
{
	const char *end = bytes + n, *stop;
	int status = 0;
	size_t max;

	while (!status && bytes < end) {
		stop = memchr(bytes, '&', (size_t)(end - bytes));
		n = (size_t)((stop ? stop : end) - bytes);
		max = longest(urlencoded) - urlencoded->pair.len;
		put_bytes(&urlencoded->pair, bytes, n < max ? n : max);
		if (n > max)
			return is_named(&urlencoded->pair) ? 413 : 400;
		bytes += n;
		if (stop) {
			status = take_pair(urlencoded);
			bytes++;
		}
	}
	return status;
}

int
urlencoded_end(struct urlencoded *urlencoded)
{
	return take_pair(urlencoded);
}
