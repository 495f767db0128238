/*
 * hash.h - a fast 64-bit hash of bytes, for checksums and tables.
 *
 * It finds damage and spreads keys; it keeps no secrets. The value is part of
 * the store's format (version 1): it must not change.
 */
#ifndef CH_BASE_HASH_H
#define CH_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t ch_hash(const void *bytes, size_t n, uint64_t seed);

#endif
