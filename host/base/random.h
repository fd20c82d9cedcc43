/* Counter-based random numbers (Philox 4x32-10): the value depends on (seed, stream, index) alone, so that every
 * device, thread and split of the work draws the same numbers. */
#ifndef TE_BASE_RANDOM_H
#define TE_BASE_RANDOM_H

#include <stdint.h>

/* Four independent 32-bit words for counter (stream, index) under `seed`. */
void te_random_words(uint64_t seed, uint64_t stream, uint64_t index, uint32_t words[4]);

/* Uniform in [0,1), 24 bits. */
float te_random_uniform(uint64_t seed, uint64_t stream, uint64_t index);

/* Normal(0, 1) cut to [-2, 2], by inverse transform: its deviation is 0.87963. */
float te_random_truncated_normal(uint64_t seed, uint64_t stream, uint64_t index);

#endif
