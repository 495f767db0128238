/* What happens often is said once a minute. */
#include "chserve/seldom.h"

#include "common/say.h"
#include "tap.h"

#include <fcntl.h>
#include <unistd.h>

static int said; /* what goes to standard error can be read here */

/* What was said since the last time. */
static const char *
heard(void)
{
	static char text[1024];
	ssize_t n = read(said, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The minute is over. */
static void
pass(struct seldom *seldom)
{
	struct due_queue *queue = seldom->due.queue;

	due_clear(&seldom->due);
	queue->expired(&seldom->due);
}

int
main(void)
{
	static struct seldom seldom = { .what = "things" };
	int fds[2];

	loop_open(NULL);
	if (pipe2(fds, O_NONBLOCK) || dup2(fds[1], 2) < 0)
		return 1;
	said = fds[0];
	seldom_say(&seldom, "%d things", 1);
	is_str(heard(), "chutils: 1 things\n", "the first time it is said");
	seldom_say(&seldom, "%d things", 2);
	seldom_say(&seldom, "%d things", 3);
	is_str(heard(), "", "then it is not");
	pass(&seldom);
	is_str(heard(), "chutils: things: 2 more\n", "but how often it was");
	seldom_say(&seldom, "%d things", 4);
	is_str(heard(), "", "and so the next minute");
	pass(&seldom);
	is_str(heard(), "chutils: things: 1 more\n", "has its sentence");
	pass(&seldom);
	is_str(heard(), "", "one without has none");
	seldom_say(&seldom, "%d things", 5);
	is_str(heard(), "chutils: 5 things\n", "and then it is said anew");
	loop_close();
	return done_testing();
}
