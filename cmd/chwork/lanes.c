/* lanes.c - messages of one connection, one at a time in their order. */
#include "chwork/lanes.h"

#include "base/hash.h"
#include "common/say.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct lane {
	struct lane *next; /* of the same slot */
	struct turn *first, *last;
	uint64_t hash;
	size_t len;
	char key[];
};

static void *
need(void *memory)
{
	if (!memory)
		say_memory();
	return memory;
}

static struct lane **
slot(const struct lanes *lanes, uint64_t hash)
{
	return &lanes->table[hash & (lanes->size - 1)];
}

static struct lane *
find(const struct lanes *lanes, const char *key, size_t len, uint64_t hash)
{
	struct lane *lane;

	if (!lanes->n)
		return NULL;
	for (lane = *slot(lanes, hash); lane; lane = lane->next)
		if (lane->hash == hash && lane->len == len &&
		    !memcmp(lane->key, key, len))
			return lane;
	return NULL;
}

static void
grow(struct lanes *lanes)
{
	struct lanes wide = { .size = lanes->size ? 2 * lanes->size : 64 };
	struct lane *lane, *next, **to;

	wide.table = need(calloc(wide.size, sizeof(*wide.table)));
	wide.n = lanes->n;
	for (size_t i = 0; i < lanes->size; i++) {
		for (lane = lanes->table[i]; lane; lane = next) {
			next = lane->next;
			to = slot(&wide, lane->hash);
			lane->next = *to;
			*to = lane;
		}
	}
	free(lanes->table);
	*lanes = wide;
}

int
lanes_busy(const struct lanes *lanes, const char *key, size_t len)
{
	return lanes->n && find(lanes, key, len, ch_hash(key, len, 0));
}

int
lanes_enter(struct lanes *lanes, const char *key, size_t len,
    struct turn *turn)
{
	uint64_t hash = ch_hash(key, len, 0);
	struct lane *lane = find(lanes, key, len, hash), **at;

	turn->next = NULL;
	if (lane) {
		turn->lane = lane;
		lane->last->next = turn;
		lane->last = turn;
		return 0;
	}
	if (lanes->n == lanes->size)
		grow(lanes);
	lane = need(malloc(sizeof(*lane) + len));
	at = slot(lanes, hash);
	*lane = (struct lane) { .next = *at, .first = turn, .last = turn,
		.hash = hash, .len = len };
	memcpy(lane->key, key, len);
	*at = lane;
	lanes->n++;
	turn->lane = lane;
	return 1;
}

struct turn *
lanes_leave(struct lanes *lanes, struct turn *turn)
{
	struct lane *lane = turn->lane, **at;

	lane->first = turn->next;
	turn->lane = NULL;
	if (lane->first)
		return lane->first;
	for (at = slot(lanes, lane->hash); *at != lane; at = &(*at)->next)
		;
	*at = lane->next;
	free(lane);
	lanes->n--;
	return NULL;
}

void
lanes_release(struct lanes *lanes)
{
	struct lane *lane;

	for (size_t i = 0; i < lanes->size; i++) {
		while ((lane = lanes->table[i])) {
			lanes->table[i] = lane->next;
			free(lane);
		}
	}
	free(lanes->table);
	*lanes = (struct lanes) { 0 };
}
