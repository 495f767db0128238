/* attempts.c - how often somebody may try a name's password. */
#include "chsession/attempts.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define WAYS 8     /* places that a name may have */
#define SETS 512   /* of so many */
#define PATIENCE_MS 5000

struct slot {
	uint64_t name; /* its hash, 0: free */
	uint64_t failures;
	int64_t last; /* ms since the epoch */
};

/* The file begins with the seed of the hash, which nobody outside knows. */
struct table {
	int fd;
	off_t at; /* of the set */
	uint64_t name;
	struct slot set[WAYS];
};

static int
failed(struct ch_err *err)
{
	return ch_err_os(err, errno ? errno : EIO, "counting logins");
}

/* A new file is given its seed; under the lock. */
static int
read_seed(int fd, uint64_t *seed)
{
	ssize_t n = pread(fd, seed, sizeof(*seed), 0);

	if (n == sizeof(*seed) && *seed)
		return 0;
	if (n < 0 || getrandom(seed, sizeof(*seed), 0) != sizeof(*seed))
		return -1;
	*seed |= 1;
	return pwrite(fd, seed, sizeof(*seed), 0) == sizeof(*seed) ? 0 : -1;
}

static int
open_table(struct table *table, const char *state, const char *name,
    struct ch_err *err)
{
	char path[PATH_MAX];
	uint64_t seed;
	int rc;

	memset(table, 0, sizeof(*table));
	snprintf(path, sizeof(path), "%s/logins", state);
	table->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (table->fd < 0)
		return ch_err_os(err, errno, "%s", path);
	rc = ch_lock_take(table->fd, ch_clock() + PATIENCE_MS, path, err);
	if (rc != CH_OK)
		return rc;
	errno = 0;
	if (read_seed(table->fd, &seed))
		return failed(err);
	table->name = ch_hash(name, strlen(name), seed) | 1;
	table->at = (off_t)(sizeof(seed) +
	    (table->name >> 1) % SETS * sizeof(table->set));
	/* beyond its end there is nothing yet */
	if (pread(table->fd, table->set, sizeof(table->set), table->at) < 0)
		return failed(err);
	return CH_OK;
}

/* The name's slot; else the one that is missed least, made its own. */
static struct slot *
find_slot(struct table *table, int64_t now)
{
	struct slot *slot, *least = table->set;

	for (slot = table->set; slot < table->set + WAYS; slot++) {
		if (slot->last + ATTEMPTS_MS <= now)
			slot->failures = 0; /* long ago */
		if (slot->name == table->name)
			return slot;
		if (slot->failures < least->failures)
			least = slot;
	}
	*least = (struct slot){ .name = table->name, .last = now };
	return least;
}

static int
close_table(struct table *table, int rc, struct ch_err *err)
{
	errno = 0;
	if (rc == CH_OK && pwrite(table->fd, table->set, sizeof(table->set),
		table->at) != (ssize_t)sizeof(table->set))
		rc = failed(err);
	ch_io_close(&table->fd);
	return rc;
}

int
attempts_take(const char *state, const char *name, struct ch_err *err)
{
	int64_t now = ch_clock_real();
	struct table table;
	struct slot *slot;
	int rc = open_table(&table, state, name, err);

	if (rc == CH_OK) {
		slot = find_slot(&table, now);
		if (slot->failures >= ATTEMPTS_MAX) {
			rc = ch_err_set(err, CH_DENIED, "too many attempts; "
			    "the next one in %" PRId64 " s",
			    (slot->last + ATTEMPTS_MS - now + 999) / 1000);
		} else {
			slot->failures++;
			slot->last = now;
		}
	}
	return close_table(&table, rc, err);
}

int
attempts_forget(const char *state, const char *name, struct ch_err *err)
{
	struct table table;
	int rc = open_table(&table, state, name, err);

	if (rc == CH_OK)
		find_slot(&table, ch_clock_real())->failures = 0;
	return close_table(&table, rc, err);
}
