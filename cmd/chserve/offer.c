/* What a client offers in its handshake: subprotocols, and deflating. */
#include "chserve/offer.h"

#include "chserve/token.h"

#include "common/put.h"
#include "common/say.h"

#include <stdlib.h>
#include <string.h>

#define PROTOCOLS  "sec-websocket-protocol"
#define EXTENSIONS "sec-websocket-extensions"
#define DEFLATE    "permessage-deflate"
#define WINDOW_MIN 8

/* --- lists (RFC 6455, section 9.1) ---------------------------------------- */

struct scan {
	const char *at; /* not yet read */
	char *words;    /* where the next one is put */
};

static void
skip_space(struct scan *scan)
{
	scan->at += strspn(scan->at, " \t");
}

static int
next_is(struct scan *scan, char c)
{
	if (*scan->at != c)
		return 0;
	scan->at++;
	skip_space(scan);
	return 1;
}

/* Ends what was put behind `word`; NULL if that is nothing. */
static char *
end_word(struct scan *scan, char *word)
{
	skip_space(scan);
	if (scan->words == word)
		return NULL;
	*scan->words++ = '\0';
	return word;
}

static char *
take_token(struct scan *scan)
{
	char *word = scan->words;

	while (token_has(*scan->at))
		*scan->words++ = *scan->at++;
	return end_word(scan, word);
}

/* A token, perhaps in quotes. */
static char *
take_value(struct scan *scan)
{
	char *word = scan->words;

	if (*scan->at != '"')
		return take_token(scan);
	for (scan->at++; *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\')
			scan->at++;
		if (!token_has(*scan->at))
			return NULL;
		*scan->words++ = *scan->at;
	}
	scan->at++;
	return end_word(scan, word);
}

/* Behind an element: another one, or the end. */
static int
element_ends(const struct scan *scan)
{
	return !*scan->at || *scan->at == ',';
}

/* Start with each field of that name; NULL after the last. */
static const struct field *
next_field(const struct head *head, const struct field *field,
    const char *name)
{
	field = field ? field + 1 : head->fields;
	for (; field < head->fields + head->n_fields; field++)
		if (strcmp(field->name, name) == 0)
			return field;
	return NULL;
}

/* --- subprotocols --------------------------------------------------------- */

int
offer_is_name(const char *name)
{
	const char *c;

	for (c = name; token_has(*c); c++)
		;
	return c > name && !*c;
}

const char *
offer_find(const struct offer *offer, const char *name)
{
	size_t i;

	for (i = 0; i < offer->n_protocols; i++)
		if (strcmp(offer->protocols[i], name) == 0)
			return offer->protocols[i];
	return NULL;
}

const char *
offer_first(const struct offer *offer, const char *const *names, size_t n)
{
	size_t i, j;

	for (i = 0; i < offer->n_protocols; i++)
		for (j = 0; j < n; j++)
			if (strcmp(offer->protocols[i], names[j]) == 0)
				return offer->protocols[i];
	return "";
}

static void
add_protocol(struct offer *offer, const char *name)
{
	const char **more;

	if (offer_find(offer, name))
		return;
	more = realloc(offer->protocols,
	    (offer->n_protocols + 1) * sizeof(*offer->protocols));
	if (!more)
		say_memory();
	offer->protocols = more;
	more[offer->n_protocols++] = name;
}

static int
read_protocols(struct offer *offer, struct scan *scan)
{
	const char *name;

	for (;;) {
		while (next_is(scan, ','))
			;
		if (!*scan->at)
			return 0;
		name = take_token(scan);
		if (!name || !element_ends(scan))
			return -1;
		add_protocol(offer, name);
	}
}

/* --- permessage-deflate (RFC 7692, section 7.1) --------------------------- */

enum parameter {
	SERVER_ALONE = 1, /* no context takeover */
	CLIENT_ALONE = 2,
	SERVER_WINDOW = 4,
	CLIENT_WINDOW = 8
};

static const struct {
	const char *name;
	enum parameter is;
} parameters[] = {
	{ "server_no_context_takeover", SERVER_ALONE },
	{ "client_no_context_takeover", CLIENT_ALONE },
	{ "server_max_window_bits", SERVER_WINDOW },
	{ "client_max_window_bits", CLIENT_WINDOW },
};

