/*
 * clock.h - the clocks, and which boot this is.
 *
 * CLOCK_BOOTTIME counts on while the machine sleeps and is never set; it
 * starts anew with every boot, which ch_boot tells apart.
 */
#ifndef CH_BASE_CLOCK_H
#define CH_BASE_CLOCK_H

#include <stdint.h>

/* CLOCK_REALTIME in ms since the epoch. */
int64_t ch_clock_real(void);

/* A number for this boot (from the kernel's boot_id), never 0. */
uint64_t ch_clock_boot(void);

/* Tests replace the file it is read from; call before the first use. */
extern const char *ch_clock_boot_file;

#endif
