/* Who a request or a WebSocket is of. */
#include "chserve/who.h"

#include "common/say.h"

#include <stdlib.h>
#include <string.h>

void
who_name(struct who *who, const char *user)
{
	char *copy = user ? strdup(user) : NULL;

	if (user && !copy)
		say_memory();
	free(who->user);
	who->user = copy;
}

void
who_become(struct who *who, const struct who *as)
{
	memcpy(who->session, as->session, sizeof(who->session));
	who->used = as->used;
	who_name(who, as->user);
}

void
who_forget(struct who *who)
{
	free(who->user);
	memset(who, 0, sizeof(*who));
}
