/* Turns among the processes that accept from one socket. */
#include "chserve/share.h"

#include "base/err.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#define LEAD 2 /* as far as one may be ahead of the last */

static uint64_t *taken; /* by each process, in memory of all */
static size_t jobs, self;

int
share_open(size_t n, struct ch_err *err)
{
	void *map = mmap(NULL, n * sizeof(*taken), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return ch_err_os(err, errno, "share memory");
	taken = map;
	jobs = n;
	return CH_OK;
}

void
share_join(size_t job)
{
	self = job;
}

int
share_is_shared(void)
{
	return jobs > 1;
}

static uint64_t
taken_by(size_t job)
{
	return __atomic_load_n(&taken[job], __ATOMIC_RELAXED);
}

int
share_may_take(void)
{
	uint64_t mine;
	size_t i;

	if (!share_is_shared())
		return 1;
	mine = taken_by(self);
	for (i = 0; i < jobs; i++)
		if (taken_by(i) + LEAD < mine)
			return 0;
	return 1;
}

void
share_took(int late)
{
	uint64_t mine;
	size_t i;

	if (!share_is_shared())
		return;
	mine = __atomic_add_fetch(&taken[self], 1, __ATOMIC_RELAXED);
	for (i = 0; late && i < jobs; i++)
		if (taken_by(i) + LEAD < mine)
			__atomic_store_n(&taken[i], mine - LEAD,
			    __ATOMIC_RELAXED);
}
