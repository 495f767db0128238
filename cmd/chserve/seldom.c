/* What may happen a thousand times a second, said once a minute. */
#include "chserve/seldom.h"

#include "common/say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define MINUTE_MS 60000

static void minute_over(struct due *due);

static struct due_queue minutes = { .expired = minute_over };

static void
minute_over(struct due *due)
{
	struct seldom *seldom = (struct seldom *)(void *)((char *)due -
	    offsetof(struct seldom, due));

	if (!seldom->more)
		return;
	say_note("%s: %" PRIu64 " more", seldom->what, seldom->more);
	seldom->more = 0;
	due_set(&minutes, due, MINUTE_MS);
}

void
seldom_say(struct seldom *seldom, const char *format, ...)
{
	char text[256];
	va_list ap;

	if (seldom->due.queue) {
		seldom->more++;
		return;
	}
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	say_note("%s", text);
	due_set(&minutes, &seldom->due, MINUTE_MS);
}
