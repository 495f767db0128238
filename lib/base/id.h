/* id.h - random names from the kernel. */
#ifndef CH_BASE_ID_H
#define CH_BASE_ID_H

#include <stddef.h>

/*
 * Write n random characters of [A-Za-z0-9] and a NUL into text[n + 1]; each is
 * worth 5.95 bits, so 17 make 101 bits.
 */
void ch_id_random(char *text, size_t n);

#define CH_ID_UNIQUE 17 /* characters for at least 96 random bits */

#endif
