/* The 16-bit floats of weight files: IEEE half (F16) and bfloat16 (BF16). To 16 bits: rounded to nearest, ties to
 * even; what is too large becomes infinity, NaN stays NaN. To float: exact. */
#ifndef TE_BASE_HALF_H
#define TE_BASE_HALF_H

#include <stdint.h>
#include <string.h>

uint16_t te_half_from_float(float value);
uint16_t te_bf16_from_float(float value);

/* To float without calls and branches, so that loops over it become vector code: a weight file is read as fast as it is
 * copied. */

static inline float te_float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float te_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, rest = (uint32_t)(half & 0x7FFFu) << 13;
    uint32_t above = rest >= 31u << 23 ? 128u - 16u : 0u; /* infinity and NaN keep an exponent of all ones */
    uint32_t small, normal = rest + ((127u - 15u + above) << 23);
    float fraction = te_float_of_bits(rest + (113u << 23)) - 0x1p-14f; /* of a subnormal half: exact */
    memcpy(&small, &fraction, sizeof small);
    return te_float_of_bits(sign | (rest < 1u << 23 ? small : normal));
}

static inline float te_bf16_to_float(uint16_t bf16)
{
    return te_float_of_bits((uint32_t)bf16 << 16);
}

#endif
