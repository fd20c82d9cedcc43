/* Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The
 * counter is (index, stream), the key is the seed. Only integer arithmetic and the four basic operations of double
 * are used, so every host draws the same numbers. */
#include "base/random.h"

enum { ROUNDS = 10 };

static const uint32_t multiplier_0 = 0xD2511F53u, multiplier_1 = 0xCD9E8D57u;
static const uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u;

void te_random_words(uint64_t seed, uint64_t stream, uint64_t index, uint32_t words[4])
{
    uint32_t key_0 = (uint32_t)seed, key_1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t product_0 = (uint64_t)multiplier_0 * c0, product_1 = (uint64_t)multiplier_1 * c2;
        c0 = (uint32_t)(product_1 >> 32) ^ c1 ^ key_0;
        c1 = (uint32_t)product_1;
        c2 = (uint32_t)(product_0 >> 32) ^ c3 ^ key_1;
        c3 = (uint32_t)product_0;
        key_0 += weyl_0;
        key_1 += weyl_1;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

float te_random_uniform(uint64_t seed, uint64_t stream, uint64_t index)
{
    uint32_t words[4];
    te_random_words(seed, stream, index, words);
    return (float)(words[0] >> 8) * 0x1p-24f;
}

/* The x with Phi(x) = 0.5 + q, for |q| <= Phi(2) - 0.5: an odd function, so q times a rational function of q*q. The
 * coefficients are a least-squares fit, reweighted towards equal peaks, at 4000 Chebyshev points of that range; the
 * largest error is 1.1e-8. */
static double normal_quantile(double q)
{
    double r = q * q;
    double above = (((96.0062121052406 * r - 179.7326319204933) * r + 110.5900062784532) * r
                    - 27.93497110796696) * r + 2.5066280066074094;
    double below = ((((-12.246218190056451 * r + 82.23559655985632) * r - 107.04735995534014) * r
                     + 54.583745637944475) * r - 12.191652440633405) * r + 1.0;
    return q * above / below;
}

float te_random_truncated_normal(uint64_t seed, uint64_t stream, uint64_t index)
{
    const double mass_within_2 = 0.95449973610364159; /* Phi(2) - Phi(-2) */
    uint32_t words[4];
    te_random_words(seed, stream, index, words);
    double uniform = ((double)words[0] + 0.5) * 0x1p-32; /* never 0 or 1, and as likely u as 1 - u */
    double x = normal_quantile((uniform - 0.5) * mass_within_2);
    return x < -2.0 ? -2.0f : x > 2.0 ? 2.0f : (float)x;
}
