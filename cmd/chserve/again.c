/* When something that ended by itself is started again. */
#include "chserve/again.h"

#include "common/say.h"

#include <string.h>
#include <sys/wait.h>

#define LONGEST_MS 30000
#define GOOD_RUN_MS 10000 /* after a run so long it is worth trying at once */

void
again_started(struct again *again)
{
	again->started = ch_clock();
}

int64_t
again_after(struct again *again, const char *who, int status)
{
	int64_t ms = again->next;

	if (ms < again->first || ch_clock() - again->started >= GOOD_RUN_MS)
		ms = again->first;
	again->next = ms * 2 < LONGEST_MS ? ms * 2 : LONGEST_MS;
	if (WIFSIGNALED(status))
		say_error("%s was killed by signal %d (%s); starting it again "
		    "in %.1f s", who, WTERMSIG(status),
		    strsignal(WTERMSIG(status)), (double)ms / 1000);
	else
		say_error("%s ended with status %d; starting it again in "
		    "%.1f s", who, WEXITSTATUS(status), (double)ms / 1000);
	return ms;
}
