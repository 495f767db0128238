/* WebSocket clients come and go. */
#include "chserve/clients.h"

#include "chserve/caps.h"

#include "common/say.h"

#include <stdlib.h>
#include <string.h>

struct client *
clients_new(const char *path)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		say_memory();
	mailbox_open(&client->box, MAILBOX_WEBSOCKET);
	client->share.cut = client_weighs_much;
	client->path = strdup(path);
	if (!client->path)
		say_memory();
	return client;
}

void
clients_free(struct client *client)
{
	mailbox_close(&client->box);
	due_clear(&client->keep);
	due_clear(&client->retry);
	due_clear(&client->rest);
	due_clear(&client->gather);
	due_clear(&client->life);
	client_forget(client);
	free(client->queue);
	ch_buf_release(&client->message);
	offer_release(&client->offer);
	caps_leave(client->seat);
	budget_set(&client->share, 0, 0);
	free(client->path);
	who_forget(&client->who);
	free(client);
}

static void (*visit)(struct client *client);

static void
visit_box(struct mailbox *box)
{
	visit((struct client *)box);
}

void
clients_each(void (*each)(struct client *client))
{
	visit = each;
	mailbox_each(MAILBOX_WEBSOCKET, visit_box);
}
