/* What hostile clients do. */
#include "hostile/peers.h"

#include <stdio.h>
#include <string.h>

#define HEAD "Host: localhost\r\n"
#define LARGE 61440 /* bytes of a body that does not end */

static void
say(struct peer *peer, const char *text)
{
	peers_send(peer, text, strlen(text));
}

/* Once a second. */
static int
is_time(struct peer *peer)
{
	return peer->step++ % 10 == 0;
}

static void
send_byte(struct peer *peer)
{
	if (is_time(peer))
		peers_send(peer, "x", 1);
}

/* n bytes at once, as far as the system takes them. */
static void
send_much(struct peer *peer, size_t n)
{
	static char bytes[65536];

	if (!*bytes)
		memset(bytes, 'x', sizeof(bytes));
	if (peer->at < n)
		peer->at += peers_send(peer, bytes, n - peer->at <
		    sizeof(bytes) ? n - peer->at : sizeof(bytes));
}

/* --- requests ------------------------------------------------------------- */

static void
begin_head(struct peer *peer)
{
	say(peer, "GET / HTTP/1.1\r\n" HEAD "X: ");
}

/* As much of a head as may be, which has no end. */
static void
grow_head(struct peer *peer)
{
	send_much(peer, 15000);
	send_byte(peer);
}

static void
begin_body(struct peer *peer)
{
	char text[200];

	snprintf(text, sizeof(text), "POST /body HTTP/1.1\r\n" HEAD
	    "Content-Length: %d\r\n\r\n", LARGE + 1000);
	say(peer, text);
}

static void
grow_body(struct peer *peer)
{
	send_much(peer, LARGE);
	send_byte(peer);
}

static void
begin_chunks(struct peer *peer)
{
	say(peer, "POST /chunks HTTP/1.1\r\n" HEAD
	    "Transfer-Encoding: chunked\r\n\r\n");
}

/* The same text many times, as much of it as the system takes. */
static void
repeat(struct peer *peer, const char *text, size_t n)
{
	char many[1500];
	size_t len;

	for (len = 0; len + n <= sizeof(many); len += n)
		memcpy(many + len, text, n);
	peers_send(peer, many, len);
}

static void
send_chunks(struct peer *peer)
{
	repeat(peer, "1\r\nx\r\n", 6);
}

static void
ask_for_much(struct peer *peer)
{
	say(peer, "GET /large HTTP/1.1\r\n" HEAD "\r\n");
}

/* The same with as large a head as may be. */
static void
ask_long_for_much(struct peer *peer)
{
	say(peer, "GET /large HTTP/1.1\r\n" HEAD "X: ");
	peer->at = 0;
	send_much(peer, 15000);
	say(peer, "\r\n\r\n");
}

static void
ask_a_lot(struct peer *peer)
{
	int i;

	for (i = 0; i < 20; i++)
		say(peer, "GET /small HTTP/1.1\r\n" HEAD "\r\n"
		    "GET /small HTTP/1.1\r\n" HEAD "\r\n"
		    "GET /small HTTP/1.1\r\n" HEAD "\r\n");
}

static void
end_at_once(struct peer *peer)
{
	say(peer, "GET /small HTTP/1.1\r\n" HEAD "Connection: close\r\n\r\n");
}

/* --- WebSockets ----------------------------------------------------------- */

