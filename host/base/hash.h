/* A hash for file names and look-ups; not for security. */
#ifndef TE_BASE_HASH_H
#define TE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define TE_HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a, 64 bits, continued from `hash` (TE_HASH_START at first). */
uint64_t te_hash(uint64_t hash, const void *data, size_t bytes);

#endif
