/* clock.c - the clocks, and which boot this is. */
#include "base/clock.h"

#include "base/hash.h"
#include "base/io.h"
#include "channel.h"

#include <fcntl.h>
#include <time.h>

const char *ch_clock_boot_file = "/proc/sys/kernel/random/boot_id";

static int64_t
now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
ch_clock(void)
{
	int64_t ms = now(CLOCK_BOOTTIME);

	return ms ? ms : 1;
}

int64_t
ch_clock_real(void)
{
	return now(CLOCK_REALTIME);
}

uint64_t
ch_clock_boot(void)
{
	char id[64];
	uint64_t boot;
	ssize_t n;
	int fd;

	fd = open(ch_clock_boot_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 1;
	n = ch_io_read(fd, id, sizeof(id));
	ch_io_close(&fd);
	if (n <= 0)
		return 1;
	boot = ch_hash(id, (size_t)n, 0);
	return boot ? boot : 1;
}
