/* Our reply channels: tables of slots, so that a name leads to its mailbox. */
#include "chserve/mailbox.h"

#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
	struct mailbox **slots;
	uint32_t *free_slots; /* a stack: n_slots - n of them */
	uint32_t n_slots, n;
};

char mailbox_prefix[MAILBOX_KINDS][CH_NAME_MAX + 1];

static struct table tables[MAILBOX_KINDS];
static uint64_t serial; /* makes every name a new one */

static void
grow(struct table *table)
{
	uint32_t n = table->n_slots ? table->n_slots * 2 : 64, i;
	struct mailbox **more = realloc(table->slots, n * sizeof(*more));
	uint32_t *free_more =
	    realloc(table->free_slots, n * sizeof(*free_more));

	if (!more || !free_more)
		say_memory();
	table->slots = more;
	table->free_slots = free_more;
	for (i = table->n_slots; i < n; i++) {
		more[i] = NULL;
		free_more[n - 1 - i] = i;
	}
	table->n_slots = n;
}

void
mailbox_open(struct mailbox *box, enum mailbox_kind kind)
{
	struct table *table = &tables[kind];

	if (table->n == table->n_slots)
		grow(table);
	box->kind = kind;
	box->slot = table->free_slots[table->n_slots - ++table->n];
	table->slots[box->slot] = box;
	if (asprintf(&box->channel, "%s%u-%llu", mailbox_prefix[kind],
		box->slot, (unsigned long long)++serial) < 0)
		say_memory();
	box->local = strchr(box->channel, '!') + 1;
}

void
mailbox_close(struct mailbox *box)
{
	struct table *table = &tables[box->kind];

	if (!box->channel)
		return;
	table->slots[box->slot] = NULL;
	table->free_slots[table->n_slots - table->n--] = box->slot;
	while (box->n_groups)
		free(box->groups[--box->n_groups]);
	free(box->groups);
	free(box->channel);
	box->groups = NULL;
	box->channel = NULL;
}

/* What is before the mark is ours, or we had not received it: its kind. */
static enum mailbox_kind
kind_of(const char *channel, const char *mark)
{
	size_t n = (size_t)(mark - channel) + 1;

	return strncmp(channel, mailbox_prefix[MAILBOX_HTTP], n) == 0
	    ? MAILBOX_HTTP : MAILBOX_WEBSOCKET;
}

struct mailbox *
mailbox_find(const char *channel)
{
	const char *mark = strchr(channel, '!');
	struct table *table;
	struct mailbox *box;
	unsigned long slot;

	if (!mark)
		return NULL;
	table = &tables[kind_of(channel, mark)];
	slot = strtoul(mark + 1, NULL, 10);
	box = slot < table->n_slots ? table->slots[slot] : NULL;
	return box && strcmp(box->local, mark + 1) == 0 ? box : NULL;
}

size_t
mailbox_count(enum mailbox_kind kind)
{
	return tables[kind].n;
}

void
mailbox_each(enum mailbox_kind kind, void (*each)(struct mailbox *box))
{
	struct table *table = &tables[kind];
	uint32_t i;

	for (i = 0; i < table->n_slots; i++)
		if (table->slots[i])
			each(table->slots[i]);
}

void
mailbox_joined(struct mailbox *box, const char *group)
{
	char **more = realloc(box->groups,
	    (box->n_groups + 1) * sizeof(*box->groups));

	if (!more)
		say_memory();
	box->groups = more;
	more[box->n_groups] = strdup(group);
	if (!more[box->n_groups++])
		say_memory();
}

void
mailbox_left(struct mailbox *box, const char *group)
{
	size_t i;

	for (i = 0; i < box->n_groups; i++)
		if (strcmp(box->groups[i], group) == 0) {
			free(box->groups[i]);
			box->groups[i] = box->groups[--box->n_groups];
			return;
		}
}
