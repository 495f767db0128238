/* hash.c - a fast 64-bit hash: eight bytes a step, multiply and fold. */
#include "base/hash.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
ch_hash(const void *bytes, size_t n, uint64_t seed)
{
	const uint64_t k0 = 0x9e3779b97f4a7c15u, k1 = 0xd1b54a32d192ed03u;
	const unsigned char *p = bytes;
	uint64_t h = seed ^ fold(n ^ k0, k1), a = 0, b = 0;

	while (n >= 16) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		h = fold(a ^ h ^ k0, b ^ k1);
		p += 16;
		n -= 16;
	}
	a = b = 0;
	if (n >= 8) {
		memcpy(&a, p, 8);
		p += 8;
		n -= 8;
	}
	memcpy(&b, p, n);
	h = fold(a ^ h ^ k1, b ^ (uint64_t)n ^ k0);
	return fold(h ^ k0, k1);
}