/* 8 to 15 without leading zeros; else 0. */
static unsigned
window_of(const char *value)
{
	unsigned n = (unsigned)(value[0] - '0');

	if (n == 1 && value[1] >= '0' && value[1] <= '5')
		n = 10 + (unsigned)(*++value - '0');
	return !value[1] && n >= WINDOW_MIN && n <= OFFER_WINDOW ? n : 0;
}

/* An offer being read: what it has, or that we cannot do it. */
struct deflate {
	unsigned has;
	unsigned window;
	int declined;
};

static void
read_parameter(struct deflate *deflate, const char *name, const char *value)
{
	unsigned is = 0, window = 0;
	size_t i;

	for (i = 0; i < sizeof(parameters) / sizeof(*parameters); i++)
		if (strcmp(parameters[i].name, name) == 0)
			is = parameters[i].is;
	if (value && is & (SERVER_WINDOW | CLIENT_WINDOW))
		window = window_of(value);
	if (!is || deflate->has & is || (value && !window) ||
	    (is == SERVER_WINDOW && !value))
		deflate->declined = 1;
	deflate->has |= is;
	if (is == SERVER_WINDOW)
		deflate->window = window;
}

/* The parameters of one extension; NULL: it is another. -1: no list. */
static int
read_parameters(struct deflate *deflate, struct scan *scan)
{
	const char *name, *value;

	while (next_is(scan, ';')) {
		name = take_token(scan);
		value = NULL;
		if (name && next_is(scan, '=')) {
			value = take_value(scan);
			if (!value)
				return -1;
		}
		if (!name)
			return -1;
		read_parameter(deflate, name, value);
	}
	return element_ends(scan) ? 0 : -1;
}

/* The first offer of it that we can do is the one we take. */
static int
read_extensions(struct offer *offer, struct scan *scan)
{
	struct deflate deflate;
	const char *name;

	for (;;) {
		while (next_is(scan, ','))
			;
		if (!*scan->at)
			return 0;
		memset(&deflate, 0, sizeof(deflate));
		deflate.window = OFFER_WINDOW;
		name = take_token(scan);
		if (!name || read_parameters(&deflate, scan))
			return -1;
		if (offer->window || deflate.declined ||
		    strcmp(name, DEFLATE) != 0)
			continue;
		offer->window = deflate.window;
		offer->says_window = (deflate.has & SERVER_WINDOW) != 0;
	}
}

void
offer_put_extension(struct ch_buf *out, const struct ws_offer *agreed)
{
	put_string(out, DEFLATE "; server_no_context_takeover"
				"; client_no_context_takeover");
	if (agreed->says_window)
		put_format(out, "; server_max_window_bits=%u", agreed->window);
}

/* --- all of it ------------------------------------------------------------ */

/* Room for all words: none is longer than what it was read from. */
static char *
room_for(const struct head *head, const char *key)
{
	const struct field *field = NULL;
	size_t n = strlen(key) + 1;
	char *room;

	while ((field = next_field(head, field, PROTOCOLS)))
		n += strlen(field->value) + 1;
	for (field = NULL; (field = next_field(head, field, EXTENSIONS));)
		n += strlen(field->value) + 1;
	room = malloc(n);
	if (!room)
		say_memory();
	return room;
}

static int
read_fields(struct offer *offer, const struct head *head, struct scan *scan,
    const char *name, int (*read)(struct offer *offer, struct scan *scan))
{
	const struct field *field = NULL;

	while ((field = next_field(head, field, name))) {
		scan->at = field->value;
		if (read(offer, scan))
			return 400;
	}
	return 0;
}

int
offer_read(struct offer *offer, const struct head *head)
{
	const char *key = head_get(head, "sec-websocket-key");
	struct scan scan;
	int status;

	memset(offer, 0, sizeof(*offer));
	key = key ? key : "";
	offer->text = room_for(head, key);
	offer->key = strcpy(offer->text, key);
	scan.words = offer->text + strlen(key) + 1;
	status = read_fields(offer, head, &scan, PROTOCOLS, read_protocols);
	if (!status)
		status = read_fields(
		    offer, head, &scan, EXTENSIONS, read_extensions);
	return status;
}

void
offer_release(struct offer *offer)
{
	free(offer->text);
	free(offer->protocols);
	memset(offer, 0, sizeof(*offer));
}
