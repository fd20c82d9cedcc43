/* The random decisions about a training sample: each is a function of (seed, sample, decision), so that none depends on
 * how many others were made. */
#ifndef TE_DATA_DECIDE_H
#define TE_DATA_DECIDE_H

#include "base/random.h"

typedef enum te_decision {
    TE_DECIDE_SCALE,
    TE_DECIDE_FLIP,
    TE_DECIDE_BRIGHTNESS,    /* whether; the next number: how much */
    TE_DECIDE_BRIGHTNESS_BY,
    TE_DECIDE_CONTRAST,
    TE_DECIDE_CONTRAST_BY,
    TE_DECIDE_CONTRAST_LAST,
    TE_DECIDE_SATURATION,
    TE_DECIDE_SATURATION_BY,
    TE_DECIDE_HUE,
    TE_DECIDE_HUE_BY,
    TE_DECIDE_CROP = 16      /* two numbers a try: top, left */
} te_decision;

/* Uniform in [0,1), of 24 bits. The seed is marked, so that weights drawn from the same seed have other numbers. */
static inline double te_decide(uint64_t seed, uint64_t sample, int decision)
{
    return (double)te_random_uniform(seed ^ 0x6175676d656e74ull, sample, (uint64_t)decision);
}

static inline int te_decide_chance(uint64_t seed, uint64_t sample, int decision)
{
    return te_decide(seed, sample, decision) < 0.5;
}

static inline double te_decide_real(uint64_t seed, uint64_t sample, int decision, double low, double high)
{
    return low + (high - low) * te_decide(seed, sample, decision);
}

/* Uniform in 0, ..., most. */
static inline int te_decide_int(uint64_t seed, uint64_t sample, int decision, int most)
{
    return (int)(te_decide(seed, sample, decision) * (most + 1.0));
}

#endif
