#include "base/half.h"

/* float: 1 sign, 8 exponent (bias 127), 23 fraction bits; half: 1, 5 (bias 15), 10; bfloat16: a float's upper
 * half. */

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* `value` >> `shift` (1 to 24), rounded to nearest, ties to even. */
static uint32_t shift_rounded(uint32_t value, uint32_t shift)
{
    uint32_t kept = value >> shift, rest = value & ((1u << shift) - 1), middle = 1u << (shift - 1);
    return kept + (rest > middle || (rest == middle && (kept & 1u)) ? 1u : 0u);
}

uint16_t te_half_from_float(float value)
{
    uint32_t bits = bits_of(value);
    uint32_t sign = bits >> 16 & 0x8000u, exponent = bits >> 23 & 0xFFu, fraction = bits & 0x7FFFFFu;
    uint32_t half;
    if (exponent == 255 && fraction != 0) {
        half = 0x7C00u | fraction >> 13;
        half |= half == 0x7C00u ? 0x200u : 0u; /* a NaN whose payload is cut off must not become infinity */
    } else if (exponent >= 127 + 16) {
        half = 0x7C00u; /* 2^16 and above */
    } else if (exponent > 127 - 15) {
        half = shift_rounded((exponent - (127 - 15)) << 23 | fraction, 13); /* a carry rightly goes up */
    } else if (exponent >= 127 - 25) {
        half = shift_rounded(fraction | 0x800000u, 126 - exponent); /* subnormal: units of 2^-24 */
    } else {
        half = 0; /* below 2^-25, half of the smallest subnormal */
    }
    return (uint16_t)(sign | half);
}

uint16_t te_bf16_from_float(float value)
{
    uint32_t bits = bits_of(value);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
        uint32_t upper = bits >> 16;
        return (uint16_t)((upper & 0x7Fu) == 0 ? upper | 0x40u : upper);
    }
    return (uint16_t)shift_rounded(bits, 16);
}
