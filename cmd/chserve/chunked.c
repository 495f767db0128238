/* A body in chunks, decoded. */
#include "chserve/chunked.h"

#include "chserve/token.h"

#define DIGITS_MAX 15
#define EXTRA_MAX 8192

enum state {
	SIZE,       /* digits of a size */
	EXTENSION,  /* behind them, up to the CR */
	SIZE_LF,    /* the LF of that line */
	DATA,
	DATA_CR,    /* what follows the data */
	DATA_LF,
	LINE,       /* the start of a trailer, or of the blank line */
	TRAILER,    /* the rest of one */
	TRAILER_LF,
	LAST_LF     /* the LF of the blank line */
};

static int
is_text(char c)
{
	return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7f);
}

/* The first digit, another one, or what ends them. */
static int
take_size(struct chunked *chunked, char c)
{
	int digit = token_hex(c);

	if (digit >= 0 && chunked->digits < DIGITS_MAX) {
		chunked->left = chunked->left << 4 | (unsigned)digit;
		chunked->digits++;
		return SIZE;
	}
	if (!chunked->digits || digit >= 0)
		return CHUNKED_WRONG;
	return c == '\r' ? SIZE_LF : c == ';' ? EXTENSION : CHUNKED_WRONG;
}

/* Some of a line that is read past. */
static int
take_text(struct chunked *chunked, char c, int again, int at_cr)
{
	if (c == '\r')
		return at_cr;
	return is_text(c) && ++chunked->extra <= EXTRA_MAX ? again
							   : CHUNKED_WRONG;
}

/* The state that a byte outside the data leads to, or CHUNKED_WRONG. */
static int
step(struct chunked *chunked, char c)
{
	switch ((enum state)chunked->state) {
	case SIZE:
		return take_size(chunked, c);
	case EXTENSION:
		return take_text(chunked, c, EXTENSION, SIZE_LF);
	case SIZE_LF:
		chunked->digits = 0;
		return c != '\n' ? CHUNKED_WRONG : chunked->left ? DATA : LINE;
	case DATA_CR:
		return c == '\r' ? DATA_LF : CHUNKED_WRONG;
	case DATA_LF:
		return c == '\n' ? SIZE : CHUNKED_WRONG;
	case LINE:
		return c == ' ' || c == '\t' || c == ':' ? CHUNKED_WRONG
		    : take_text(chunked, c, TRAILER, LAST_LF);
	case TRAILER:
		return take_text(chunked, c, TRAILER, TRAILER_LF);
	case TRAILER_LF:
		return c == '\n' ? LINE : CHUNKED_WRONG;
	default:
		return CHUNKED_WRONG;
	}
}

enum chunked_result
chunked_next(struct chunked *chunked, const char *bytes, size_t n,
    size_t *used, size_t *at, size_t *len)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (chunked->state == DATA) {
			*at = i;
			*len = chunked->left < n - i ? (size_t)chunked->left
						     : n - i;
			*used = i + *len;
			chunked->left -= *len;
			if (!chunked->left)
				chunked->state = DATA_CR;
			return CHUNKED_DATA;
		}
		if (chunked->state == LAST_LF) {
			*used = i + 1;
			return bytes[i] == '\n' ? CHUNKED_END : CHUNKED_WRONG;
		}
		chunked->state = step(chunked, bytes[i]);
		if (chunked->state < 0) {
			*used = i;
			return CHUNKED_WRONG;
		}
	}
	*used = n;
	return CHUNKED_MORE;
}
