/* Who is here: a table of slots, so that a name leads to its client. */
#include "chserve/clients.h"

#include "common/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char clients_prefix[CH_NAME_MAX + 1];

static struct client **slots;
static uint32_t *free_slots; /* a stack: n_slots - n_clients of them */
static uint32_t n_slots, n_clients;
static uint64_t serial; /* makes every name a new one */

static void
grow(void)
{
	uint32_t n = n_slots ? n_slots * 2 : 64, i;
	struct client **more = realloc(slots, n * sizeof(*slots));
	uint32_t *free_more = realloc(free_slots, n * sizeof(*free_slots));

	if (!more || !free_more)
		say_memory();
	slots = more;
	free_slots = free_more;
	for (i = n_slots; i < n; i++) {
		slots[i] = NULL;
		free_slots[n - 1 - i] = i;
	}
	n_slots = n;
}

struct client *
clients_new(const char *path)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		say_memory();
	if (n_clients == n_slots)
		grow();
	client->slot = free_slots[n_slots - ++n_clients];
	slots[client->slot] = client;
	client->path = strdup(path);
	if (!client->path ||
	    asprintf(&client->reply_channel, "%s%u-%llu", clients_prefix,
		client->slot, (unsigned long long)++serial) < 0)
		say_memory();
	client->local = strchr(client->reply_channel, '!') + 1;
	return client;
}

void
clients_free(struct client *client)
{
	size_t i;

	slots[client->slot] = NULL;
	free_slots[n_slots - n_clients--] = client->slot;
	due_clear(&client->keep);
	due_clear(&client->retry);
	while (client->queue_n)
		frame_put(client_next(client));
	free(client->queue);
	for (i = 0; i < client->n_groups; i++)
		free(client->groups[i]);
	free(client->groups);
	ch_buf_release(&client->message);
	free(client->reply_channel);
	free(client->path);
	free(client);
}

struct client *
clients_find(const char *channel)
{
	const char *mark = strchr(channel, '!');
	unsigned long slot;
	struct client *client;

	if (!mark)
		return NULL;
	slot = strtoul(mark + 1, NULL, 10);
	client = slot < n_slots ? slots[slot] : NULL;
	/* What is before the mark is ours, or we had not received it. */
	return client && strcmp(client->local, mark + 1) == 0 ? client : NULL;
}

size_t
clients_count(void)
{
	return n_clients;
}

void
clients_each(void (*each)(struct client *client))
{
	uint32_t i;

	for (i = 0; i < n_slots; i++)
		if (slots[i])
			each(slots[i]);
}
