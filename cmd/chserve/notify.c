/* notify.c - what the service manager hears of this server as it goes. */
#include "chserve/notify.h"

#include "chserve/loop.h"
#include "common/manager.h"

static void alive(struct due *due);

static struct due_queue signs = { .expired = alive };
static struct due next_sign;

void
notify_reloading(int number)
{
	(void)number;
	manager_reloading();
}

void
notify_reloaded(int number)
{
	(void)number;
	manager_reloaded();
}

static void
alive(struct due *due)
{
	manager_alive();
	due_set(&signs, due, manager_interval());
}

void
notify_watchdog(void)
{
	if (manager_interval() > 0)
		alive(&next_sign);
}

void
notify_end(void)
{
	due_clear(&next_sign);
	manager_close();
}
