/* A seeded order of 0, ..., count - 1 that is known at any place without the places before it. */
#ifndef TE_DATA_SHUFFLE_H
#define TE_DATA_SHUFFLE_H

#include <stdint.h>

/* Place `at` of round `round`: a permutation of 0 to count - 1, another one each round. `kind` tells several orders of
 * one seed apart. */
uint64_t te_shuffle(uint64_t seed, uint32_t kind, uint64_t round, uint64_t count, uint64_t at);

#endif
