/*
 * json.h - a validating scanner of one JSON object, fed in any pieces.
 *
 * It checks what channel.h promises of a message (RFC 8259, UTF-8, paired
 * surrogates, integers within 64 bits, finite numbers, nesting) and builds
 * nothing: every byte is looked at once.
 *
 * Calling sequence: ch_json_init; then ch_json_scan with the object's bytes
 * from its `{` on, each time with those of before and more behind them (the
 * memory may have moved), until it answers something else than CH_JSON_MORE.
 */
#ifndef CH_MODEL_JSON_H
#define CH_MODEL_JSON_H

#include <stddef.h>
#include <stdint.h>

#define CH_JSON_DEPTH 512

enum ch_json_answer {
	CH_JSON_MORE, /* so far so good */
	CH_JSON_DONE, /* the object ends before text[at] */
	CH_JSON_CUT,  /* the line at text[at] begins with {: another message */
	CH_JSON_BAD   /* `what` is wrong at text[at] */
};

struct ch_json {
	size_t at;        /* bytes scanned; with CH_JSON_BAD: the culprit */
	size_t end;       /* behind the last byte that is not white space */
	const char *what; /* CH_JSON_BAD: why, a string constant */
	int lines;        /* a line feed stood between its tokens */

	/* The rest is the scanner's own. */
	int cuts;         /* a line that begins with { ends the object */
	unsigned token;   /* in which sort of token `at` is */
	unsigned want;    /* what may come next, outside tokens */
	unsigned depth;
	unsigned number;  /* which part of a number was read last */
	unsigned more;    /* bytes of a UTF-8 character, digits of a \u */
	unsigned code;    /* value of a \u so far */
	unsigned char low, high; /* bounds of the next byte of a character */
	int key;          /* the string is a key */
	int pair;         /* a high surrogate waits for its low one */
	size_t start;     /* of the number, character or escape */
	const char *rest; /* of true, false, null */
	uint64_t objects[CH_JSON_DEPTH / 64]; /* a bit a level: { or [ */
};

/* `cuts`: whether a line that begins with { ends an open object. */
void ch_json_init(struct ch_json *json, int cuts);

enum ch_json_answer ch_json_scan(struct ch_json *json, const char *text,
    size_t len);

/*
 * Drop the white space between tokens of what was scanned, text[0..at), but
 * for a line feed that stands last. The new length is json->at.
 */
void ch_json_squeeze(struct ch_json *json, char *text);

/* A place in a text, for people: both count from 1, columns in characters. */
struct ch_place {
	uint64_t line;
	uint64_t column;
};

/* Move place over the n bytes at text. */
void ch_place_move(struct ch_place *place, const char *text, size_t n);

#endif