static void
upgrade(struct peer *peer)
{
	say(peer, "GET /ws HTTP/1.1\r\n" HEAD "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Extensions: permessage-deflate\r\n"
	    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
}

/*
 * A frame of n bytes, masked with zeros, in pieces as the system takes them;
 * the same over and over, if `again`.
 */
static void
send_frame(struct peer *peer, unsigned first, size_t n, int again)
{
	static char text[1048576 + 10];
	char *at = text;
	size_t i, len;

	*at++ = (char)first;
	if (n > 65535) {
		*at++ = (char)(0x80 | 127);
		for (i = 0; i < 8; i++)
			*at++ = (char)(n >> 8 * (7 - i));
	} else {
		*at++ = (char)(0x80 | 126);
		*at++ = (char)(n >> 8);
		*at++ = (char)n;
	}
	memset(at, 0, 4);
	at += 4;
	len = (size_t)(at - text) + n;
	memset(at, 'x', n < 1000 ? n : 1000);
	if (n > 1000)
		memset(at + 1000, 'x', n - 1000 < 64000 ? n - 1000 : 64000);
	if (peer->at < len)
		peer->at += peers_send(peer, text + peer->at, len - peer->at);
	if (again && peer->at == len)
		peer->at = 0;
}

/* What comes back is not read. */
static void
say_much(struct peer *peer)
{
	int i;

	for (i = 0; peer->spoke && i < 5; i++)
		send_frame(peer, 0x81, 700, 1);
}

static void
gather(struct peer *peer)
{
	if (peer->spoke)
		send_frame(peer, 0x02, 1000000, 0);
}

static void
ping(struct peer *peer)
{
	if (peer->spoke)
		repeat(peer, "\x89\x84\0\0\0\0ping", 10);
}

static void
say_little(struct peer *peer)
{
	static const char frame[] = "\x81\x84\0\0\0\0text";

	if (peer->spoke)
		peers_send(peer, frame, sizeof(frame) - 1);
}

/* One byte of a message in each frame, for ever. */
static void
send_fragments(struct peer *peer)
{
	if (!peer->spoke)
		return;
	if (!peer->step++)
		peers_send(peer, "\x02\x81\0\0\0\0x", 7);
	else
		repeat(peer, "\x00\x81\0\0\0\0x", 7);
}

/* Huffman codes go into deflated bytes with their first bit lowest. */
static void
put_code(char *bytes, size_t *at, unsigned code, unsigned n)
{
	while (n--) {
		if (code >> n & 1)
			bytes[*at / 8] |= (char)(1 << *at % 8);
		++*at;
	}
}

/*
 * A message of zeros, deflated: a block of fixed codes, one zero, and then 258
 * more for each 13 bits.
 */
static void
send_bomb(struct peer *peer)
{
	static char text[8 + 60000] = "\xc2\xfe\xea\x60";
	static size_t bits;

	if (!bits) {
		put_code(text + 8, &bits, 2, 3);
		put_code(text + 8, &bits, 0x30, 8);
		while (bits < 8 * (sizeof(text) - 8) - 13)
			put_code(text + 8, &bits, 0xc5 << 5, 13);
	}
	if (peer->spoke && peer->at < sizeof(text))
		peer->at += peers_send(peer, text + peer->at,
		    sizeof(text) - peer->at);
}

/* --- HTTP/2 --------------------------------------------------------------- */

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"

static void
begin_h2(struct peer *peer)
{
	peers_send(peer, PREFACE, sizeof(PREFACE) - 1);
}

static void
put_frame(char *frame, size_t n, int type, int flags, unsigned stream)
{
	const char head[] = { (char)(n >> 16), (char)(n >> 8), (char)n,
		(char)type, (char)flags, (char)(stream >> 24),
		(char)(stream >> 16), (char)(stream >> 8), (char)stream };

	memcpy(frame, head, sizeof(head));
}

/* Requests that are taken back at once. */
static void
reset_streams(struct peer *peer)
{
	static const char fields[] = "\x82\x86\x84\x41\x09localhost";
	char text[9 + sizeof(fields) - 1 + 9 + 4];
	int i;

	for (i = 0; i < 20; i++) {
		put_frame(text, sizeof(fields) - 1, 1, 5, 2 * peer->step + 1);
		memcpy(text + 9, fields, sizeof(fields) - 1);
		put_frame(text + 9 + sizeof(fields) - 1, 4, 3, 0,
		    2 * peer->step + 1);
		memcpy(text + sizeof(text) - 4, "\0\0\0\x08", 4);
		peers_send(peer, text, sizeof(text));
		peer->step++;
	}
}

static void
many_frames(struct peer *peer, size_t n, int type, unsigned stream)
{
	char text[4096];
	size_t i;

	memset(text, 0, sizeof(text));
	for (i = 0; i + 9 + n <= sizeof(text); i += 9 + n)
		put_frame(text + i, n, type, 0, stream);
	peers_send(peer, text, i);
}

static void
ping_h2(struct peer *peer)
{
	many_frames(peer, 8, 6, 0);
}

static void
settle_h2(struct peer *peer)
{
	many_frames(peer, 0, 4, 0);
}

/* A head that goes on and on. */
static void
continue_h2(struct peer *peer)
{
	char text[9 + 1];

	if (peer->step++) {
		many_frames(peer, 0, 9, 1);
		return;
	}
	put_frame(text, 1, 1, 0, 1);
	text[9] = '\x82';
	peers_send(peer, text, sizeof(text));
}

/* --- all of them ---------------------------------------------------------- */

static const struct mode modes[] = {
	{ "idle", 0, 0, 0, NULL, NULL },
	{ "one-address", 0, 1, 0, NULL, NULL },
	{ "connects", 0, 0, 1, end_at_once, NULL },
	{ "slow-heads", 0, 0, 0, begin_head, send_byte },
	{ "huge-heads", 0, 0, 0, begin_head, grow_head },
	{ "slow-bodies", 0, 0, 0, begin_body, grow_body },
	{ "chunks", 0, 0, 0, begin_chunks, send_chunks },
	{ "slow-readers", 2048, 0, 0, ask_for_much, NULL },
	{ "huge-readers", 2048, 0, 0, ask_long_for_much, NULL },
	{ "pipelines", 2048, 0, 0, ask_a_lot, ask_a_lot },
	{ "websockets", 0, 0, 0, upgrade, NULL },
	{ "ws-slow-readers", 2048, 0, 0, upgrade, say_much },
	{ "ws-messages", 0, 0, 1, upgrade, say_little },
	{ "ws-gathering", 0, 0, 0, upgrade, gather },
	{ "ws-fragments", 0, 0, 0, upgrade, send_fragments },
	{ "ws-pings", 2048, 0, 0, upgrade, ping },
	{ "ws-bombs", 0, 0, 0, upgrade, send_bomb },
	{ "h2-resets", 0, 0, 1, begin_h2, reset_streams },
	{ "h2-pings", 2048, 0, 0, begin_h2, ping_h2 },
	{ "h2-settings", 2048, 0, 0, begin_h2, settle_h2 },
	{ "h2-continuations", 0, 0, 0, begin_h2, continue_h2 },
};

const struct mode *
modes_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

void
modes_list(void)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		puts(modes[i].name);
}
