/* The 16-bit floats of weight files: IEEE half (F16) and bfloat16 (BF16). To 16 bits: rounded to nearest, ties to
 * even; what is too large becomes infinity, NaN stays NaN. To float: exact. */
#ifndef TE_BASE_HALF_H
#define TE_BASE_HALF_H

#include <stdint.h>

uint16_t te_half_from_float(float value);
float te_half_to_float(uint16_t half);

uint16_t te_bf16_from_float(float value);
float te_bf16_to_float(uint16_t bf16);

#endif
