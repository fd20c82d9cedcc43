/* A Feistel network over the smallest even number of bits that holds the count is a permutation of that many numbers,
 * whatever its rounds mix in; what falls at or behind the count goes through it again until it falls before. */
#include "data/shuffle.h"

#include "base/random.h"

enum { ROUNDS = 8 };

static uint64_t permute(uint64_t seed, uint64_t stream, int half, uint64_t value)
{
    uint64_t mask = (UINT64_C(1) << half) - 1, left = value >> half, right = value & mask;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint32_t words[4];
        te_random_words(seed, stream, i << 32 | right, words);
        uint64_t mixed = left ^ (words[0] & mask);
        left = right;
        right = mixed;
    }
    return left << half | right;
}

uint64_t te_shuffle(uint64_t seed, uint32_t kind, uint64_t round, uint64_t count, uint64_t at)
{
    int half = 1;
    while (half < 32 && count > UINT64_C(1) << 2 * half) {
        half++;
    }
    uint64_t marked = seed ^ 0x73687566666c65ull ^ (uint64_t)kind << 56; /* apart from other uses of the seed */
    do {
        at = permute(marked, round, half, at);
    } while (at >= count);
    return at;
}
