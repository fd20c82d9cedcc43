/* linear with operands in bf16 on x86-64 processors with AVX512-BF16. */
#include "bf16_dot.clh"
#include "linear_bf16.clh"
