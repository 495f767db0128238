/* id.c - random names from the kernel. */
#include "base/id.h"

#include <stdlib.h>
#include <sys/random.h>

void
ch_id_random(char *text, size_t n)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char bytes[64];
	size_t i = 0, have = 0, used = 0;

	while (i < n) {
		if (used == have) {
			/* never short or interrupted at 256 bytes or less */
			if (getrandom(bytes, sizeof(bytes), 0) < 0)
				abort();
			have = sizeof(bytes);
			used = 0;
		}
		/* 248 = 4 * 62: the rest would favour some letters */
		if (bytes[used] < 248)
			text[i++] = letters[bytes[used] % 62];
		used++;
	}
	text[n] = '\0';
}
